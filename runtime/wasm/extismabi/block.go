package extismabi

import (
	"encoding/binary"
	"errors"
)

// A block is a header and its data. The header lies in the memory, where a plugin
// can overwrite it: that harms nobody but the plugin, for nothing here trusts it.
const (
	headerSize = 12 // state (one byte, three unused), size, used
	sizeAt     = 4  // what the block can hold
	usedAt     = 8  // what was asked for
)

// The states of a block; zero was never used.
const (
	active = 1
	freed  = 2
)

// spare is how much must be left of a block that is used again for the rest to
// become a block as well.
const spare = 128

var (
	errDamaged = errors.New("the plugin has overwritten the headers of the kernel's blocks")
	errOutside = errors.New("the offset is outside the kernel's memory")
)

// Alloc makes a block and returns its offset, which is its handle. Zero means that
// there is no memory left, and is what zero bytes get.
func (k *Kernel) Alloc(n uint64) (uint64, error) {
	if n == 0 {
		return 0, nil
	}
	need := n + headerSize
	if n >= maxMemory || need >= maxMemory {
		k.denied = true
		return 0, nil
	}
	if free := k.length - k.position - reserved; need >= free {
		if at, err := k.reuse(uint32(n)); at != 0 || err != nil {
			return at, err
		}
		if !k.grow(need-free, need) {
			return 0, nil
		}
	}
	at := root + k.position
	if k.touch(at+need) != nil {
		return 0, nil
	}
	k.position += need
	k.setHeader(at, active, uint32(n), uint32(n))
	return at + headerSize, nil
}

// grow adds whole pages for the missing bytes, as far as the limit reaches.
func (k *Kernel) grow(missing, need uint64) bool {
	more := (missing + pageSize - 1) / pageSize * pageSize
	if k.size+more > maxMemory || int64(root+k.position+need)+k.varBytes > k.limit {
		k.denied = true
		return false
	}
	k.size += more
	k.length += more
	return true
}

// reuse looks for a block that was freed and is large enough.
func (k *Kernel) reuse(n uint32) (uint64, error) {
	end := root + k.position
	if k.position == 0 || uint64(n)+headerSize > k.position {
		return 0, nil
	}
	for at := uint64(root); ; {
		k.work++
		state, size := k.header(at)
		if state == 0 || state == freed && size >= n {
			return k.occupy(at, state, size, n)
		}
		next := uint64(uint32(at) + size + headerSize)
		if next >= end {
			return 0, nil
		}
		if next <= at {
			return 0, errDamaged
		}
		at = next
	}
}

// occupy takes a block into use, or its end when it is much too large.
func (k *Kernel) occupy(at uint64, state byte, size, n uint32) (uint64, error) {
	if rest := size - n; state == freed && rest >= spare {
		last := at + uint64(rest)
		if err := k.reach(last, headerSize); err != nil {
			return 0, err
		}
		k.setHeader(at, freed, rest-headerSize, 0)
		at, size = last, n
	}
	if err := k.reach(at, headerSize); err != nil {
		return 0, err
	}
	k.setHeader(at, active, size, n)
	return at + headerSize, nil
}

// Free gives a block back. What is no block is left alone.
func (k *Kernel) Free(offset uint64) error {
	at, err := k.find(offset)
	if at == 0 || err != nil {
		return err
	}
	k.mem[at] = freed
	if k.input.offset == offset {
		k.input.length = 0
	}
	return nil
}

// Length is how many bytes were asked for the block at an offset; zero when no
// block begins there.
func (k *Kernel) Length(offset uint64) (uint64, error) {
	at, err := k.find(offset)
	if at == 0 || err != nil {
		return 0, err
	}
	return uint64(k.u32(at + usedAt)), nil
}

// LengthUnsafe is Length for offsets that are handles: it looks at what lies before
// the offset and takes it for a header.
func (k *Kernel) LengthUnsafe(offset uint64) uint64 {
	if offset < root+headerSize || offset > k.size || k.u8(offset-headerSize) != active {
		return 0
	}
	return uint64(k.u32(offset - headerSize + usedAt))
}

// find returns the header of the block in use whose data is at an offset, or zero.
// It walks over all blocks before it: an offset into a block is no handle.
func (k *Kernel) find(offset uint64) (uint64, error) {
	if offset < reserved || offset > k.size {
		return 0, nil
	}
	for at := uint64(root); ; {
		k.work++
		if at+usedAt > k.size {
			return 0, errOutside
		}
		state, size := k.header(at)
		if state == active && at+headerSize == offset {
			return at, nil
		}
		next := uint64(uint32(at) + headerSize + size)
		if next >= offset+root {
			return 0, nil
		}
		if next <= at {
			return 0, errDamaged
		}
		at = next
	}
}

func (k *Kernel) header(at uint64) (state byte, size uint32) {
	if at+headerSize <= uint64(len(k.mem)) { // nearly always
		return k.mem[at], binary.LittleEndian.Uint32(k.mem[at+sizeAt:])
	}
	return k.u8(at), k.u32(at + sizeAt)
}

// setHeader writes a header where the memory was touched already. The three unused
// bytes keep what they hold.
func (k *Kernel) setHeader(at uint64, state byte, size, used uint32) {
	k.mem[at] = state
	binary.LittleEndian.PutUint32(k.mem[at+sizeAt:], size)
	binary.LittleEndian.PutUint32(k.mem[at+usedAt:], used)
}

package extismabi

import (
	"encoding/binary"
	"fmt"
)

// LoadU8 reads a byte of the memory.
func (k *Kernel) LoadU8(offset uint64) (byte, error) {
	if err := k.inside(offset, 1); err != nil {
		return 0, err
	}
	return k.u8(offset), nil
}

// StoreU8 writes a byte of the memory.
func (k *Kernel) StoreU8(offset uint64, value byte) error {
	if err := k.reach(offset, 1); err != nil {
		return err
	}
	k.mem[offset] = value
	return nil
}

// LoadU64 reads eight bytes of the memory. Of the offset it takes the lower 32
// bits, as go-sdk does.
func (k *Kernel) LoadU64(offset uint64) (uint64, error) {
	at := uint64(uint32(offset))
	if err := k.inside(at, 8); err != nil {
		return 0, err
	}
	return k.u64(at), nil
}

// StoreU64 writes eight bytes of the memory. Of the offset it takes the lower 32
// bits, as go-sdk does.
func (k *Kernel) StoreU64(offset, value uint64) error {
	at := uint64(uint32(offset))
	if err := k.reach(at, 8); err != nil {
		return err
	}
	binary.LittleEndian.PutUint64(k.mem[at:], value)
	return nil
}

// Bytes returns what the block at an offset holds, without copying: empty when no
// block begins there. An offset outside the memory is an error. The bytes are good
// until the next call.
func (k *Kernel) Bytes(offset uint64) ([]byte, error) {
	n, err := k.Length(offset)
	if err != nil {
		return nil, err
	}
	at := uint64(uint32(offset))
	if at+n > k.size {
		return nil, outside(at, n)
	}
	if err := k.touch(at + n); n > 0 && err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, nil
	}
	k.work += int64(n / 16)
	return k.mem[at : at+n], nil
}

// Block is Bytes for a handle that must be one.
func (k *Kernel) Block(offset uint64) ([]byte, error) {
	b, err := k.Bytes(offset)
	if err == nil && len(b) == 0 {
		err = fmt.Errorf("no block of the kernel's memory begins at %d", offset)
	}
	return b, err
}

// Write puts bytes into a new block and returns its offset; no bytes are at zero.
func (k *Kernel) Write(b []byte) (uint64, error) {
	offset, err := k.Alloc(uint64(len(b)))
	if err != nil || len(b) == 0 {
		return 0, err
	}
	if offset == 0 {
		return 0, ErrMemory
	}
	if err := k.reach(offset, uint64(len(b))); err != nil {
		return 0, err
	}
	copy(k.mem[offset:], b)
	k.work += int64(len(b) / 16)
	return offset, nil
}

// inside tells whether a plugin may name these bytes.
func (k *Kernel) inside(at, n uint64) error {
	if at < root || at >= maxMemory || at+n > k.size {
		return outside(at, n)
	}
	return nil
}

// reach makes bytes that a plugin may name ready to be written.
func (k *Kernel) reach(at, n uint64) error {
	if err := k.inside(at, n); err != nil {
		return err
	}
	return k.touch(at + n)
}

func outside(at, n uint64) error {
	return fmt.Errorf("%w (%d bytes at %d)", errOutside, n, at)
}

// The readers below take any address: what was never touched reads as zero.

func (k *Kernel) u8(at uint64) byte {
	if at < uint64(len(k.mem)) {
		return k.mem[at]
	}
	return 0
}

func (k *Kernel) u32(at uint64) uint32 {
	var b [4]byte
	k.peek(b[:], at)
	return binary.LittleEndian.Uint32(b[:])
}

func (k *Kernel) u64(at uint64) uint64 {
	if at+8 <= uint64(len(k.mem)) { // nearly always
		return binary.LittleEndian.Uint64(k.mem[at:])
	}
	var b [8]byte
	k.peek(b[:], at)
	return binary.LittleEndian.Uint64(b[:])
}

func (k *Kernel) peek(b []byte, at uint64) {
	if at < uint64(len(k.mem)) {
		copy(b, k.mem[at:])
	}
}

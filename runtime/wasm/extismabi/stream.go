package extismabi

// Begin gives the plugin its input. It comes after whatever the plugin made while
// it started.
func (k *Kernel) Begin(input []byte) error {
	offset, err := k.Write(input)
	if err != nil {
		return err
	}
	k.input, k.firstInput = span{offset, uint64(len(input))}, offset
	return nil
}

// InputSet makes another part of the memory the input.
func (k *Kernel) InputSet(offset, n uint64) error { return k.set(&k.input, offset, n) }

// InputOffset is where the input is.
func (k *Kernel) InputOffset() uint64 { return k.input.offset }

// InputLength is how many bytes of input there are.
func (k *Kernel) InputLength() uint64 { return k.input.length }

// InputLoadU8 reads a byte of the input; zero after its end.
func (k *Kernel) InputLoadU8(offset uint64) byte {
	if offset >= k.input.length {
		return 0
	}
	return k.u8(uint64(uint32(k.input.offset + offset)))
}

// InputLoadU64 reads eight bytes of the input that the run began with. As in
// go-sdk the end of the input is no bound, the memory's is.
func (k *Kernel) InputLoadU64(offset uint64) (uint64, error) {
	return k.LoadU64(k.firstInput + offset)
}

// OutputSet makes a part of the memory the output.
func (k *Kernel) OutputSet(offset, n uint64) error { return k.set(&k.output, offset, n) }

// OutputOffset is where the output is.
func (k *Kernel) OutputOffset() uint64 { return k.output.offset }

// OutputLength is how many bytes of output there are.
func (k *Kernel) OutputLength() uint64 { return k.output.length }

// Output is what the plugin said, good until the next call.
func (k *Kernel) Output() []byte {
	from := min(k.output.offset, uint64(len(k.mem)))
	return k.mem[from:min(k.output.offset+k.output.length, uint64(len(k.mem)))]
}

// ErrorSet makes a block the error message; zero takes it back.
func (k *Kernel) ErrorSet(offset uint64) error {
	if offset != 0 && (offset < root || offset >= k.length+root) {
		return outside(offset, 0)
	}
	k.errorBlock = offset
	return nil
}

// ErrorGet is the block that holds the error message, or zero.
func (k *Kernel) ErrorGet() uint64 { return k.errorBlock }

// ErrorText is the error message; empty when there is none, or when what was set
// is no block.
func (k *Kernel) ErrorText() string {
	if k.errorBlock == 0 {
		return ""
	}
	b, err := k.Bytes(k.errorBlock)
	if err != nil {
		return ""
	}
	return string(b)
}

// set points a span at a part of the memory. No bytes at offset zero, which is what
// alloc gives for none, are nothing at all: like the reference, it leaves the span
// as it is.
func (k *Kernel) set(s *span, offset, n uint64) error {
	end := k.length + root
	if n == 0 {
		if offset > root && offset < end {
			*s = span{offset, 0}
		}
		return nil
	}
	if offset < root || offset >= end || n > end-offset {
		return outside(offset, n)
	}
	if err := k.touch(offset + n); err != nil {
		return err
	}
	*s = span{offset, n}
	return nil
}

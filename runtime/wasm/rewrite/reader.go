package rewrite

import (
	"errors"
	"fmt"
)

// reader walks over bytes. Its first error sticks: every later read gives zero,
// so callers check once per loop instead of once per byte.
type reader struct {
	data []byte
	pos  int
	err  error
}

var errTruncated = errors.New("the module is truncated")

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
		r.pos = len(r.data)
	}
}

func (r *reader) failf(format string, args ...any) { r.fail(fmt.Errorf(format, args...)) }

// ok reports whether nothing went wrong. Loops over a counted vector ask it, not
// more: an item that is missing must be an error.
func (r *reader) ok() bool { return r.err == nil }

// more reports whether there is something left to read.
func (r *reader) more() bool { return r.err == nil && r.pos < len(r.data) }

func (r *reader) byte() byte {
	if r.pos >= len(r.data) {
		r.fail(errTruncated)
		return 0
	}
	b := r.data[r.pos]
	r.pos++
	return b
}

func (r *reader) bytes(n uint32) []byte {
	if r.err != nil || uint64(n) > uint64(len(r.data)-r.pos) {
		r.fail(errTruncated)
		return nil
	}
	b := r.data[r.pos : r.pos+int(n)]
	r.pos += int(n)
	return b
}

// u32 reads an unsigned LEB128 number of at most 32 bits. Nearly all take one byte.
func (r *reader) u32() uint32 {
	if at := r.pos; at < len(r.data) && r.data[at] < 0x80 {
		r.pos++
		return uint32(r.data[at])
	}
	return r.longU32()
}

func (r *reader) longU32() uint32 {
	var v uint64
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if v > 0xffff_ffff {
				break
			}
			return uint32(v)
		}
	}
	r.failf("a number has more than 32 bits")
	return 0
}

// signed reads a signed LEB128 number of at most the given number of bytes.
func (r *reader) signed(maxBytes int) int64 {
	if at := r.pos; at < len(r.data) && r.data[at] < 0x80 {
		r.pos++
		return int64(int8(r.data[at]<<1) >> 1)
	}
	return r.longSigned(maxBytes)
}

func (r *reader) longSigned(maxBytes int) int64 {
	var v int64
	for i := range maxBytes {
		b := r.byte()
		v |= int64(b&0x7f) << (7 * i)
		if b < 0x80 {
			if shift := 7 * (i + 1); shift < 64 && b&0x40 != 0 {
				v |= -1 << shift
			}
			return v
		}
	}
	r.failf("a number has more than %d bytes", maxBytes)
	return 0
}

func (r *reader) name() string { return string(r.bytes(r.u32())) }

// count reads the length of a vector and refuses one over the limit.
func (r *reader) count(what string, limit int) int {
	n := r.u32()
	if uint64(n) > uint64(limit) {
		r.failf("the module has %d %s, the limit is %d", n, what, limit)
		return 0
	}
	return int(n)
}

// since returns the bytes from a position up to here.
func (r *reader) since(start int) []byte {
	if r.err != nil {
		return nil
	}
	return r.data[start:r.pos]
}

func putU32(b []byte, v uint32) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func putSigned(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

func putName(b []byte, s string) []byte { return append(putU32(b, uint32(len(s))), s...) }

func putBytes(b, v []byte) []byte { return append(putU32(b, uint32(len(v))), v...) }

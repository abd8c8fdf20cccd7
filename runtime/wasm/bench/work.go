package main

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"strconv"
)

// What guests/c/work.c must put out, computed here once more.

// xorshiftEnd is the state after a million steps.
func xorshiftEnd() string {
	x := uint64(88172645463325252)
	for range 1_000_000 {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return strconv.FormatUint(x, 10)
}

// sha256Word is the first word of the digest's state after 64 KiB of zeros. The
// guest leaves the padding out; a state of the standard library shows as much.
func sha256Word() string {
	return strconv.FormatUint(uint64(binary.BigEndian.Uint32(sha256State())), 10)
}

// sha256State is the state between blocks, as the standard library marshals it: a
// magic number of four bytes, then the words.
func sha256State() []byte {
	h := sha256.New()
	h.Write(make([]byte, 64<<10))
	state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		panic(err) // documented never to happen
	}
	return state[4:]
}

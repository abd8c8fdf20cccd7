//go:build wasip1

// The program is the action as an Extism plugin, written against Extism's public
// interface.
package main

import (
	"encoding/binary"

	"github.com/squall-dev/squall/runtime/wasm/bench/guests/go/action"
)

//go:wasmimport extism:host/env input_length
func inputLength() uint64

//go:wasmimport extism:host/env input_load_u64
func inputLoad64(at uint64) uint64

//go:wasmimport extism:host/env input_load_u8
func inputLoad8(at uint64) uint32

//go:wasmimport extism:host/env alloc
func alloc(length uint64) uint64

//go:wasmimport extism:host/env store_u64
func store64(at, value uint64)

//go:wasmimport extism:host/env store_u8
func store8(at uint64, value uint32)

//go:wasmimport extism:host/env output_set
func outputSet(at, length uint64)

//go:wasmimport extism:host/env error_set
func errorSet(at uint64)

//go:wasmimport extism:host/env log_info
func logInfo(at uint64)

//go:wasmexport run
func run() int32 {
	output, err := action.JSON(load(), func(line string) { logInfo(keep([]byte(line))) })
	if err != nil {
		errorSet(keep([]byte(err.Error())))
		return 1
	}
	outputSet(keep(output), uint64(len(output)))
	return 0
}

func load() []byte {
	b := make([]byte, inputLength())
	i := 0
	for ; i+8 <= len(b); i += 8 {
		binary.LittleEndian.PutUint64(b[i:], inputLoad64(uint64(i)))
	}
	for ; i < len(b); i++ {
		b[i] = byte(inputLoad8(uint64(i)))
	}
	return b
}

func keep(b []byte) uint64 {
	at, i := alloc(uint64(len(b))), 0
	for ; i+8 <= len(b); i += 8 {
		store64(at+uint64(i), binary.LittleEndian.Uint64(b[i:]))
	}
	for ; i < len(b); i++ {
		store8(at+uint64(i), uint32(b[i]))
	}
	return at
}

func main() {}

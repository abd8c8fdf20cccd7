// The plugin of visit.c in Go, against the ABI as it is.
package main

import (
	"encoding/json"
	"strconv"
)

//go:wasmimport extism:host/env alloc
func alloc(n uint64) uint64

//go:wasmimport extism:host/env length
func length(offset uint64) uint64

//go:wasmimport extism:host/env load_u8
func loadU8(offset uint64) uint32

//go:wasmimport extism:host/env store_u8
func storeU8(offset uint64, v uint32)

//go:wasmimport extism:host/env input_length
func inputLength() uint64

//go:wasmimport extism:host/env input_load_u8
func inputLoadU8(offset uint64) uint32

//go:wasmimport extism:host/env output_set
func outputSet(offset, n uint64)

//go:wasmimport extism:host/env error_set
func errorSet(offset uint64)

//go:wasmimport extism:host/env config_get
func configGet(name uint64) uint64

//go:wasmimport extism:host/env var_get
func varGet(name uint64) uint64

//go:wasmimport extism:host/env var_set
func varSet(name, value uint64)

//go:wasmimport extism:host/env log_info
func logInfo(message uint64)

//go:wasmimport extism:host/env log_warn
func logWarn(message uint64)

func block(s string) uint64 {
	at := alloc(uint64(len(s)))
	for i := range len(s) {
		storeU8(at+uint64(i), uint32(s[i]))
	}
	return at
}

func text(at uint64) string {
	b := make([]byte, length(at))
	for i := range b {
		b[i] = byte(loadU8(at + uint64(i)))
	}
	return string(b)
}

func count() int {
	n, _ := strconv.Atoi(text(varGet(block("visits"))))
	varSet(block("visits"), block(strconv.Itoa(n+1)))
	return n + 1
}

type answer struct {
	Greeting string `json:"greeting"`
	Name     string `json:"name"`
	Visits   int    `json:"visits"`
}

//go:wasmexport visit
func visit() int32 {
	name := make([]byte, inputLength())
	if len(name) == 0 {
		logWarn(block("nobody came"))
		errorSet(block("there is nobody to greet"))
		return 1
	}
	for i := range name {
		name[i] = byte(inputLoadU8(uint64(i)))
	}
	count()
	visits := count()
	logInfo(block("a visit"))
	out, _ := json.Marshal(answer{text(configGet(block("greeting"))), string(name), visits})
	outputSet(block(string(out)), uint64(len(out)))
	return 0
}

func main() {}

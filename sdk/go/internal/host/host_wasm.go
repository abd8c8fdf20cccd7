//go:build wasm

// Package host is the border of the sandbox: the raw imports, bytes in and bytes
// out. Natively a [Fake] stands in for the server.
package host

import "unsafe"

//go:wasmimport squall input_len
func inputLen() uint32

//go:wasmimport squall input_read
func inputRead(to unsafe.Pointer)

//go:wasmimport squall output_write
func outputWrite(from unsafe.Pointer, size uint32)

//go:wasmimport squall log
func log(level uint32, text unsafe.Pointer, size uint32)

//go:wasmimport squall host_call
func hostCall(name unsafe.Pointer, nameSize uint32, request unsafe.Pointer, size uint32) uint32

//go:wasmimport squall host_result
func hostResult(to unsafe.Pointer)

// Input returns the parameters, one JSON object.
func Input() []byte {
	b := make([]byte, inputLen())
	inputRead(start(b))
	return b
}

// Output appends to the output.
func Output(b []byte) { outputWrite(start(b), size(b)) }

// Log adds a line to the execution's log.
func Log(level uint32, text string) {
	log(level, unsafe.Pointer(unsafe.StringData(text)), uint32(len(text)))
}

// Call performs a host call by name and returns the envelope.
func Call(name string, request []byte) []byte {
	n := hostCall(unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)), start(request), size(request))
	return envelope(n)
}

// envelope fetches what the last host call answered. It must follow the call at
// once: the host keeps one envelope.
func envelope(n uint32) []byte {
	b := make([]byte, n)
	hostResult(start(b))
	return b
}

func start(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

func size(b []byte) uint32 { return uint32(len(b)) }

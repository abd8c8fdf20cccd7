//go:build !wasm

// Package host is the border of the sandbox: the raw imports, bytes in and bytes
// out. Natively a [Fake] stands in for the server.
package host

import "sync"

// Fake plays the server when an action runs natively, in a test.
type Fake interface {
	Input() []byte
	Output(b []byte)
	Log(level uint32, text string)
	// Call answers a host call with an envelope.
	Call(name string, request []byte) []byte
}

// A sandbox has one border, reached without a handle; so has its stand-in. turn
// lets tests that run in parallel take it one after the other.
var (
	turn   sync.Mutex
	server Fake
)

// Install makes f the server until the function it returns is called. It waits
// for its turn.
func Install(f Fake) (remove func()) {
	turn.Lock()
	server = f
	return func() {
		server = nil
		turn.Unlock()
	}
}

func current() Fake {
	if server == nil {
		panic("squall: no server to call natively; in tests, run the action through squalltest")
	}
	return server
}

// Input returns the parameters, one JSON object.
func Input() []byte { return current().Input() }

// Output appends to the output.
func Output(b []byte) { current().Output(b) }

// Log adds a line to the execution's log.
func Log(level uint32, text string) { current().Log(level, text) }

// Call performs a host call by name and returns the envelope.
func Call(name string, request []byte) []byte { return current().Call(name, request) }

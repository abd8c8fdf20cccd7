//go:build !unix

package wasm

import "runtime/debug"

// limitCompiler asks Go's runtime to be modest; this system sets no limits. The
// time is bounded by the process that waits.
func limitCompiler() error {
	debug.SetMemoryLimit(compilerMemory)
	return nil
}

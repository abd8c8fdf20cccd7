//go:build unix

package wasm

import (
	"errors"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// limitCompiler bounds what this process may use.
func limitCompiler() error {
	debug.SetMemoryLimit(compilerMemory / 2) // collect garbage before the system says no
	limit := func(resource int, value uint64) error {
		return unix.Setrlimit(resource, &unix.Rlimit{Cur: value, Max: value})
	}
	return errors.Join(limit(unix.RLIMIT_AS, compilerMemory), limit(unix.RLIMIT_CPU, compilerTime), limit(unix.RLIMIT_CORE, 0))
}

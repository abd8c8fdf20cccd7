package wasm

import (
	"bytes"
	"os"
)

// ofProcess counts this process's mappings and open files.
func ofProcess() (mappings, files int) {
	if maps, err := os.ReadFile("/proc/self/maps"); err == nil {
		mappings = bytes.Count(maps, []byte("\n"))
	}
	if fds, err := os.ReadDir("/proc/self/fd"); err == nil {
		files = len(fds)
	}
	return mappings, files
}

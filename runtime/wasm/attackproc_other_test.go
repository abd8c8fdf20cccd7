//go:build !linux

package wasm

import (
	"testing"
	"time"
)

// Other systems do not tell what a process holds in a way that the tests know.

func limitAddressSpace(*testing.T) {}
func resetPeak()                   {}
func peakResident() int64          { return 0 }
func residentNow() int64           { return 0 }
func openFiles() int               { return 0 }
func mappings() int                { return 0 }
func cpuTime() time.Duration       { return 0 }

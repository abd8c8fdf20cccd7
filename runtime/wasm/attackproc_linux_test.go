package wasm

import (
	"bytes"
	"fmt"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// limitAddressSpace lets a module that takes memory without end fail in its own
// process, not on the whole machine.
func limitAddressSpace(t *testing.T) {
	const most = 16 << 30
	if raceEnabled { // its shadow memory is larger
		return
	}
	if err := unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: most, Max: most}); err != nil {
		t.Fatal(err)
	}
}

// resetPeak makes the kernel measure the peak from now on.
func resetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

func peakResident() int64 { return status("VmHWM") }
func residentNow() int64  { return status("VmRSS") }

// status reads a size from the kernel's account of this process.
func status(field string) int64 {
	content, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(content, []byte(field+":"))
	var kib int64
	if _, err := fmt.Sscan(string(rest), &kib); err != nil {
		return 0
	}
	return kib << 10
}

func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}

func mappings() int {
	content, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return 0
	}
	return bytes.Count(content, []byte("\n"))
}

// cpuTime is what the process has used so far.
func cpuTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

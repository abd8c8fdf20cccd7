package memory

import (
	"os"
	"testing"
)

// trackers are the ways of finding written pages that work on this kernel.
func trackers(t *testing.T) map[string]tracker {
	file, err := os.Open("/proc/self/pagemap")
	if err != nil {
		return nil
	}
	t.Cleanup(func() { _ = file.Close() })
	all := map[string]tracker{}
	for name, tr := range map[string]tracker{"scan": newScanTracker(file), "read": newReadTracker(file)} {
		if proven(tr) {
			all[name] = tr
		} else {
			t.Logf("%s does not work on this kernel", name)
		}
	}
	return all
}

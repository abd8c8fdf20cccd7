package disk

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestWriteFileReplacesAllOrNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a", "file")
	var l Layer
	if err := l.MakeDirs(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := l.WriteFile(path, []byte("first"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []Kind{Create, Write, Sync, Rename} {
		full := Layer(func(op Op, do func() error) error {
			if op.Kind == kind {
				return syscall.ENOSPC
			}
			return do()
		})
		if err := full.WriteFile(path, []byte("second"), 0o600); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: %v", kind, err)
		}
		text, err := os.ReadFile(path)
		if err != nil || string(text) != "first" {
			t.Errorf("%s: %q, %v", kind, text, err)
		}
		if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
			t.Errorf("%s left %v, %v", kind, left, err)
		}
	}
	if err := l.WriteFile(path, []byte("second"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "second" {
		t.Errorf("%q, %v", text, err)
	}
}

// BenchmarkPointInProduction shows what a point costs that nobody listens to.
func BenchmarkPointInProduction(b *testing.B) {
	var f Faults
	for b.Loop() {
		f.Points.At("before commit")
	}
}

// BenchmarkOperationInProduction shows what the seam costs that nobody uses.
func BenchmarkOperationInProduction(b *testing.B) {
	var f Faults
	n := 0
	for b.Loop() {
		_ = f.Layer.Do(Op{Kind: Sync, Path: "file"}, func() error { n++; return nil })
	}
}

package rewrite

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkGoGuest reads and rewrites a Go program of some megabytes.
func BenchmarkGoGuest(b *testing.B) {
	code := goGuest(b)
	s, err := Check(code, DefaultLimits())
	if err != nil {
		b.Fatal(err)
	}
	b.Run("check", func(b *testing.B) {
		b.SetBytes(int64(len(code)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Check(code, DefaultLimits()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("rewrite", func(b *testing.B) {
		b.SetBytes(int64(len(code)))
		b.ReportAllocs()
		for b.Loop() {
			Rewrite(s, Options{})
		}
	})
}

// goGuest builds the Go guest of the sandbox's tests.
func goGuest(tb testing.TB) []byte {
	tb.Helper()
	out := filepath.Join(tb.TempDir(), "guest.wasm")
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-buildmode=c-shared", "-o", out, ".")
	cmd.Dir = filepath.Join("..", "testdata", "goguest")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOWORK=off")
	if text, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("build the Go guest: %v\n%s", err, text)
	}
	code, err := os.ReadFile(out)
	if err != nil {
		tb.Fatal(err)
	}
	return code
}

package wasm

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkCall is one isolated execution: taken, run, restored.
func BenchmarkCall(b *testing.B) {
	e := newEngine(b, Options{})
	b.Run("tiny reactor", func(b *testing.B) { benchmark(b, load(b, e, "echo"), "echo") })
	b.Run("tiny command", func(b *testing.B) { benchmark(b, load(b, e, "cat"), "x") })
	b.Run("go reactor", func(b *testing.B) {
		m, err := e.Load(context.Background(), "go", buildGo(b, "-buildmode=c-shared"))
		if err != nil {
			b.Fatal(err)
		}
		benchmark(b, m, "run")
	})
	b.Run("go command", func(b *testing.B) {
		m, err := e.Load(context.Background(), "go", buildGo(b))
		if err != nil {
			b.Fatal(err)
		}
		benchmark(b, m, "run")
	})
}

func benchmark(b *testing.B, m *Module, export string) {
	b.ReportAllocs()
	c := Call{Export: export, Input: []byte(`{"name":"World","n":100}`), Buffer: make([]byte, 0, 1024)}
	for b.Loop() {
		res, err := m.Call(context.Background(), c)
		if err != nil || res.Code != "" {
			b.Fatal(res, err)
		}
	}
}

// buildGo builds the guest in testdata/goguest.
func buildGo(tb testing.TB, flags ...string) []byte {
	tb.Helper()
	out := filepath.Join(tb.TempDir(), "guest.wasm")
	cmd := exec.Command("go", append(append([]string{"build", "-o", out}, flags...), ".")...)
	cmd.Dir = filepath.Join("testdata", "goguest")
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

// BenchmarkLoad loads a Go guest with a fresh engine each time: with an empty cache,
// and with what another engine left there.
func BenchmarkLoad(b *testing.B) {
	code := buildGo(b, "-buildmode=c-shared", "-ldflags=-s -w")
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			loadFresh(b, b.TempDir(), code)
		}
	})
	b.Run("cached", func(b *testing.B) {
		dir := b.TempDir()
		loadFresh(b, dir, code)
		for b.Loop() {
			loadFresh(b, dir, code)
		}
	})
}

func loadFresh(b *testing.B, dir string, code []byte) {
	b.StopTimer()
	e, err := New(context.Background(), Options{CacheDir: dir})
	if err != nil {
		b.Fatal(err)
	}
	b.StartTimer()
	if _, err := e.Load(context.Background(), "go", code); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	if err := e.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.StartTimer()
}

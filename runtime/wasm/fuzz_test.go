package wasm

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm/rewrite"
)

// FuzzRewrite mutates modules. Whatever the check accepts must not take the
// compiler down, and what compiles as it is must compile rewritten.
func FuzzRewrite(f *testing.F) {
	addFixtures(f)
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, runtimeConfig(true, wazero.NewCompilationCache()).WithMemoryLimitPages(64))
	f.Fuzz(func(t *testing.T, code []byte) {
		l := rewrite.DefaultLimits()
		l.MemoryPages = 64
		s, err := rewrite.Check(code, l)
		if err != nil || !compiles(ctx, rt, code) {
			return
		}
		if out := rewrite.Rewrite(s, rewrite.Options{Checkpoint: true}).Code; !compiles(ctx, rt, out) {
			c, err := rt.CompileModule(ctx, out)
			t.Fatalf("valid before, not after: %v, %v", c, err)
		}
	})
}

func addFixtures(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join("testdata", "*.wasm"))
	plugins, _ := filepath.Glob(filepath.Join("testdata", "extism", "*.wasm"))
	if err != nil || len(paths) == 0 || len(plugins) == 0 {
		f.Fatal("no seeds", err)
	}
	paths = append(paths, plugins...)
	for _, p := range paths {
		code, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(code)
	}
}

// FuzzCall runs mutated modules. However they behave, they end within their
// limits and leave nothing behind.
func FuzzCall(f *testing.F) {
	addFixtures(f)
	e := newEngine(f, Options{MaxMemory: 4 << 20})
	ctx := context.Background()
	f.Fuzz(func(t *testing.T, code []byte) {
		began := time.Now()
		m, err := e.Load(ctx, "fuzz", code)
		if err != nil {
			return
		}
		exports := m.Info().Exports
		if m.Info().Kind == Command {
			exports = []string{"x"}
		}
		for _, x := range exports[:min(len(exports), 20)] {
			res, err := m.Call(ctx, Call{Export: x, Input: []byte("{}"), Limits: automation.Limits{
				Timeout: 200 * time.Millisecond, Fuel: 200_000, Memory: 2 << 20, Output: 1 << 16, Log: 1 << 12, HostCalls: 5, CallDepth: 200}})
			if err != nil || res.Code == automation.CodeInternal {
				t.Fatalf("%s: %+v, %v", x, res, err)
			}
			if o := m.origins[originOf(m, x)]; o != nil {
				if i := o.idle.take(); i != nil {
					sameAsFrozen(t, i)
					o.idle.put(i, time.Now())
				}
			}
		}
		if err := m.Retire(ctx); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(began); d > 10*time.Second {
			t.Fatalf("took %v", d)
		}
	})
}

// originOf is the key of what an action starts from.
func originOf(m *Module, action string) string {
	if m.info.Kind == Command {
		return action
	}
	return ""
}

func sameAsFrozen(t *testing.T, i *instance) {
	t.Helper()
	for n, g := range i.globals {
		if g.Get() != i.frozen.globals[n] {
			t.Fatalf("global %d is %d, was %d", n, g.Get(), i.frozen.globals[n])
		}
	}
	if i.kernel != nil && i.kernel.Size() != i.frozen.kernelBytes() {
		t.Fatalf("the kernel has %d bytes, had %d", i.kernel.Size(), i.frozen.kernelBytes())
	}
	if i.slot == nil {
		return
	}
	now, _ := i.memory.Read(0, i.memory.Size())
	if !bytes.Equal(now, i.frozen.image.Content()) {
		t.Fatal("the memory is not what it was")
	}
}

// compiles counts a panic of the compiler as a refusal, as Load does.
func compiles(ctx context.Context, rt wazero.Runtime, code []byte) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	c, err := rt.CompileModule(ctx, code)
	if err != nil {
		return false
	}
	return c.Close(ctx) == nil
}

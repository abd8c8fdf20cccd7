package wasm

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
)

// version is a module that is not quite the same as others: a byte of its data
// differs, so that nothing is found in a cache.
func version(code []byte, n int) []byte {
	code = bytes.Clone(code)
	at := bytes.LastIndex(code, []byte("greet{"))
	copy(code[at+8:], []byte{'a' + byte(n%26), 'a' + byte(n/26%26), 'a' + byte(n/676%26)})
	return code
}

// A module that is replaced again and again, while it is called, leaves nothing:
// no memory, no goroutine, no file.
func TestReplacingLeaksNothing(t *testing.T) { // not parallel: it counts what the process has
	cycles := 10_000
	if testing.Short() || raceEnabled {
		cycles = 200
	}
	e := newEngine(t, Options{})
	reactor, program := fixture(t, "behave"), fixture(t, "program")
	var before usage
	current := load(t, e, "echo")
	for n := range cycles {
		if n == cycles/10 {
			before = usageNow()
		}
		next, err := e.Load(t.Context(), "behave", version(reactor, n))
		if err != nil {
			t.Fatal(err)
		}
		if res := call(t, next, Call{Export: "silent"}); res.Code != "" {
			t.Fatal(res)
		}
		if err := current.Retire(t.Context()); err != nil {
			t.Fatal(err)
		}
		current = next
		if n%10 == 0 {
			p, err := e.Load(t.Context(), "program", program)
			if err != nil {
				t.Fatal(err)
			}
			call(t, p, Call{Export: "x", Input: []byte("t")})
			if err := p.Retire(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := current.Retire(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := usageNow()
	t.Logf("after %d cycles: %+v, after all %d: %+v", cycles/10, before, cycles, after)
	const memory = 8 << 20
	if after.resident > before.resident+memory || after.goroutines > before.goroutines || after.mappings > before.mappings+20 || after.files > before.files {
		t.Errorf("it grew from %+v to %+v", before, after)
	}
	if free := e.budget.free; free != e.budget.total || len(e.modules) != 0 {
		t.Errorf("%d bytes of the budget and %d modules are left", e.budget.total-free, len(e.modules))
	}
}

// Modules are loaded, called from all sides, replaced and retired at the same time.
func TestLoadRunRetireUnderLoad(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{MemoryBudget: 64 << 20, MaxMemory: 16 << 20})
	code, program := fixture(t, "behave"), fixture(t, "program")
	var mu sync.Mutex // guards current
	current := map[string]*Module{"behave": load(t, e, "behave"), "program": load(t, e, "program")}
	get := func(name string) *Module {
		mu.Lock()
		defer mu.Unlock()
		return current[name]
	}
	ctx, cancel := context.WithCancel(t.Context())
	var callers, replacers sync.WaitGroup
	for n := range 6 {
		callers.Go(func() {
			for k := n; ctx.Err() == nil; k++ {
				m, c, want := get("behave"), Call{Export: "count"}, "5"
				if k%3 == 0 {
					m, c, want = get("program"), Call{Export: "x", Input: []byte("c")}, "6"
				}
				if k%7 == 0 { // misbehaves
					c.Limits.Fuel, want = 20, ""
				}
				res, err := m.Call(context.Background(), c)
				if err != nil && !errors.Is(err, automation.ErrUnavailable) || err == nil && string(res.Output) != want {
					t.Errorf("%s: %s %s %v", c.Export, res.Output, res.Message, err)
					return
				}
			}
		})
	}
	for name, code := range map[string][]byte{"behave": code, "program": program} {
		replacers.Go(func() {
			for n := range 30 {
				if name == "behave" {
					code = version(code, n)
				}
				next, err := e.Load(t.Context(), name, code)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				old := current[name]
				current[name] = next
				mu.Unlock()
				if err := old.Retire(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	replacers.Wait()
	cancel()
	callers.Wait()
	for _, m := range current {
		if err := m.Retire(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if free := e.budget.free; free != e.budget.total {
		t.Errorf("%d bytes of the budget are lost", e.budget.total-free)
	}
}

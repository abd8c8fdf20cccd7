package wasm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// A program that is frozen where it reads its input finds nothing of the run
// before, however that ended, and what it said by then is part of each run.
func TestProgramsAreRewound(t *testing.T) {
	t.Parallel()
	small := automation.Limits{Fuel: 1_000_000, Timeout: time.Minute, Memory: 4 << 20, CallDepth: 1000}
	for name, e := range engines(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := load(t, e, "program")
			for _, before := range []struct {
				input, output string
				code          automation.FailureCode
			}{
				{"c", "6", ""}, {"t", "", automation.CodeTrap}, {"s", "", automation.CodeOutOfFuel}, {"r", "", automation.CodeStackLimit},
				{"x", "null", automation.CodeExitCode}, {"b", "", automation.CodeMemoryLimit}, {"g", "2", ""}, {"e12345", "12345", ""}, {"", "null", ""},
			} {
				for range 3 {
					res := call(t, m, Call{Export: "x", Input: []byte(before.input), Limits: small})
					if res.Code != before.code || string(res.Output) != before.output {
						t.Errorf("%q: %q %s (%s), want %q %s", before.input, res.Code, res.Output, res.Message, before.code, before.output)
					}
					var l lines
					res = call(t, m, Call{Export: "x", Input: []byte("c"), Caller: hostfuncs.Caller{Log: l.add}})
					if string(res.Output) != "6" || strings.Join(l.text, "|") != "info up" {
						t.Errorf("after %q: output %s, log %q; want 6 and that it is up", before.input, res.Output, l.text)
					}
				}
			}
		})
	}
}

// An instance serves one run after the other, also when they trap; only a stack
// that grew deep, a changed table and old age end it.
func TestWhatEndsAProgram(t *testing.T) {
	t.Parallel()
	m := load(t, newEngine(t, Options{}), "program")
	served := func() *instance {
		t.Helper()
		i := m.origins["x"].idle.take()
		if i == nil {
			return nil
		}
		m.origins["x"].idle.put(i, time.Now())
		return i
	}
	call(t, m, Call{Export: "x", Input: []byte("c")})
	first := served()
	for _, tt := range []struct {
		input string
		same  bool
	}{{"t", true}, {"x", true}, {"s", true}, {"b", true}, {"r", false}, {"g", false}} {
		call(t, m, Call{Export: "x", Input: []byte(tt.input), Limits: automation.Limits{Fuel: 1_000_000, CallDepth: 100}})
		if same := served() == first; same != tt.same {
			t.Errorf("after %q the instance is the same: %v, want %v", tt.input, same, tt.same)
		}
		call(t, m, Call{Export: "x", Input: []byte("c")})
		first = served()
	}
	first.checkpoint.runs = maxRuns
	call(t, m, Call{Export: "x", Input: []byte("c")})
	if served() == first {
		t.Error("an instance lives for ever")
	}
}

// Thousands of runs come from one stock of snapshots.
func TestTheStockIsRefilled(t *testing.T) {
	t.Parallel()
	m := load(t, newEngine(t, Options{}), "program")
	for n := range 20 * stockSize {
		in := fmt.Sprintf("e%d", n)
		if res := call(t, m, Call{Export: "x", Input: []byte(in)}); string(res.Output) != in[1:] {
			t.Fatalf("run %d: %s", n, res.Output)
		}
	}
	if runs := m.origins["x"].idle.take().checkpoint.runs; runs != 20*stockSize {
		t.Errorf("the instance served %d runs, want all", runs)
	}
}

// What belongs to one execution must not be frozen for others.
func TestProgramsThatStartAnew(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Options{})
	for _, tt := range []struct{ module, why, output string }{
		{"early", "it uses wasi_snapshot_preview1.fd_write before it reads standard input", "\"{\\\"ok\\\":\\\"hello early\\\"}\\n{}\""},
		{"exit", "it never reads standard input", "{}"},
		{"channel", "it uses wasi_snapshot_preview1.fd_write before it reads standard input", `{"ok":"hello channel"}`},
	} {
		m := load(t, e, tt.module)
		if err := m.Prepare(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if res := call(t, m, Call{Export: "x", Input: []byte("{}")}); string(res.Output) != tt.output {
				t.Errorf("%s: output %s (%s), want %s", tt.module, res.Output, res.Message, tt.output)
			}
		}
		if why := m.origins["x"].anew.Load(); why == nil || *why != tt.why {
			t.Errorf("%s starts anew because %v, want %q", tt.module, why, tt.why)
		}
		if n := idleOf(m); n != 0 {
			t.Errorf("%s: %d instances are kept", tt.module, n)
		}
	}
}

// One module serves several actions; each is frozen with its own name.
func TestProgramsKnowTheirAction(t *testing.T) {
	t.Parallel()
	m := load(t, newEngine(t, Options{}), "cat")
	for range 2 {
		for _, action := range []string{"tom", "felix"} {
			var l lines
			call(t, m, Call{Export: action, Caller: hostfuncs.Caller{Log: l.add}})
			if got := strings.Join(l.text, "|"); got != "warning careful|error bad "+action {
				t.Errorf("log %q", got)
			}
		}
	}
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	m := load(t, newEngine(t, Options{}), "program")
	for range 2 {
		if err := m.Prepare(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
	}
	if n := idleOf(m); n != 1 {
		t.Errorf("%d instances are ready, want 1", n)
	}
	if res := call(t, m, Call{Export: "x", Input: []byte("c")}); string(res.Output) != "6" {
		t.Errorf("output %s", res.Output)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	if err := m.Prepare(ctx, "y"); err == nil || !contains(err.Error(), "enough") {
		t.Errorf("prepared in vain: %v, want the cause", err)
	}
	if err := m.Retire(t.Context()); err != nil {
		t.Error(err)
	}
	if err := m.Prepare(t.Context(), "x"); !errors.Is(err, automation.ErrUnavailable) {
		t.Errorf("a retired module is prepared: %v", err)
	}
	if free := m.engine.budget.free; free != m.engine.budget.total {
		t.Errorf("%d bytes are lost", m.engine.budget.total-free)
	}
}

// What a program said before it was parked is output of the run too, and bounded.
func TestWhatAParkedProgramSaidIsBounded(t *testing.T) {
	t.Parallel()
	for name, e := range engines(t) {
		m := load(t, e, "talk")
		for limit, want := range map[int64]automation.FailureCode{99: automation.CodeOutputLimit, 100: ""} {
			for range 2 {
				if res := call(t, m, Call{Export: "x", Limits: automation.Limits{Output: limit}}); res.Code != want {
					t.Errorf("%s, limit %d: %q %s", name, limit, res.Code, res.Message)
				}
			}
		}
	}
}

package wasm

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// A real runtime, with goroutines, timers and a heap of its own, in both kinds.
func TestGoGuest(t *testing.T) {
	t.Parallel()
	if testing.Short() || raceEnabled {
		t.Skip("compiling a Go program takes a second, and half a minute under the race detector")
	}
	e := newEngine(t, Options{})
	// A Go command exits after a panic; a Go reactor crashes.
	panicked := map[string]struct {
		code   automation.FailureCode
		output string
	}{"command": {automation.CodeExitCode, "null"}, "reactor": {automation.CodeTrap, ""}}
	for kind, flags := range map[string][]string{"reactor": {"-buildmode=c-shared"}, "command": nil} {
		m, err := e.Load(t.Context(), kind, buildGo(t, flags...))
		if err != nil {
			t.Fatal(err)
		}
		if string(m.Info().Kind) != kind {
			t.Errorf("kind %s, want %s", m.Info().Kind, kind)
		}
		throwsFreshDice(t, m)
		for _, tt := range []struct {
			name, input, output, message string
			code                         automation.FailureCode
			limits                       automation.Limits
		}{
			{name: "answers", input: `{"name":"a","n":4}`, output: `{"hello":"a","sum":10,"runs":1}`},
			{name: "sleeps in another goroutine", input: `{"name":"s","sleep":"5ms"}`, output: `{"hello":"s","sum":0,"runs":1}`},
			{name: "sleeps too long", input: `{"sleep":"1h"}`, code: automation.CodeTimeout, message: "50ms", limits: automation.Limits{Timeout: 50 * time.Millisecond}},
			{name: "says no", input: `nonsense`, output: "null", code: automation.CodeExitCode, message: "invalid character"},
			{name: "panics", input: `{"panic":true}`, output: panicked[kind].output, code: panicked[kind].code, message: "panic: as asked"},
			{name: "allocates too much", input: `{"alloc":1000}`, code: automation.CodeMemoryLimit, message: "more than 64 MiB of memory"},
		} {
			t.Run(kind+" "+tt.name, func(t *testing.T) {
				for range 3 {
					res := call(t, m, Call{Export: "run", Input: []byte(tt.input), Limits: tt.limits})
					if res.Code != tt.code || !strings.Contains(res.Message, tt.message) || string(res.Output) != tt.output {
						t.Errorf("%q %q %s; want %q %q %s", res.Code, res.Message, res.Output, tt.code, tt.message, tt.output)
					}
					if ok := call(t, m, Call{Export: "run", Input: []byte(`{"name":"b"}`)}); string(ok.Output) != `{"hello":"b","sum":0,"runs":1}` {
						t.Errorf("the next run: %s %s", ok.Output, ok.Message)
					}
				}
			})
		}
	}
}

// The numbers of Go's own generators differ in each run, although the guest is
// frozen; those of one with a seed of its own are the same, as in a new process.
func throwsFreshDice(t *testing.T, m *Module) {
	t.Helper()
	seen := map[uint64]bool{}
	for range 20 {
		res := call(t, m, Call{Export: "run", Input: []byte(`{"dice":true}`)})
		var dice struct{ Random, Fixed uint64 }
		if err := json.Unmarshal(res.Output, &dice); err != nil {
			t.Fatal(err)
		}
		if seen[dice.Random] {
			t.Errorf("%s: %d came twice", m.info.Kind, dice.Random)
		}
		if want := rand.NewChaCha8([32]byte{1, 2, 3}).Uint64(); dice.Fixed != want {
			t.Errorf("%s: the first number of the fixed seed is %#x", m.info.Kind, dice.Fixed)
		}
		seen[dice.Random] = true
	}
}

package wasm

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// Guests hide something wherever a guest can keep it. Whether they end or are
// stopped at any instruction, the next run finds nothing, and memory and globals
// are what they were when the guest was frozen, byte for byte.
func TestNothingBleeds(t *testing.T) {
	t.Parallel()
	runs := 100_000
	if testing.Short() || raceEnabled {
		runs = 3_000
	}
	for name, e := range engines(t) {
		if name == "interpreted" { // slow, and the runs share everything but the compiler
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &bleeding{t: t, rng: rand.New(rand.NewPCG(1, uint64(len(name)))), hide: load(t, e, "hide"), program: load(t, e, "program")}
			for n := range runs / 2 {
				b.run()
				if n%10 == 9 {
					b.look()
				}
				if t.Failed() {
					t.Fatalf("after %d runs", n)
				}
			}
			t.Logf("%d runs, ended by %v", runs/2, b.ends)
			if len(b.ends) < 5 {
				t.Error("the runs end in too few ways")
			}
		})
	}
}

type bleeding struct {
	t             *testing.T
	rng           *rand.Rand
	hide, program *Module
	ends          map[automation.FailureCode]int
}

// run hides something and is stopped somewhere.
func (b *bleeding) run() {
	limits := automation.Limits{Fuel: 1 + b.rng.Int64N(1<<b.rng.IntN(16)), Memory: 2 << 20, CallDepth: 100, Output: 4096}
	c := Call{Limits: limits, Input: []byte("{}")}
	m := b.hide
	if b.rng.IntN(4) == 0 {
		m, c.Export, c.Input = b.program, "x", []byte(b.pick("c", "t", "s", "r", "x", "b", "p", "g", "e9876"))
	} else {
		names := slices.DeleteFunc(slices.Clone(m.info.Exports), func(s string) bool { return s == "look" })
		c.Export = b.pick(names...)
	}
	res := call(b.t, m, c)
	if b.ends == nil {
		b.ends = map[automation.FailureCode]int{}
	}
	b.ends[res.Code]++
	b.same(m, c.Export, fmt.Sprint(c.Export, " ", string(c.Input)))
}

func (b *bleeding) pick(from ...string) string { return from[b.rng.IntN(len(from))] }

// same compares what the last run left with what was frozen.
func (b *bleeding) same(m *Module, action, what string) {
	o := m.origins[originOf(m, action)]
	i := o.idle.take()
	if i == nil { // the run gave its instance up
		return
	}
	defer o.idle.put(i, time.Now())
	if i.changed() {
		b.t.Errorf("after %s: an instance that changed a table is kept", what)
	}
	sameAsFrozen(b.t, i)
}

func (b *bleeding) look() {
	if res := call(b.t, b.hide, Call{Export: "look"}); res.Code != "" || string(res.Output) != "null" {
		b.t.Errorf("found %s, %q %s", res.Output, res.Code, res.Message)
	}
	if res := call(b.t, b.program, Call{Export: "x", Input: []byte("c")}); string(res.Output) != "6" {
		b.t.Errorf("the program counts %s, want 6: %q %s", res.Output, res.Code, res.Message)
	}
}

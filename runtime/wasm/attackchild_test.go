package wasm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// What a child is told by its environment.
const (
	childEngine  = "SQUALL_ATTACK_ENGINE"
	childReport  = "SQUALL_ATTACK_REPORT"
	childAttacks = "SQUALL_ATTACKS"
)

// The ways to run guests.
const (
	engineCompiled    = "compiled"
	engineInterpreted = "interpreted"
	enginePortable    = "portable"
)

// TestAttackChild is what TestAttacks starts in processes of their own.
func TestAttackChild(t *testing.T) {
	if os.Getenv(childReport) == "" {
		t.Skip("TestAttacks starts this in a process of its own")
	}
	limitAddressSpace(t)
	report, err := os.Create(os.Getenv(childReport))
	if err != nil {
		t.Fatal(err)
	}
	defer report.Close()
	c := newAttackChild(t, os.Getenv(childEngine))
	known := map[string]attack{}
	for _, a := range append(readAttacks(t), generatedAttacks(t)...) {
		known[a.name] = a
	}
	tell := func(r attackReport) {
		if err := json.NewEncoder(report).Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range strings.Split(os.Getenv(childAttacks), ",") {
		a, ok := known[name]
		if !ok {
			t.Fatalf("there is no attack %q", name)
		}
		tell(attackReport{Name: name})
		tell(c.attack(a))
	}
	tell(c.close())
}

// attackChild attacks one engine, one module after the other.
type attackChild struct {
	kind     string
	engine   *Engine
	canary   *Module // a good module that is served in between
	baseline usage
	calls    int
}

// usage is what a process holds.
type usage struct{ goroutines, files, mappings, resident int }

func newAttackChild(t *testing.T, kind string) *attackChild {
	e, err := New(context.Background(), Options{HostFuncs: greetings(t), Interpreter: kind == engineInterpreted, PortableMemory: kind == enginePortable})
	if err != nil {
		t.Fatal(err)
	}
	c := &attackChild{kind: kind, engine: e, canary: load(t, e, "echo")}
	if p := c.sing(); p != "" {
		t.Fatal(p)
	}
	c.baseline = usageNow()
	return c
}

// usageNow collects garbage before it looks.
func usageNow() usage {
	debug.FreeOSMemory()
	return usage{runtime.NumGoroutine(), openFiles(), mappings(), int(residentNow())}
}

// sing lets the canary answer.
func (c *attackChild) sing() (problem string) {
	c.calls++
	input := fmt.Sprintf(`{"call":%d}`, c.calls)
	res, err := c.canary.Call(context.Background(), Call{Export: "echo", Input: []byte(input), Limits: automation.Limits{Timeout: time.Minute}})
	if err != nil || res.Code != "" || string(res.Output) != input {
		return fmt.Sprintf("a good module no longer answers: %v %q %q %s", err, res.Code, res.Message, res.Output)
	}
	return ""
}

func (c *attackChild) attack(a attack) attackReport {
	r := &attackReport{Name: a.name, Done: true}
	debug.FreeOSMemory()
	resetPeak()
	for _, code := range a.build() {
		c.module(a, code, r)
	}
	budget := a.peak
	if c.kind == enginePortable { // memory that grows is copied
		budget *= 2
	}
	if r.Peak = peakResident(); r.Peak > budget && !raceEnabled {
		r.problem("the process took %d MiB of memory, the budget is %d MiB", r.Peak>>20, budget>>20)
	}
	if p := c.sing(); p != "" {
		r.problem("%s", p)
	}
	return *r
}

func (r *attackReport) problem(format string, args ...any) {
	if len(r.Problems) < 5 {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

// patience is how much longer than its deadline a call may take, and how much CPU
// time a load: others may want the processors. Both are many times what was
// measured.
func (c *attackChild) patience() (call, load time.Duration) {
	if c.kind == engineInterpreted || raceEnabled {
		return 10 * time.Second, time.Minute
	}
	return 2 * time.Second, 20 * time.Second
}

// module loads one module, calls it as expected and retires it.
func (c *attackChild) module(a attack, code []byte, r *attackReport) {
	ctx := context.Background()
	lateCall, lateLoad := c.patience()
	if a.expect[0].end == endInterrupted {
		within, cancel := context.WithTimeout(ctx, attackTime)
		defer cancel()
		ctx, lateLoad = within, lateCall+attackTime
	}
	began := cpuTime()
	m, err := c.engine.Load(ctx, a.name, code)
	took := cpuTime() - began
	if took > lateLoad {
		r.problem("loading it took %v of CPU time", took)
	}
	r.Load = max(r.Load, took)
	if err != nil {
		r.Refused++
	}
	if p := a.expect[0].checkLoad(err); p != "" {
		r.problem("%s", p)
	}
	if m == nil {
		return
	}
	c.callAll(a, m, r)
	if err := m.Retire(context.Background()); err != nil {
		r.problem("retire: %v", err)
	}
}

// callAll goes through the expectations twice, so that the second round meets
// what the first one left.
func (c *attackChild) callAll(a attack, m *Module, r *attackReport) {
	rounds := 2
	if c.kind != engineCompiled || testing.Short() || raceEnabled {
		rounds = 1
	}
	for range rounds {
		for _, e := range a.expect {
			if e.export != nil {
				c.call(m, e, r)
			} else if e.end == endAny {
				for _, x := range append(m.Info().Exports, "run")[:1] {
					c.call(m, expectation{line: "any", export: &x, end: endAny, limits: e.limits}, r)
				}
			}
		}
	}
}

func (c *attackChild) call(m *Module, e expectation, r *attackReport) {
	late, _ := c.patience()
	began := time.Now()
	res, err := m.Call(context.Background(), Call{Export: *e.export, Input: []byte(e.input), Limits: e.limits,
		Caller: hostfuncs.Caller{Log: func(automation.LogLevel, string) {}}})
	if over := time.Since(began) - e.limits.Timeout; over > late {
		r.problem("%s: it ended %v after its deadline", e.line, over)
	} else {
		r.Late = max(r.Late, over)
	}
	r.Calls++
	if res.Code != "" {
		r.Stopped++
	}
	if p := e.checkCall(res, err); p != "" {
		r.problem("%s: %s", e.line, p)
	}
}

// maxText bounds what a guest can make the host say.
const maxText = 16 << 10

// checkLoad compares what Load said.
func (e expectation) checkLoad(err error) (problem string) {
	switch {
	case err != nil && len(err.Error()) > maxText:
		return fmt.Sprintf("the error has %d bytes", len(err.Error()))
	case err != nil && e.end == endAny:
		return ""
	case e.end == endRefused:
		if !errors.Is(err, automation.ErrInvalid) || !contains(err.Error(), e.parts...) {
			return fmt.Sprintf("Load: %v; want kind invalid with %q", err, e.parts)
		}
	case e.end == endInterrupted:
		// Whether the host asks the context or the clock first decides how it says it.
		if !errors.Is(err, context.DeadlineExceeded) && (err == nil || !contains(err.Error(), "deadline")) {
			return fmt.Sprintf("Load: %v; want that its context has ended", err)
		}
	case err != nil:
		return fmt.Sprintf("Load: %v; want that it loads", err)
	}
	return ""
}

// checkCall compares how a call ended.
func (e expectation) checkCall(res Result, err error) (problem string) {
	got := fmt.Sprintf("%q %q %.200s", res.Code, res.Message[:min(len(res.Message), 500)], res.Output)
	end := string(res.Code)
	if end == "" {
		end = endOK
		if res.OutputText {
			end = endText
		}
	}
	switch {
	case err != nil:
		return fmt.Sprintf("Call: %v", err)
	case len(res.Message) > maxText || len(res.Trace) > maxText:
		return fmt.Sprintf("the message has %d bytes, the trace %d", len(res.Message), len(res.Trace))
	case res.Output != nil && !json.Valid(res.Output):
		return "the output is not JSON: " + got
	case e.end == endAny && res.Code != automation.CodeInternal:
	case end != e.end:
		return "it ended with " + got
	case end == endOK && len(e.parts) > 0 && !strings.HasPrefix(string(res.Output), e.parts[0]),
		end != endOK && !contains(res.Message, e.parts...):
		return fmt.Sprintf("it ended with %s; want %q", got, e.parts)
	}
	return ""
}

// What may be left in the end beyond what was there before the first attack.
const (
	leftMappings = 100
	leftResident = 100 << 20
)

// close checks that nothing is left of the attacks, and closes the engine.
func (c *attackChild) close() attackReport {
	r := &attackReport{Name: endOfBatch, Done: true}
	now := c.settled()
	if now.goroutines > c.baseline.goroutines || now.files > c.baseline.files || now.mappings > c.baseline.mappings+leftMappings ||
		now.resident > c.baseline.resident+leftResident && !raceEnabled {
		r.problem("after the attacks the process holds %+v, before it held %+v", now, c.baseline)
	}
	r.Note = fmt.Sprintf("before %+v, after %+v", c.baseline, now)
	if free, all := c.engine.budget.free, c.engine.budget.total; all-free > 1<<20 { // what the canary's idle instances keep
		r.problem("%d bytes of the memory of guests were not given back", all-free)
	}
	if err := c.engine.Close(context.Background()); err != nil {
		r.problem("close: %v", err)
	}
	return *r
}

// settled waits until goroutines that are about to end have ended.
func (c *attackChild) settled() usage {
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > c.baseline.goroutines && time.Now().Before(deadline); {
		runtime.Gosched()
	}
	return usageNow()
}

// Package storetest is the conformance suite of [store.Store]: what a backend must
// do to be one. A backend's own test calls [Run] and [RunChanges] and adds only
// what is particular to it, such as opening a file again.
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) store.Store { return open(t) })
//	}
package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// Run runs the suite. open returns an empty store of the test's own and closes
// it when the test ends.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	for _, group := range []struct {
		name string
		test func(*testing.T, func(*testing.T) store.Store)
	}{
		{"accept", testAccept},
		{"event", testEvent},
		{"verdict", testVerdict},
		{"recent", testRecent},
		{"execution", testExecution},
		{"filter", testFilter},
		{"history", testHistory},
		{"step", testStep},
		{"finish", testFinish},
		{"cancel", testCancel},
		{"recover", testRecover},
		{"log", testLog},
		{"artifact", testArtifact},
		{"credentials", testCredentials},
		{"concurrency", testConcurrency},
		{"health", testHealth},
		{"kv", testKV},
		{"flow", testFlow},
		{"source", testSource},
		{"then", testThen},
		{"waiting", testWaiting},
		{"audit", testAudit},
	} {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			group.test(t, open)
		})
	}
}

// cases runs named tests, each on a store of its own.
type cases []struct {
	name string
	test func(*testing.T, *bench)
}

func (c cases) run(t *testing.T, open func(*testing.T) store.Store) {
	t.Helper()
	for _, tt := range c {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.test(t, newBench(open(t)))
		})
	}
}

// bench is a store and what makes things to put into it. Its clock stands still
// until a test moves it.
type bench struct {
	store.Store
	ids *automation.IDs

	mu  sync.Mutex // guards now
	now time.Time
}

func newBench(s store.Store) *bench {
	b := &bench{Store: s, now: time.Date(2026, 5, 4, 12, 0, 0, 123456789, time.UTC)}
	b.ids = &automation.IDs{Now: b.time}
	return b
}

func (b *bench) time() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

// pass moves the clock.
func (b *bench) pass(d time.Duration) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
	return b.now
}

// event makes an event with a payload.
func (b *bench) event() automation.Event {
	payload := json.RawMessage(`{"body":{"alerts":[{"labels":{"pod":"leaky"}}]}}`)
	return automation.Event{
		ID: b.ids.New(), Trigger: "core.st2.webhook", Parameters: map[string]any{"url": "pprof"},
		Payload: payload, PayloadBytes: int64(len(payload)), ReceivedAt: b.time(), Summary: "Pod Memory Limit", Trace: "webhook-pprof-1",
	}
}

// execution makes an execution that nothing but its id tells from others.
func (b *bench) execution(status automation.Status) automation.Execution {
	return automation.Execution{
		ExecutionSummary: automation.ExecutionSummary{
			ID: b.ids.New(), Action: "labs_sre.exec_pod", Status: status, Summary: "pod leaky", CreatedAt: b.time(),
		},
		Parameters: json.RawMessage(`{"pod":"leaky"}`), MaxAttempts: 2,
	}
}

// accept stores executions without an event.
func (b *bench) accept(t *testing.T, executions ...automation.Execution) {
	t.Helper()
	must(t, b.Accept(t.Context(), store.Acceptance{Executions: executions}))
}

// in brings a new execution to a status and returns it.
func (b *bench) in(t *testing.T, status automation.Status) automation.Execution {
	t.Helper()
	e := b.execution(automation.Pending)
	if status == automation.Running || status == automation.Waiting || status == automation.Succeeded || status == automation.TimedOut {
		e.Status = automation.Running
	}
	if status == automation.Failed {
		e.Status, e.Code = automation.Failed, automation.CodeUnknownAction
	}
	if status == automation.Delayed {
		at := b.time().Add(time.Hour)
		e.Status, e.RunAfter, e.DelayReason = automation.Delayed, &at, "it is not the time yet"
	}
	b.accept(t, e)
	switch status {
	case automation.Paused:
		_, err := b.Schedule(t.Context(), store.Scheduling{ID: e.ID, Status: status})
		must(t, err)
	case automation.Canceled:
		must(t, b.Cancel(t.Context(), e.ID, "not wanted", b.time()))
	case automation.Waiting, automation.Succeeded, automation.TimedOut:
		must(t, b.Finish(t.Context(), b.end(e.ID, 1, status)))
	}
	return b.get(t, e.ID)
}

// end makes the end of an attempt after which the execution has a status.
func (b *bench) end(id string, attempt int, status automation.Status) store.Finish {
	at := b.time()
	f := store.Finish{ID: id, Status: status, Attempt: automation.Attempt{Number: attempt, FinishedAt: &at}}
	switch status {
	case automation.Pending, automation.Running:
		f.Attempt.Status = automation.AttemptInterrupted
	case automation.TimedOut:
		f.Attempt.Status, f.Attempt.Code = automation.AttemptTimedOut, automation.CodeTimeout
	case automation.Failed:
		f.Attempt.Status, f.Attempt.Code = automation.AttemptFailed, automation.CodeTrap
	case automation.Canceled:
		f.Attempt.Status, f.Attempt.Code = automation.AttemptCanceled, automation.CodeCanceled
	default:
		f.Attempt.Status = automation.AttemptSucceeded
	}
	return f
}

func (b *bench) get(t *testing.T, id string) automation.Execution {
	t.Helper()
	e, err := b.Execution(t.Context(), id)
	must(t, err)
	return e
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("error is %v; want one of kind %v", err, kind)
	}
}

// same compares what was read with what was meant. Numbers may change their Go
// type on the way through JSON, so both sides go that way.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(plain(t, want), plain(t, got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func plain(t *testing.T, v any) (out any) {
	t.Helper()
	text, err := json.Marshal(v)
	must(t, err)
	must(t, json.Unmarshal(text, &out))
	return out
}

func summaryIDs(list []automation.ExecutionSummary) []string {
	ids := []string{}
	for _, e := range list {
		ids = append(ids, e.ID)
	}
	return ids
}

func newestFirst[T any](list []T) []T {
	turned := make([]T, 0, len(list))
	for i := len(list) - 1; i >= 0; i-- {
		turned = append(turned, list[i])
	}
	return turned
}

func hash(n int) string { return fmt.Sprintf("%064x", n) }

func lines(first, count int) []automation.LogLine {
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	list := make([]automation.LogLine, count)
	for i := range list {
		n := first + i
		list[i] = automation.LogLine{Number: n, Attempt: 1, At: at, Level: automation.LevelInfo, Text: fmt.Sprint("line ", n)}
	}
	return list
}

// strange is text that quoting, escaping or pattern matching could trip over.
var strange = strings.Join([]string{`'"\`, "%_*?[", "Größe\n\t☂"}, " ")

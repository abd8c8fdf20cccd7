package engine

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/rule"
	"github.com/squall-dev/squall/runtime/runner"
	"github.com/squall-dev/squall/runtime/store"
)

// on is a rule that starts an action at every event of a trigger, or at those that
// its criterion selects.
func on(trigger automation.Ref, name string, action automation.Ref, criteria ...automation.Criterion) automation.Rule {
	return automation.Rule{Pack: "test", Name: name, Enabled: true, Trigger: automation.TriggerSpec{Type: trigger}, Criteria: criteria,
		Action: automation.ActionCall{Ref: action, Parameters: map[string]any{"text": name}}}
}

// reacting is a catalogue with the action test.echo, its rule, and others.
func reacting(t *testing.T, more ...automation.Rule) func(*Options) {
	t.Helper()
	secretive := echoAction()
	secretive.Runner = "wasm"
	secretive.Parameters["key"] = automation.Parameter{Type: "string", Secret: true}
	c := newCatalogue(t, secretive)
	rules, err := rule.Compile(append([]automation.Rule{ruleFor("test.echo"), ruleFor("test.missing")}, more...))
	if err != nil {
		t.Fatal(err)
	}
	c.rules = rules
	return func(o *Options) { o.Catalogue = func() Catalogue { return c } }
}

// about returns the events that executions caused, oldest first.
func (b *bench) about(trigger automation.Ref) []automation.Event {
	b.t.Helper()
	events, err := b.store.Events(b.t.Context(), store.EventQuery{Trigger: string(trigger)})
	if err != nil {
		b.t.Fatal(err)
	}
	slices.Reverse(events)
	for i := range events {
		if events[i], err = b.store.Event(b.t.Context(), events[i].ID); err != nil {
			b.t.Fatal(err)
		}
	}
	return events
}

func (b *bench) only(trigger automation.Ref) (automation.Event, map[string]any) {
	b.t.Helper()
	events := b.about(trigger)
	if len(events) != 1 {
		b.t.Fatalf("%d events of %s, want one", len(events), trigger)
	}
	var payload map[string]any
	if err := json.Unmarshal(events[0].Payload, &payload); err != nil {
		b.t.Fatal(err)
	}
	return events[0], payload
}

// never is a criterion that no event about an execution fits.
func never() automation.Criterion {
	return automation.Criterion{Key: "trigger.action_ref", Operator: "equals", Pattern: "no.such"}
}

func TestTheEndOfAnExecutionIsAnEventWhenARuleWantsIt(t *testing.T) {
	t.Parallel()
	says := runnerFunc(func(_ context.Context, job runner.Job) (runner.Result, error) {
		if strings.Contains(string(job.Input), "boom") {
			return runner.Result{Code: automation.CodeExitCode, Message: "no", Hint: "try later"}, nil
		}
		return runner.Result{Output: json.RawMessage(`{"n":9007199254740993}`)}, nil
	})
	b := start(t, says, reacting(t, on(automation.TriggerActionEnded, "ended", "test.echo", never()), on(automation.TriggerExecutionFailed, "failed", "test.echo", never())))
	x, err := b.Submit(t.Context(), automation.RunRequest{Action: "test.echo", Parameters: map[string]any{"text": "hi", "key": "hunter2"}})
	if err != nil {
		t.Fatal(err)
	}
	done := b.final(x.ID) // whoever sees the end sees the event: they are one transaction
	ev, payload := b.only(automation.TriggerActionEnded)
	if ev.Cause != x.ID || ev.Depth != 1 || ev.Looked != 1 || !strings.Contains(string(ev.Payload), "9007199254740993") {
		t.Errorf("event = %+v", ev)
	}
	want := map[string]any{"execution_id": x.ID, "status": "succeeded", "action_name": "echo", "action_ref": "test.echo", "runner_ref": "wasm",
		"parameters":      map[string]any{"text": "hi", "key": "********"},
		"start_timestamp": done.StartedAt.UTC().Format(time.RFC3339Nano), "end_timestamp": done.FinishedAt.UTC().Format(time.RFC3339Nano)}
	delete(payload, "result")
	if diff := cmp.Diff(want, payload); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
	if failed := b.about(automation.TriggerExecutionFailed); len(failed) != 0 {
		t.Errorf("a success was told as a failure: %+v", failed)
	}

	a := b.ingest("echo", "boom")
	b.final(a.Executions[0])
	_, payload = b.only(automation.TriggerExecutionFailed)
	if payload["code"] != "exit_code" || payload["message"] != "no" || payload["hint"] != "try later" || payload["rule"] != "test.do_echo" || payload["event"] != a.Event {
		t.Errorf("payload = %v", payload)
	}
	if ended := b.about(automation.TriggerActionEnded); len(ended) != 2 || !strings.Contains(string(ended[1].Payload), `"result":{"code":"exit_code","error":"no"}`) {
		t.Errorf("ended = %+v", ended)
	}
}

func TestAnEndCostsNothingWhenNoRuleWantsIt(t *testing.T) {
	t.Parallel()
	b := start(t, answer("1"), reacting(t))
	b.final(b.ingest("echo", "x").Executions[0])
	events, err := b.store.Events(t.Context(), store.EventQuery{})
	if err != nil || len(events) != 1 {
		t.Errorf("%d events, %v; want the first one only", len(events), err)
	}
}

func TestStatusesAreSpelledAsStackStormDoes(t *testing.T) {
	t.Parallel()
	for status, want := range map[automation.Status]string{automation.Succeeded: "succeeded", automation.Failed: "failed", automation.TimedOut: "timeout", automation.Canceled: "canceled"} {
		if got := statusWord(status); got != want {
			t.Errorf("%s is spelled %s, want %s", status, got, want)
		}
	}
}

func TestAnExecutionThatFailedBeforeItBeganIsAnEventToo(t *testing.T) {
	t.Parallel()
	b := start(t, answer("1"), reacting(t, on(automation.TriggerExecutionFailed, "failed", "test.echo")))
	a := b.ingest("missing", "x")
	ev, payload := b.only(automation.TriggerExecutionFailed)
	if ev.Cause != a.Executions[0] || payload["code"] != "unknown_action" || len(payload["parameters"].(map[string]any)) != 0 {
		t.Errorf("event = %+v", ev)
	}
	if x := b.final(ev.Executions[0].ID); x.Status != automation.Succeeded {
		t.Errorf("what it started is %s", x.Status)
	}
}

func TestACanceledExecutionIsAnEvent(t *testing.T) {
	t.Parallel()
	began := make(chan string, 1)
	change := reacting(t, on(automation.TriggerActionEnded, "ended", "test.echo", never()))
	b := start(t, untilStopped(began), func(o *Options) { change(o); o.Workers = 1 })
	running := b.ingest("echo", "x").Executions[0]
	<-began
	waiting := b.ingest("echo", "y").Executions[0]
	for _, id := range []string{waiting, running} {
		if err := b.Cancel(t.Context(), id, "mira"); err != nil {
			t.Fatal(err)
		}
		b.final(id)
	}
	for i, ev := range b.about(automation.TriggerActionEnded) {
		if want := []string{waiting, running}[i]; ev.Cause != want || !strings.Contains(string(ev.Payload), `"status":"canceled"`) {
			t.Errorf("event %d = %+v", i, ev)
		}
	}
	if n := len(b.about(automation.TriggerActionEnded)); n != 2 {
		t.Errorf("%d events, want two", n)
	}
}

func TestAnExecutionThatWasLostTooOftenIsAnEvent(t *testing.T) {
	t.Parallel()
	db := openStore(t)
	now := time.Now()
	x := automation.Execution{ExecutionSummary: automation.ExecutionSummary{ID: (&automation.IDs{}).New(), Action: "test.echo", Status: automation.Running, CreatedAt: now},
		Parameters: json.RawMessage(`{"text":"x"}`), MaxAttempts: 1, MaxLost: 1}
	if err := db.Accept(t.Context(), store.Acceptance{Executions: []automation.Execution{x}}); err != nil {
		t.Fatal(err)
	}
	b := startOn(t, db, answer("1"), reacting(t, on(automation.TriggerExecutionFailed, "failed", "test.echo")))
	ev, payload := b.only(automation.TriggerExecutionFailed)
	if ev.Cause != x.ID || payload["code"] != "lost" || payload["parameters"].(map[string]any)["text"] != "x" {
		t.Errorf("event = %+v", ev)
	}
	if done := b.final(ev.Executions[0].ID); done.Status != automation.Succeeded {
		t.Errorf("what it started is %s", done.Status)
	}
}

// countingMeter tells when a chain was cut and what did not fit.
type countingMeter struct {
	noMeter
	cut     chan struct{}
	misfits chan string
}

func newCountingMeter() countingMeter {
	return countingMeter{cut: make(chan struct{}, 10_000), misfits: make(chan string, 100)}
}

func (m countingMeter) ChainCut()                           { m.cut <- struct{}{} }
func (m countingMeter) PayloadMisfit(trigger, check string) { m.misfits <- trigger + " " + check }

func TestARuleThatGoesRoundInACircleIsCut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, do string }{
		{"when its executions run", "echo"},
		{"when they fail before they begin", "missing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			meter := newCountingMeter()
			change := reacting(t, on(automation.TriggerActionEnded, "again", automation.NewRef("test", tt.do)))
			b := start(t, answer("1"), func(o *Options) { change(o); o.Meter = meter })
			b.ingest(tt.do, "x")
			<-meter.cut
			events := b.about(automation.TriggerActionEnded)
			if len(events) != maxDepth {
				t.Fatalf("%d events, want %d", len(events), maxDepth)
			}
			for i, ev := range events {
				last := i == maxDepth-1
				if ev.Depth != i+1 || (ev.Warning != "") != last {
					t.Errorf("event %d has depth %d and warning %q", i, ev.Depth, ev.Warning)
				}
			}
		})
	}
}

func TestAChainIsCutAcrossARestart(t *testing.T) {
	t.Parallel()
	db := openStore(t)
	ids := &automation.IDs{}
	ev := automation.Event{ID: ids.New(), Trigger: automation.TriggerActionEnded, ReceivedAt: time.Now(), Payload: json.RawMessage(`{}`), Depth: maxDepth}
	x := automation.Execution{ExecutionSummary: automation.ExecutionSummary{ID: ids.New(), Action: "test.echo", Status: automation.Pending, CreatedAt: time.Now(), Event: ev.ID},
		Parameters: json.RawMessage(`{"text":"x"}`), MaxAttempts: 1, MaxLost: 1}
	if err := db.Accept(t.Context(), store.Acceptance{Event: &ev, Executions: []automation.Execution{x}}); err != nil {
		t.Fatal(err)
	}
	meter := newCountingMeter()
	change := reacting(t, on(automation.TriggerActionEnded, "again", "test.echo"))
	b := startOn(t, db, answer("1"), func(o *Options) { change(o); o.Meter = meter })
	b.final(x.ID)
	<-meter.cut
	b.only(automation.TriggerActionEnded)
}

func TestManyRulesThatGoRoundInACircleAreBounded(t *testing.T) {
	t.Parallel()
	meter := newCountingMeter()
	var rules []automation.Rule
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		rules = append(rules, on(automation.TriggerExecutionFailed, name, "test.missing"))
	}
	change := reacting(t, rules...)
	b := start(t, answer("1"), func(o *Options) { change(o); o.Meter = meter })
	b.ingest("missing", "x")
	<-meter.cut
	events, err := b.store.Events(t.Context(), store.EventQuery{Limit: 10 * maxFollowing})
	if err != nil || len(events) > maxFollowing+6 { // those of the last execution may all come
		t.Errorf("%d events, %v", len(events), err)
	}
}

// picky refuses a finish with an output, as a store would that finds
// something in it that it can not keep.
type picky struct{ store.Store }

func (r picky) Finish(ctx context.Context, f store.Finish) error {
	if f.Output != nil {
		return automation.Invalid("not this")
	}
	return r.Store.Finish(ctx, f)
}

func TestAResultThatCanNotBeStoredIsToldAsAFailure(t *testing.T) {
	t.Parallel()
	b := startOn(t, picky{openStore(t)}, answer("1"), reacting(t, on(automation.TriggerActionEnded, "ended", "test.echo", never())))
	b.final(b.ingest("echo", "x").Executions[0])
	if _, payload := b.only(automation.TriggerActionEnded); payload["status"] != "failed" {
		t.Errorf("payload = %v", payload)
	}
}

func TestAPayloadThatDoesNotFitIsRefusedOrNoted(t *testing.T) {
	t.Parallel()
	schema := map[string]any{"type": "object", "properties": map[string]any{"n": map[string]any{"type": "integer", "required": true}}}
	for _, tt := range []struct {
		name    string
		check   automation.PayloadCheck
		payload string
		refused bool
		warning string
		counted string
	}{
		{"reject is the default", "", `{"n":"x"}`, true, "", "test.odd reject"},
		{"reject", automation.PayloadReject, `{}`, true, "", "test.odd reject"},
		{"warn", automation.PayloadWarn, `{"n":"x"}`, false, "n is string, not integer", "test.odd warn"},
		{"what fits", automation.PayloadReject, `{"n":1}`, false, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			meter := newCountingMeter()
			c := newCatalogue(t, echoAction())
			c.triggers = map[automation.Ref]automation.TriggerType{"test.odd": {Pack: "test", Name: "odd", PayloadSchema: schema, PayloadCheck: tt.check}}
			b := start(t, answer("1"), func(o *Options) { o.Catalogue = func() Catalogue { return c }; o.Meter = meter })
			a, err := b.Ingest(t.Context(), automation.Event{Trigger: "test.odd", Payload: json.RawMessage(tt.payload)})
			if (err != nil) != tt.refused || err != nil && !errors.Is(err, automation.ErrInvalid) {
				t.Fatalf("ingest: %v", err)
			}
			stored := b.about("test.odd")
			if tt.refused != (len(stored) == 0) {
				t.Fatalf("%d events stored", len(stored))
			}
			if !tt.refused && (stored[0].ID != a.Event || stored[0].Warning != tt.warning) {
				t.Errorf("event = %+v", stored[0])
			}
			select {
			case got := <-meter.misfits:
				if got != tt.counted {
					t.Errorf("counted %q, want %q", got, tt.counted)
				}
			default:
				if tt.counted != "" {
					t.Error("not counted")
				}
			}
		})
	}
}

func TestTheServersOwnEventsAreRaisedWhenWanted(t *testing.T) {
	t.Parallel()
	b := start(t, answer("1"), reacting(t, on(automation.TriggerPackFailed, "broken", "test.echo")))
	payload := map[string]any{"pack": "p", "error": "bad"}
	for _, trigger := range []automation.Ref{automation.TriggerPackFailed, automation.TriggerPackLoaded} {
		if err := b.Raise(t.Context(), trigger, "pack p", payload); err != nil {
			t.Fatal(err)
		}
	}
	if _, got := b.only(automation.TriggerPackFailed); !maps.Equal(got, payload) {
		t.Errorf("payload = %v", got)
	}
	if n := len(b.about(automation.TriggerPackLoaded)); n != 0 {
		t.Errorf("%d events that nobody wants", n)
	}
}

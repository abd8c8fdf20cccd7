package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
	"github.com/squall-dev/squall/runtime/parameter"
	"github.com/squall-dev/squall/runtime/policy"
	"github.com/squall-dev/squall/runtime/rule"
	"github.com/squall-dev/squall/runtime/store"
)

// Ingest matches an event against the rules in service and commits it, with all
// verdicts and executions, in one transaction. Id and time are set here. When it
// returns nil, nothing of it can be lost; when it fails, nothing of it is there.
func (e *Engine) Ingest(ctx context.Context, ev automation.Event) (automation.Accepted, error) {
	accepted, err := e.IngestAll(ctx, []automation.Event{ev})
	if err != nil {
		return automation.Accepted{}, err
	}
	return accepted[0], nil
}

// IngestAll does for several events what Ingest does for one, all of them or none,
// and stores how far their source has come. Events that came before, by their key,
// are left out of both. Whoever gives the same keys twice at the same time must expect
// that one of the two calls fails as a whole.
func (e *Engine) IngestAll(ctx context.Context, events []automation.Event, marks ...automation.Mark) ([]automation.Accepted, error) {
	return e.ingest(ctx, events, marks, nil)
}

// IngestOnce does what Ingest does, unless an event with the same key came to the
// same webhook before: then nothing is stored, and the answer names that event.
func (e *Engine) IngestOnce(ctx context.Context, ev automation.Event, key store.EventKey) (_ automation.Accepted, again bool, err error) {
	accepted, err := e.ingest(ctx, []automation.Event{ev}, nil, &key)
	if err == nil {
		return accepted[0], false, nil
	}
	if known := (*automation.Error)(nil); !errors.As(err, &known) || known.Code != store.CodeDuplicateEvent {
		return automation.Accepted{}, false, err
	}
	first, err := e.Store.KeyedEvent(ctx, key.Webhook, key.Key, e.Now())
	return automation.Accepted{Event: first, Executions: []string{}}, true, err
}

// cameBefore tells whether an event of the same key is stored. It is asked before
// rules are, whose controls would count the event.
func (e *Engine) cameBefore(ctx context.Context, ev automation.Event, now time.Time) (bool, error) {
	if ev.Once == nil {
		return false, nil
	}
	_, err := e.Store.KeyedEvent(ctx, ev.Once.Scope, ev.Once.Key, now)
	if errors.Is(err, automation.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (e *Engine) ingest(ctx context.Context, events []automation.Event, marks []automation.Mark, key *store.EventKey) ([]automation.Accepted, error) {
	if !e.accepting.Load() {
		return nil, errNotAccepting()
	}
	began := e.Now()
	all := make([]store.Acceptance, 0, len(events)+1)
	accepted := make([]automation.Accepted, 0, len(events))
	for _, ev := range events {
		again, err := e.cameBefore(ctx, ev, began)
		if err != nil {
			return nil, err
		}
		if again {
			continue
		}
		a, err := e.judge(ctx, ev, began)
		if err != nil {
			return nil, err
		}
		a.Key = key
		if once := ev.Once; once != nil {
			a.Key = &store.EventKey{Webhook: once.Scope, Key: once.Key, Expires: once.Until}
		}
		all = append(all, a)
		accepted = append(accepted, automation.Accepted{Event: a.Event.ID, Looked: a.Event.Looked, Matched: a.Event.Matched, Executions: idsOf(a.Executions)})
	}
	all = e.settle(ctx, all)
	if len(marks) > 0 {
		all = append(all, store.Acceptance{Marks: marks})
	}
	if err := e.commit(ctx, all...); err != nil {
		return nil, fmt.Errorf("commit event: %w", err)
	}
	for _, a := range all {
		if a.Event != nil {
			e.Meter.EventAccepted(string(a.Event.Trigger), time.Since(began))
		}
	}
	return accepted, nil
}

// judge decides what an event leads to.
func (e *Engine) judge(ctx context.Context, ev automation.Event, at time.Time) (store.Acceptance, error) {
	ev.ID, ev.ReceivedAt, ev.PayloadBytes = e.IDs.New(), at, int64(len(ev.Payload))
	ev.TraceID = cmp.Or(ev.TraceID, ev.Trace, ev.ID)
	payload, err := expr.Decode(ev.Payload)
	if err != nil {
		return store.Acceptance{}, automation.Invalid("the event's payload is not JSON").Because(err)
	}
	catalogue := e.Catalogue()
	if err := e.checkPayload(catalogue, &ev, payload); err != nil {
		return store.Acceptance{}, err
	}
	judged := catalogue.Rules().Judge(e.input(ctx, ev, payload, at))
	ev.Looked = judged.Looked
	a := store.Acceptance{Event: &ev}
	for _, m := range judged.Matches {
		e.addVerdict(ctx, &a, catalogue, m)
	}
	return a, nil
}

// input is an event as rules see it.
func (e *Engine) input(ctx context.Context, ev automation.Event, payload any, at time.Time) rule.Input {
	return rule.Input{Trigger: ev.Trigger, Parameters: ev.Parameters, Payload: payload, Now: at, Event: ev, KV: e.keyReader(ctx, at)}
}

func (e *Engine) addVerdict(ctx context.Context, a *store.Acceptance, catalogue Catalogue, m rule.Match) {
	v := m.Verdict
	v.Event = a.Event.ID
	if v.Outcome == automation.Matched {
		e.askControls(a, m, &v)
	}
	if v.Outcome == automation.Matched {
		a.Event.Matched++
	}
	if v.Outcome == automation.Matched && !v.Observed {
		x := e.newExecution(ctx, catalogue, wishOf(m, a.Event))
		v.Execution = x.ID
		a.Executions = append(a.Executions, x)
	}
	a.Verdicts = append(a.Verdicts, v)
}

// commit makes an acceptance durable. Executions for which a worker is idle are
// committed as running, so that they start without a second commit.
func (e *Engine) commit(ctx context.Context, all ...store.Acceptance) error {
	if slices.ContainsFunc(all, func(a store.Acceptance) bool { return len(a.Executions) > 0 }) {
		e.line.throttle(ctx)
	}
	e.commits.RLock()
	defer e.commits.RUnlock()
	if !e.accepting.Load() {
		return errNotAccepting()
	}
	if err := e.room(all); err != nil {
		e.undo(all, allotment{})
		return err
	}
	var got allotment
	for _, a := range all {
		e.reserve(ctx, a.Executions, &got)
	}
	if err := e.Store.Accept(ctx, all...); err != nil {
		e.undo(all, got)
		return err
	}
	e.countVerdicts(all)
	for _, t := range got.claimed {
		e.tasks <- t
	}
	e.line.push(got.waiting...)
	e.noteDelayed(all, got)
	return nil
}

// undo takes back what was decided about acceptances that could not be stored.
func (e *Engine) undo(all []store.Acceptance, got allotment) {
	for _, a := range all {
		e.flow.Undo(a.Flow)
	}
	for _, t := range got.claimed {
		e.running.remove(t.execution.ID)
		e.freed(e.gate.Undo(t.execution.ID))
		e.line.putBack()
	}
	for _, d := range got.delayed { // whoever looks may find that nothing waits
		e.gate.Hold(d.Policy, d.Key)
		e.reschedule()
	}
}

// noteDelayed tells of new executions that are delayed, now that they are stored.
func (e *Engine) noteDelayed(all []store.Acceptance, got allotment) {
	for _, d := range got.delayed {
		e.held(d)
	}
	for _, a := range all {
		for i := range a.Executions {
			if a.Executions[i].RunAfter != nil {
				e.Meter.ExecutionsDelayed("time", 1)
				e.reschedule()
			}
		}
	}
}

// countVerdicts counts what is durable now. An event that came before, or that could
// not be stored, is judged and leaves no verdict.
func (e *Engine) countVerdicts(all []store.Acceptance) {
	for i := range all {
		for j := range all[i].Verdicts {
			v := &all[i].Verdicts[j]
			e.Meter.VerdictReached(string(v.Outcome), string(v.Control))
		}
	}
}

// allotment is what new executions got: a worker, or a place to wait.
type allotment struct {
	claimed []task
	waiting []automation.Execution
	delayed []policy.Decision
}

// reserve gives idle workers to new executions, as far as there are any and policies
// let it. One that a policy cancels is left to the dispatcher: its end has consequences.
func (e *Engine) reserve(ctx context.Context, xs []automation.Execution, got *allotment) {
	for i := range xs {
		x := &xs[i]
		if x.Status != automation.Pending {
			continue
		}
		d := e.enter(ctx, x)
		switch {
		case d.Action == automation.PolicyDelay:
			delay(x, d)
			got.delayed = append(got.delayed, d)
		case d.Passes() && e.line.reserve():
			e.claim(x)
			e.running.expect(x.ID)
			got.claimed = append(got.claimed, task{execution: *x, started: true})
		default:
			e.freed(e.gate.Undo(x.ID))
			got.waiting = append(got.waiting, *x)
		}
	}
}

func errNotAccepting() error {
	return automation.Unavailable("the server is starting or stopping").WithHint("try again in a moment")
}

// claim turns a new execution into one whose first attempt has begun.
func (e *Engine) claim(x *automation.Execution) {
	now := e.Now()
	x.Status, x.Attempts, x.StartedAt = automation.Running, 1, &now
	x.AttemptList = []automation.Attempt{{Number: 1, Status: automation.AttemptRunning, StartedAt: now}}
}

// summarise renders the action's summary. A template that does not fit these
// parameters costs the summary, not the execution.
func summarise(action automation.Action, params map[string]any) string {
	if action.Summary == "" {
		return ""
	}
	t, err := expr.Compile(action.Summary)
	if err != nil {
		return ""
	}
	v, err := t.Eval(parameter.Redact(action.Parameters, params))
	if err != nil {
		return ""
	}
	const most = 200
	if s := []rune(fmt.Sprint(v)); len(s) > most {
		return string(s[:most]) + "…"
	}
	return fmt.Sprint(v)
}

func encode(params map[string]any) json.RawMessage {
	if params == nil {
		return json.RawMessage("{}")
	}
	b, err := json.Marshal(params)
	if err != nil { // values come from JSON or YAML; what is left are infinities
		return json.RawMessage("{}")
	}
	return b
}

func idsOf(xs []automation.Execution) []string {
	out := make([]string, 0, len(xs))
	for _, x := range xs {
		out = append(out, x.ID)
	}
	return out
}

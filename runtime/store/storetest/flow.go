package storetest

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func testFlow(t *testing.T, open func(*testing.T) store.Store) {
	cases{
		{"a state comes back, and a newer one replaces it", flowReplace},
		{"an older state never replaces a newer one", flowOlder},
		{"a state that was forgotten stays so, whatever comes late", flowForgotten},
		{"states of other rules, controls and keys stay apart", flowApart},
		{"a state that has expired is not there", flowExpiry},
		{"a suppressed verdict passes, and starts its execution", releaseOne},
		{"a verdict passes once", releaseTwice},
		{"only what was suppressed can pass", releaseOthers},
		{"a release that is refused takes everything with it", releaseAllOrNothing},
		{"items pass one by one", releaseItems},
	}.run(t, open)
}

// state makes what a rule's dedupe remembers of a key for an hour.
func (b *bench) state(key string, version int64, value string) automation.FlowState {
	return automation.FlowState{
		Rule: "labs_sre.on_alert", Control: automation.ControlDedupe, Key: key,
		Value: json.RawMessage(value), Expires: b.time().Add(time.Hour), Version: version,
	}
}

func (b *bench) putStates(t *testing.T, states ...automation.FlowState) {
	t.Helper()
	must(t, b.Accept(t.Context(), store.Acceptance{Flow: states}))
}

func (b *bench) states(t *testing.T) []automation.FlowState {
	t.Helper()
	states, err := b.FlowStates(t.Context(), b.time())
	must(t, err)
	return states
}

func flowReplace(t *testing.T, b *bench) {
	if states := b.states(t); states == nil || len(states) != 0 {
		t.Errorf("a new store has the states %#v", states)
	}
	b.putStates(t, b.state(strange, 1, `{"event":"a"}`))
	b.pass(time.Minute)
	second := b.state(strange, 2, `{"event":"b"}`)
	b.putStates(t, second)
	same(t, "states", b.states(t), []automation.FlowState{second})
}

// flowOlder is what happens when two commits overtake each other.
func flowOlder(t *testing.T, b *bench) {
	newer := b.state("k", 7, `{"event":"new"}`)
	b.putStates(t, newer)
	b.putStates(t, b.state("k", 6, `{"event":"old"}`), b.state("k", 7, `{"event":"same"}`))
	same(t, "states", b.states(t), []automation.FlowState{newer})
}

func flowForgotten(t *testing.T, b *bench) {
	gone := b.state("k", 3, `null`)
	gone.Value = nil
	b.putStates(t, b.state("k", 1, `{"event":"a"}`), gone)
	b.putStates(t, b.state("k", 2, `{"event":"late"}`))
	gone.Value = json.RawMessage(`null`)
	same(t, "states", b.states(t), []automation.FlowState{gone})
}

func flowApart(t *testing.T, b *bench) {
	want := []automation.FlowState{b.state("", 1, `1`), b.state("x", 1, `2`), b.state("x", 1, `3`), b.state("x", 1, `4`)}
	want[2].Control = automation.ControlThrottle
	want[3].Rule = "labs_sre.on_leak"
	b.putStates(t, want...)
	same(t, "states", b.states(t), want)
}

func flowExpiry(t *testing.T, b *bench) {
	b.putStates(t, b.state("short", 1, `1`))
	b.pass(time.Minute)
	long := b.state("long", 2, `2`)
	b.putStates(t, long)
	b.pass(59*time.Minute - time.Nanosecond)
	if n := len(b.states(t)); n != 2 {
		t.Errorf("%d states before the first expires; want 2", n)
	}
	b.pass(time.Nanosecond)
	same(t, "states", b.states(t), []automation.FlowState{long})
}

// held makes an acceptance of one suppressed verdict for each item.
func (b *bench) held(items ...*int) store.Acceptance {
	event := b.event()
	a := store.Acceptance{Event: &event}
	for _, item := range items {
		a.Verdicts = append(a.Verdicts, automation.Verdict{
			Event: event.ID, Rule: "labs_sre.on_alert", Item: item, Outcome: automation.Suppressed, Held: 1, Total: 1,
			Control: automation.ControlDedupe, Reason: "an equal event came 12s ago", Criteria: []automation.CriterionResult{},
		})
	}
	return a
}

// letPass makes the acceptance that lets a verdict pass.
func (b *bench) letPass(event string, rule automation.Ref, item int) store.Acceptance {
	x := b.execution(automation.Pending)
	x.Event, x.Rule = event, rule
	return store.Acceptance{
		Executions: []automation.Execution{x},
		Releases:   []store.Release{{Event: event, Rule: rule, Item: item, Execution: x.ID, By: "ann", At: b.time()}},
	}
}

// released is a verdict as it is after its release.
func released(v automation.Verdict, r store.Release) automation.Verdict {
	v.Execution, v.ReleasedBy, v.ReleasedAt = r.Execution, r.By, &r.At
	return v
}

func (b *bench) heldVerdicts(t *testing.T) []automation.Verdict {
	t.Helper()
	list, err := b.Verdicts(t.Context(), store.VerdictQuery{Held: true})
	must(t, err)
	return list
}

func releaseOne(t *testing.T, b *bench) {
	a := b.held(nil)
	must(t, b.Accept(t.Context(), a))
	same(t, "held verdicts", b.heldVerdicts(t), a.Verdicts)
	b.pass(time.Minute)
	r := b.letPass(a.Event.ID, "labs_sre.on_alert", -1)
	must(t, b.Accept(t.Context(), r))
	got, err := b.Event(t.Context(), a.Event.ID)
	must(t, err)
	same(t, "verdicts", got.Verdicts, []automation.Verdict{released(a.Verdicts[0], r.Releases[0])})
	same(t, "executions", summaryIDs(got.Executions), []string{r.Executions[0].ID})
	same(t, "held verdicts", b.heldVerdicts(t), []automation.Verdict{})
}

func releaseTwice(t *testing.T, b *bench) {
	a := b.held(nil)
	must(t, b.Accept(t.Context(), a))
	first := b.letPass(a.Event.ID, "labs_sre.on_alert", -1)
	must(t, b.Accept(t.Context(), first))
	second := b.letPass(a.Event.ID, "labs_sre.on_alert", -1)
	wantCode(t, b.Accept(t.Context(), second), automation.ErrConflict, "already_released")
	_, err := b.Execution(t.Context(), second.Executions[0].ID)
	wantKind(t, err, automation.ErrNotFound)
	got, err := b.Event(t.Context(), a.Event.ID)
	must(t, err)
	same(t, "verdicts", got.Verdicts, []automation.Verdict{released(a.Verdicts[0], first.Releases[0])})
}

func releaseOthers(t *testing.T, b *bench) {
	a := b.acceptance()
	must(t, b.Accept(t.Context(), a))
	for _, tt := range []struct {
		name  string
		event string
		rule  automation.Ref
		item  int
		kind  error
		code  string
	}{
		{"one that matched", a.Event.ID, "labs_sre.on_alert", -1, automation.ErrConflict, "not_suppressed"},
		{"one that did not match", a.Event.ID, "another.rule", -1, automation.ErrConflict, "not_suppressed"},
		{"a rule that did not look", a.Event.ID, "labs_sre.unheard_of", -1, automation.ErrNotFound, "unknown_verdict"},
		{"an item that is not there", a.Event.ID, "labs_sre.on_alert", 0, automation.ErrNotFound, "unknown_verdict"},
		{"an event that is not there", b.ids.New(), "labs_sre.on_alert", -1, automation.ErrNotFound, "unknown_verdict"},
	} {
		r := b.letPass(tt.event, tt.rule, tt.item)
		r.Executions[0].Event = ""
		t.Log(tt.name)
		wantCode(t, b.Accept(t.Context(), r), tt.kind, tt.code)
		_, err := b.Execution(t.Context(), r.Executions[0].ID)
		wantKind(t, err, automation.ErrNotFound)
	}
}

func releaseAllOrNothing(t *testing.T, b *bench) {
	a, event := b.held(nil), b.event()
	must(t, b.Accept(t.Context(), a))
	good := b.letPass(a.Event.ID, "labs_sre.on_alert", -1)
	good.Flow = []automation.FlowState{b.state("k", 1, `1`)}
	err := b.Accept(t.Context(), good, store.Acceptance{Event: &event}, b.letPass(a.Event.ID, "labs_sre.on_alert", -1))
	wantCode(t, err, automation.ErrConflict, "already_released")
	same(t, "held verdicts", b.heldVerdicts(t), a.Verdicts)
	same(t, "states", b.states(t), []automation.FlowState{})
	_, err = b.Event(t.Context(), event.ID)
	wantKind(t, err, automation.ErrNotFound)
	_, err = b.Execution(t.Context(), good.Executions[0].ID)
	wantKind(t, err, automation.ErrNotFound)
}

func releaseItems(t *testing.T, b *bench) {
	zero, one := 0, 1
	a := b.held(&zero, &one)
	must(t, b.Accept(t.Context(), a))
	r := b.letPass(a.Event.ID, "labs_sre.on_alert", one)
	must(t, b.Accept(t.Context(), r))
	got, err := b.Event(t.Context(), a.Event.ID)
	must(t, err)
	same(t, "verdicts", got.Verdicts, []automation.Verdict{a.Verdicts[0], released(a.Verdicts[1], r.Releases[0])})
	same(t, "held verdicts", b.heldVerdicts(t), a.Verdicts[:1])
}

// wantCode checks what an error says to programs.
func wantCode(t *testing.T, err, kind error, code string) {
	t.Helper()
	wantKind(t, err, kind)
	if e := (*automation.Error)(nil); !errors.As(err, &e) || e.Code != code {
		t.Errorf("error is %v; want one with code %s", err, code)
	}
}

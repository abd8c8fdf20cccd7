package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func testAccept(t *testing.T, open func(*testing.T) store.Store) {
	cases{
		{"everything that was accepted can be read", acceptAll},
		{"an event that starts nothing is kept", acceptNothing},
		{"a running execution has its first attempt", acceptRunning},
		{"a failed execution is finished", acceptFailed},
		{"what an execution can not begin as is refused", acceptWrongStatus},
		{"a second event of the same id is refused whole", acceptTwice},
		{"a second execution of the same id takes its event with it", acceptExecutionTwice},
		{"a wrong id is refused", acceptWrongID},
		{"a verdict without an event is refused", acceptOrphan},
		{"strange text comes back as it was", acceptStrange},
		{"the caller's values stay as they are", acceptUntouched},
	}.run(t, open)
}

// acceptance is an event, one matching rule and its execution.
func (b *bench) acceptance() store.Acceptance {
	event, e := b.event(), b.execution(automation.Running)
	event.Matched, event.Looked = 1, 2
	e.Rule, e.Event = "labs_sre.on_alert", event.ID
	return store.Acceptance{
		Event: &event,
		Verdicts: []automation.Verdict{
			{Event: event.ID, Rule: "labs_sre.on_alert", Outcome: automation.Matched, Held: 1, Total: 1, Execution: e.ID,
				Criteria: []automation.CriterionResult{{Key: "trigger.body.n", Operator: "gt", Pattern: 3, Actual: 4, Matched: true}}},
			{Event: event.ID, Rule: "another.rule", Outcome: automation.NotMatched, Total: 1,
				Criteria: []automation.CriterionResult{{Key: "trigger.x", Operator: "eq", Pattern: "a", Actual: nil}}},
		},
		Executions: []automation.Execution{e},
	}
}

func acceptAll(t *testing.T, b *bench) {
	a := b.acceptance()
	must(t, b.Accept(t.Context(), a))

	got, err := b.Event(t.Context(), a.Event.ID)
	must(t, err)
	want := *a.Event
	want.Verdicts = a.Verdicts
	want.Executions = []automation.ExecutionSummary{b.get(t, a.Executions[0].ID).ExecutionSummary}
	same(t, "event", got, want)
}

func acceptNothing(t *testing.T, b *bench) {
	event := b.event()
	must(t, b.Accept(t.Context(), store.Acceptance{Event: &event}))
	got, err := b.Event(t.Context(), event.ID)
	must(t, err)
	same(t, "event", got, event)
}

func acceptRunning(t *testing.T, b *bench) {
	e := b.execution(automation.Running)
	b.accept(t, e)
	got := b.get(t, e.ID)
	at := b.time()
	e.Attempts, e.StartedAt = 1, &at
	e.AttemptList = []automation.Attempt{{Number: 1, Status: automation.AttemptRunning, StartedAt: at}}
	e.Artifacts = []automation.Artifact{}
	same(t, "execution", got, e)
}

func acceptFailed(t *testing.T, b *bench) {
	e := b.execution(automation.Failed)
	e.Code, e.Message, e.Hint = automation.CodeUnknownAction, "no pack has it", "install one"
	b.accept(t, e)
	got := b.get(t, e.ID)
	at := b.time()
	e.FinishedAt = &at
	e.AttemptList, e.Artifacts = []automation.Attempt{}, []automation.Artifact{}
	same(t, "execution", got, e)
}

func acceptWrongStatus(t *testing.T, b *bench) {
	for _, status := range []automation.Status{automation.Paused, automation.Waiting, automation.Succeeded, automation.TimedOut, automation.Canceled, "asleep", ""} {
		e := b.execution(status)
		err := b.Accept(t.Context(), store.Acceptance{Executions: []automation.Execution{e}})
		wantKind(t, err, automation.ErrInvalid)
		_, err = b.Execution(t.Context(), e.ID)
		wantKind(t, err, automation.ErrNotFound)
	}
}

func acceptTwice(t *testing.T, b *bench) {
	first := b.event()
	must(t, b.Accept(t.Context(), store.Acceptance{Event: &first}))
	second, e := first, b.execution(automation.Pending)
	second.Summary = "another"
	err := b.Accept(t.Context(), store.Acceptance{Event: &second, Executions: []automation.Execution{e}})
	wantKind(t, err, automation.ErrConflict)
	got, err := b.Event(t.Context(), first.ID)
	must(t, err)
	same(t, "summary", got.Summary, first.Summary)
	_, err = b.Execution(t.Context(), e.ID)
	wantKind(t, err, automation.ErrNotFound)
}

func acceptExecutionTwice(t *testing.T, b *bench) {
	e := b.in(t, automation.Pending)
	before, err := b.LastSeq(t.Context())
	must(t, err)
	event := b.event()
	err = b.Accept(t.Context(), store.Acceptance{Event: &event, Executions: []automation.Execution{b.execution(automation.Pending), e}})
	wantKind(t, err, automation.ErrConflict)
	_, err = b.Event(t.Context(), event.ID)
	wantKind(t, err, automation.ErrNotFound)
	list, err := b.Executions(t.Context(), store.ExecutionQuery{})
	must(t, err)
	same(t, "executions", summaryIDs(list), []string{e.ID})
	after, err := b.LastSeq(t.Context())
	must(t, err)
	same(t, "sequence after a refusal", after, before)
}

func acceptWrongID(t *testing.T, b *bench) {
	event, e := b.event(), b.execution(automation.Pending)
	event.ID, e.ID = "short", "0123456789ABCDEF01234567"
	wantKind(t, b.Accept(t.Context(), store.Acceptance{Event: &event}), automation.ErrInvalid)
	wantKind(t, b.Accept(t.Context(), store.Acceptance{Executions: []automation.Execution{e}}), automation.ErrInvalid)
}

func acceptOrphan(t *testing.T, b *bench) {
	a := b.acceptance()
	a.Event = nil
	wantKind(t, b.Accept(t.Context(), a), automation.ErrInvalid)
}

func acceptStrange(t *testing.T, b *bench) {
	event, e := b.event(), b.execution(automation.Pending)
	event.Summary, e.Summary, e.StartedBy = strange, strange, strange
	event.Parameters = map[string]any{strange: strange}
	e.Parameters, _ = json.Marshal(map[string]string{"text": strange})
	must(t, b.Accept(t.Context(), store.Acceptance{Event: &event, Executions: []automation.Execution{e}}))
	got, err := b.Event(t.Context(), event.ID)
	must(t, err)
	same(t, "event", got, event)
	back := b.get(t, e.ID)
	same(t, "execution", []any{back.Summary, back.StartedBy, back.Parameters}, []any{strange, strange, e.Parameters})
}

func acceptUntouched(t *testing.T, b *bench) {
	a := b.acceptance()
	before := plain(t, a)
	must(t, b.Accept(t.Context(), a))
	b.pass(time.Second)
	same(t, "acceptance", a, before)
}

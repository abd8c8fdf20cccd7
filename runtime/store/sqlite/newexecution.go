package sqlite

import (
	"encoding/json"

	"github.com/squall-dev/squall/runtime/automation"
)

// executionRows is a new execution as the writer stores it.
type executionRows struct {
	execution []any
	data      []any
	attempt   *automation.Attempt  // the first, when it runs at once
	kept      automation.Execution // its small columns
}

// newExecutionRows checks a new execution and completes what follows from its
// status.
func newExecutionRows(e automation.Execution) (executionRows, error) {
	if !automation.ValidID(e.ID) {
		return executionRows{}, automation.Invalid("%q is not an execution id", e.ID)
	}
	first, err := begin(&e)
	if err != nil {
		return executionRows{}, err
	}
	if e.Parameters == nil {
		e.Parameters = json.RawMessage(`{}`)
	}
	retry, err := json.Marshal(e.Retry)
	if err != nil {
		return executionRows{}, automation.Invalid("the retry plan of execution %s can not be stored", e.ID).Because(err)
	}
	kept := asStored(e)
	kept.LogLines = 0
	return executionRows{
		execution: []any{e.ID, string(e.Action), string(e.Status), e.Summary, string(e.Rule), e.Event, e.Parent,
			e.Attempts, string(e.Code), nanos(e.CreatedAt), nanosOrNull(e.StartedAt), nanosOrNull(e.FinishedAt), e.DryRun, e.StartedFrom,
			e.Priority, nanosOrNull(e.RunAfter), e.DelayReason, e.TraceID,
			e.StartedBy, inList(e.Message), inList(e.Hint), 0, e.MaxAttempts, e.MaxLost, e.Depth, e.Awaited, string(retry), e.DelayKey, e.Rated,
			listRow(&e.ExecutionSummary).sum(), restRow(&e).sum()},
		data: []any{e.ID, string(e.Parameters), textOrNull(e.Output), e.Trace, fullText(e.Message), fullText(e.Hint),
			givenSum(e, string(e.Parameters)), sumOf(string(e.Output), e.Trace)},
		attempt: first,
		kept:    kept,
	}, nil
}

// begin sets what a new execution's status implies: running has a first attempt,
// failed has ended, pending and delayed have done nothing yet.
func begin(e *automation.Execution) (first *automation.Attempt, err error) {
	e.Attempts = 0
	if e.Status != automation.Delayed {
		e.RunAfter, e.DelayReason, e.DelayKey = nil, "", ""
	}
	switch e.Status {
	case automation.Pending, automation.Delayed:
		e.StartedAt, e.FinishedAt, e.Code = nil, nil, ""
	case automation.Running:
		if e.StartedAt == nil {
			e.StartedAt = &e.CreatedAt
		}
		e.Attempts, e.FinishedAt, e.Code = 1, nil, ""
		first = &automation.Attempt{Number: 1, Status: automation.AttemptRunning, StartedAt: *e.StartedAt}
	case automation.Failed:
		if e.FinishedAt == nil {
			e.FinishedAt = &e.CreatedAt
		}
		e.StartedAt = nil
	default:
		return nil, automation.Invalid("an execution can not begin as %q", e.Status)
	}
	return first, nil
}

// insert stores an execution; event is the one that it came with, if any.
func (r executionRows) insert(t *tx, event *automation.Event) error {
	trigger, err := "", error(nil)
	if event != nil && event.ID == r.kept.Event {
		trigger = string(event.Trigger)
	} else if trigger, err = t.triggerOf(r.kept.Event); err != nil {
		return err
	}
	const insertExecution = `INSERT INTO executions (` + executionColumns + `, list_sum, rest_sum, trigger)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	if err := t.exec(insertExecution, append(r.execution[:len(r.execution):len(r.execution)], trigger)...); err != nil {
		return err
	}
	const insertData = `INSERT INTO execution_data (execution, parameters, output, trace, full_message, full_hint, sum, output_sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
	if err := t.exec(insertData, r.data...); err != nil {
		return err
	}
	if r.attempt != nil {
		if err := beginAttempt(t, r.kept.ID, *r.attempt); err != nil {
			return err
		}
	}
	t.noteSkew(r.kept.ID, r.kept.CreatedAt)
	t.count(tally{kind{r.kept.Action, r.kept.Rule, trigger, r.kept.StartedBy}, r.kept.Status, r.kept.CreatedAt, 1, 0})
	t.shifted(r.kept.Action, "", r.kept.Status)
	t.w.recent.remember(r.kept, hidden{trigger: trigger})
	t.announceExecution(r.kept.ExecutionSummary)
	return nil
}

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// Start turns a pending execution into a running one and begins its next attempt.
func (s *Store) Start(ctx context.Context, id string, at time.Time) (attempt int, err error) {
	err = s.do(ctx, "start execution "+id, func(t *tx) error {
		e, err := t.stepFrom(id, automation.Running)
		if err != nil {
			return err
		}
		e.Attempts++
		e.StartedAt = &at
		attempt = e.Attempts
		if err := t.storeStep(e); err != nil {
			return err
		}
		return beginAttempt(t, id, automation.Attempt{Number: attempt, StartedAt: at})
	})
	if err != nil {
		return 0, err
	}
	return attempt, nil
}

// Cancel ends an execution that waits as canceled. A running one has an owner, who
// must stop it and Finish it.
func (s *Store) Cancel(ctx context.Context, id, message string, at time.Time, then ...store.Acceptance) error {
	follows, err := newConsequences(then)
	if err != nil {
		return err
	}
	return s.do(ctx, "cancel execution "+id, func(t *tx) error {
		e, err := t.stepFrom(id, automation.Canceled)
		if err != nil {
			return err
		}
		if e.was == automation.Running {
			return wrongStatus(e.ID, e.was).WithHint("whoever runs it must stop it")
		}
		e.FinishedAt = &at
		e.Code, e.Message = automation.CodeCanceled, message
		if err := t.storeStep(e); err != nil {
			return err
		}
		return follows.insert(t)
	})
}

// Finish ends the running attempt and stores all that came of it.
func (s *Store) Finish(ctx context.Context, f store.Finish) error {
	rows, err := s.newFinishRows(f)
	if err != nil {
		return err
	}
	return s.do(ctx, "finish execution "+f.ID, func(t *tx) error { return rows.store(t) })
}

// finishRows is the end of an attempt as the writer stores it.
type finishRows struct {
	store.Finish
	attempt   endedAttempt
	log       logRows
	artifacts [][]any
	follows   consequences
}

func (s *Store) newFinishRows(f store.Finish) (rows finishRows, err error) {
	if f.Attempt.Status == automation.AttemptRunning || f.Attempt.FinishedAt == nil {
		return rows, automation.Invalid("attempt %d of execution %s has not ended", f.Attempt.Number, f.ID)
	}
	f.Artifacts = append([]automation.Artifact(nil), f.Artifacts...) // the caller's stay as they are
	rows.Finish = f
	if rows.attempt, err = s.newEndedAttempt(f.ID, f.Attempt, f.Tape); err != nil {
		return rows, err
	}
	if rows.log, err = newLogRows(f.ID, f.Log); err != nil {
		return rows, err
	}
	for i := range f.Artifacts {
		row, err := s.newArtifactRow(f.ID, &f.Artifacts[i])
		if err != nil {
			return rows, err
		}
		rows.artifacts = append(rows.artifacts, row)
	}
	rows.follows, err = newConsequences(f.Then)
	return rows, err
}

func (r finishRows) store(t *tx) error {
	e, err := t.stepFrom(r.ID, r.Status)
	if err != nil {
		return err
	}
	if err := r.check(e); err != nil {
		return err
	}
	// The log and the artifacts come first, so that whoever sees the end of an
	// execution on the live stream has seen all of it.
	if err := r.log.append(t, &e.Execution); err != nil {
		return err
	}
	if err := r.storeArtifacts(t); err != nil {
		return err
	}
	if err := r.attempt.update(t); err != nil {
		return err
	}
	if err := r.storeData(t); err != nil {
		return err
	}
	r.outcome(&e.Execution)
	e.RunAfter, e.DelayReason = r.RunAfter, r.DelayReason
	if err := t.storeStep(e); err != nil {
		return err
	}
	return r.follows.insert(t)
}

// check refuses an end that does not belong to the attempt that runs.
func (r finishRows) check(e step) error {
	if e.was != automation.Running {
		return wrongStatus(e.ID, e.was)
	}
	if e.Attempts != r.Attempt.Number {
		return automation.Conflict("execution %s runs attempt %d, not %d", e.ID, e.Attempts, r.Attempt.Number).
			WithCode("wrong_attempt")
	}
	return r.log.follows(e.Execution)
}

func (r finishRows) storeArtifacts(t *tx) error {
	for i, row := range r.artifacts {
		if err := insertArtifact(t, row); err != nil {
			return err
		}
		a := r.Artifacts[i]
		t.announce(automation.Change{Kind: automation.ArtifactCreated, Artifact: &a})
	}
	return nil
}

func (r finishRows) storeData(t *tx) error {
	if r.Output == nil && r.Trace == "" {
		return nil
	}
	return t.exec(`UPDATE execution_data SET output = ?, trace = ?, output_sum = ? WHERE execution = ?`,
		textOrNull(r.Output), r.Trace, sumOf(string(r.Output), r.Trace), r.ID)
}

// outcome says on the execution why it did not succeed. One that goes back has no
// outcome yet: its attempt remembers.
func (r finishRows) outcome(e *automation.Execution) {
	e.Code, e.Message, e.Hint = "", "", ""
	if !r.Status.Final() {
		return
	}
	e.FinishedAt = r.Attempt.FinishedAt
	e.Message, e.Hint = r.Attempt.Message, r.Hint
	if r.Status != automation.Succeeded {
		e.Code = r.Attempt.Code
	}
}

// step is an execution on its way from one status to the next.
type step struct {
	automation.Execution // its small columns, with the status it will have
	was                  automation.Status
}

// stepFrom reads an execution that is to become next, and refuses a step that the
// law does not allow before anything is written.
func (t *tx) stepFrom(id string, next automation.Status) (step, error) {
	e, err := t.execution(id)
	if err != nil {
		return step{}, err
	}
	if !e.Status.CanBecome(next) {
		return step{}, wrongStatus(id, e.Status)
	}
	was := e.Status
	e.Status = next
	return step{e, was}, nil
}

func (t *tx) execution(id string) (e automation.Execution, err error) {
	if known, ok := t.w.recent[id]; ok {
		return known.execution, nil
	}
	row, err := t.row(`SELECT `+executionColumns+` FROM executions WHERE id = ?`, id)
	if err != nil {
		return e, err
	}
	e, err = scanExecution(row)
	if errors.Is(err, sql.ErrNoRows) {
		return e, unknownExecution(id)
	}
	return e, err
}

func (t *tx) storeStep(e step) error {
	h, err := t.recount(e)
	if err != nil {
		return err
	}
	if e.Status != automation.Delayed { // nothing else waits for a policy
		e.DelayKey = ""
	}
	if e.Status != automation.Delayed && e.Status != automation.Paused {
		e.RunAfter, e.DelayReason = nil, ""
	}
	if err := t.updateStep(e, h); err != nil {
		return err
	}
	if err := t.storeLong(e); err != nil {
		return err
	}
	t.w.recent.remember(e.Execution, hidden{trigger: h.trigger})
	t.shifted(e.Action, e.was, e.Status)
	t.announceExecution(e.ExecutionSummary)
	return nil
}

// updateStep writes the row. The end of what runs is most of what the writer does, and
// has a statement of its own: SQLite takes a row out of each index that holds a column
// it sets, and puts it in again, also when the value is the same.
func (t *tx) updateStep(e step, h hidden) error {
	const end = `UPDATE executions SET status = ?, code = ?, message = ?, hint = ?, log_lines = ?, finished_at = ?, list_sum = ?, rest_sum = ? WHERE id = ?`
	const update = `UPDATE executions
		SET status = ?, attempts = ?, code = ?, message = ?, hint = ?, log_lines = ?, started_at = ?, finished_at = ?,
			doc = NULL, bytes = 0, run_after = ?, delay_reason = ?, delay_key = ?, list_sum = ?, rest_sum = ?
		WHERE id = ?`
	sum, rest := listRow(&e.ExecutionSummary).sum(), restRow(&e.Execution).sum()
	if e.was == automation.Running && e.Status.Final() && !h.doc.Valid && h.bytes == 0 {
		return t.exec(end, string(e.Status), string(e.Code), inList(e.Message), inList(e.Hint), e.LogLines, nanosOrNull(e.FinishedAt), sum, rest, e.ID)
	}
	return t.exec(update, string(e.Status), e.Attempts, string(e.Code), inList(e.Message), inList(e.Hint), e.LogLines,
		nanosOrNull(e.StartedAt), nanosOrNull(e.FinishedAt), nanosOrNull(e.RunAfter), e.DelayReason, e.DelayKey, sum, rest, e.ID)
}

// longest is how much of a message or hint stands in the rows that lists read.
const longest = 160

func inList(text string) string {
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "")
}

// fullText is what the list's row has only the beginning of.
func fullText(text string) any {
	if len(text) <= longest {
		return nil
	}
	return text
}

// storeLong keeps what is too long for the list.
func (t *tx) storeLong(e step) error {
	if len(e.Message) <= longest && len(e.Hint) <= longest {
		return nil
	}
	return t.exec(`UPDATE execution_data SET full_message = ?, full_hint = ? WHERE execution = ?`, fullText(e.Message), fullText(e.Hint), e.ID)
}

func wrongStatus(id string, is automation.Status) *automation.Error {
	return automation.Conflict("execution %s is %s", id, is).WithCode(fmt.Sprintf("execution_%s", is))
}

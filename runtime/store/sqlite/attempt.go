package sqlite

import (
	"context"
	"encoding/json"

	"github.com/squall-dev/squall/runtime/automation"
)

const attemptColumns = `execution, number, status, started_at, finished_at, code, message, usage, sum`

// readAttempt is an attempt as its row holds it, not looked at yet.
type readAttempt struct {
	automation.Attempt
	execution, usage string
	sum              *int64
}

func (a *readAttempt) fields() []any {
	return []any{&a.execution, &a.Number, &a.Status, instant{&a.StartedAt}, maybeInstant{&a.FinishedAt}, &a.Code, &a.Message, &a.usage, &a.sum}
}

// whole decodes the attempt. A damaged one says that it is.
func (a *readAttempt) whole() automation.Attempt {
	if !attemptRow(a.execution, &a.Attempt, a.usage).fits(a.sum) || json.Unmarshal([]byte(a.usage), &a.Usage) != nil {
		a.Code, a.Message, a.Usage = automation.CodeDamaged, rowDamaged, automation.Usage{}
	}
	return a.Attempt
}

func scanAttempt(row scanner) (automation.Attempt, error) {
	var a readAttempt
	err := row.Scan(a.fields()...)
	return a.whole(), err
}

func scanAttemptWithCalls(row scanner) (automation.Attempt, error) {
	var a readAttempt
	var calls string
	var sum *int64
	err := row.Scan(append(a.fields(), &calls, &sum)...)
	whole := a.whole()
	if !leftRow(a.execution, a.Number, calls).fits(sum) || json.Unmarshal([]byte(calls), &whole.HostCalls) != nil {
		whole.Code, whole.Message, whole.HostCalls = automation.CodeDamaged, rowDamaged, nil
	}
	return whole, err
}

func attempts(ctx context.Context, q querier, execution string) ([]automation.Attempt, error) {
	return collect(ctx, q, scanAttemptWithCalls,
		`SELECT `+attemptColumns+`, host_calls, calls_sum FROM attempts WHERE execution = ? ORDER BY number`, execution)
}

// attemptsInShort leaves out the host calls, which may be thousands.
func attemptsInShort(ctx context.Context, q querier, e automation.Execution) ([]automation.Attempt, error) {
	if e.Attempts == 0 {
		return []automation.Attempt{}, nil
	}
	return collect(ctx, q, scanAttempt,
		`SELECT `+attemptColumns+` FROM attempts WHERE execution = ? ORDER BY number`, e.ID)
}

func beginAttempt(t *tx, execution string, a automation.Attempt) error {
	const insertAttempt = `INSERT INTO attempts (execution, number, status, started_at, code, message, usage, host_calls)
		VALUES (?, ?, 'running', ?, '', '', '{}', 'null')`
	return t.exec(insertAttempt, execution, a.Number, nanos(a.StartedAt))
}

// endedAttempt is the end of an attempt as the writer stores it.
type endedAttempt []any

func (s *Store) newEndedAttempt(execution string, a automation.Attempt, told *automation.Tape) (endedAttempt, error) {
	usage, err := json.Marshal(a.Usage)
	if err != nil {
		return nil, automation.Invalid("the usage of execution %s can not be stored", execution).Because(err)
	}
	calls, err := json.Marshal(a.HostCalls)
	if err != nil {
		return nil, automation.Invalid("the host calls of execution %s can not be stored", execution).Because(err)
	}
	tape, err := s.tapes.pack(told)
	if err != nil {
		return nil, automation.Invalid("the tape of execution %s can not be stored", execution).Because(err)
	}
	return endedAttempt{string(a.Status), nanosOrNull(a.FinishedAt), string(a.Code), a.Message,
		string(usage), string(calls), tape, attemptRow(execution, &a, string(usage)).sum(), leftRow(execution, a.Number, calls).sum(),
		leftRow(execution, a.Number, tape).sum(),
		execution, a.Number}, nil
}

func (a endedAttempt) update(t *tx) error {
	const endAttempt = `UPDATE attempts
		SET status = ?, finished_at = ?, code = ?, message = ?, usage = ?, host_calls = ?, tape = ?, sum = ?, calls_sum = ?, tape_sum = ?
		WHERE execution = ? AND number = ? AND status = 'running'`
	return t.exec(endAttempt, a...)
}

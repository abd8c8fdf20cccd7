package sqlite

import (
	"context"
	"encoding/json"

	"github.com/squall-dev/squall/runtime/automation"
)

const attemptColumns = `number, status, started_at, finished_at, code, message, usage`

func attemptFields(a *automation.Attempt) []any {
	return []any{&a.Number, &a.Status, instant{&a.StartedAt}, maybeInstant{&a.FinishedAt}, &a.Code, &a.Message,
		decoded{&a.Usage}}
}

func scanAttempt(row scanner) (a automation.Attempt, err error) {
	err = row.Scan(attemptFields(&a)...)
	return a, err
}

func scanAttemptWithCalls(row scanner) (a automation.Attempt, err error) {
	err = row.Scan(append(attemptFields(&a), decoded{&a.HostCalls})...)
	return a, err
}

func attempts(ctx context.Context, q querier, execution string) ([]automation.Attempt, error) {
	return collect(ctx, q, scanAttemptWithCalls,
		`SELECT `+attemptColumns+`, host_calls FROM attempts WHERE execution = ? ORDER BY number`, execution)
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

func newEndedAttempt(execution string, a automation.Attempt, told *automation.Tape) (endedAttempt, error) {
	usage, err := json.Marshal(a.Usage)
	if err != nil {
		return nil, automation.Invalid("the usage of execution %s can not be stored", execution).Because(err)
	}
	calls, err := json.Marshal(a.HostCalls)
	if err != nil {
		return nil, automation.Invalid("the host calls of execution %s can not be stored", execution).Because(err)
	}
	tape, err := packTape(told)
	if err != nil {
		return nil, automation.Invalid("the tape of execution %s can not be stored", execution).Because(err)
	}
	return endedAttempt{string(a.Status), nanosOrNull(a.FinishedAt), string(a.Code), a.Message,
		string(usage), string(calls), tape, execution, a.Number}, nil
}

func (a endedAttempt) update(t *tx) error {
	const endAttempt = `UPDATE attempts
		SET status = ?, finished_at = ?, code = ?, message = ?, usage = ?, host_calls = ?, tape = ?
		WHERE execution = ? AND number = ? AND status = 'running'`
	return t.exec(endAttempt, a...)
}

package sqlite

import (
	"context"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// defaultMaxLost is what an execution that does not say may lose.
const defaultMaxLost = 3

// Recover ends the attempts that died with the last process. Their executions go
// back, or fail when that happened too often: an action that kills the server
// must not be able to do so for ever.
func (s *Store) Recover(ctx context.Context, at time.Time, follow func(automation.Execution) []store.Acceptance) (back, failed int, err error) {
	err = s.do(ctx, "recover", func(t *tx) error {
		back, failed, err = recoverAll(t, at, follow)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	return back, failed, nil
}

func recoverAll(t *tx, at time.Time, follow func(automation.Execution) []store.Acceptance) (back, failed int, err error) {
	running, err := t.running()
	for _, e := range running {
		next, err := recoverOne(t, e, at)
		if err != nil {
			return 0, 0, err
		}
		if next.Status == automation.Pending {
			back++
			continue
		}
		failed++
		if err := t.followLoss(next.Execution, follow); err != nil {
			return 0, 0, err
		}
	}
	return back, failed, err
}

func (t *tx) running() ([]automation.Execution, error) {
	rows, err := t.rows(`SELECT ` + executionColumns + ` FROM executions WHERE status = 'running' ORDER BY id`)
	if err != nil {
		return nil, err
	}
	return drain(rows, scanExecution)
}

// followLoss stores what comes of an execution that was lost too often.
func (t *tx) followLoss(e automation.Execution, follow func(automation.Execution) []store.Acceptance) error {
	if follow == nil {
		return nil
	}
	row, err := t.row(`SELECT parameters FROM execution_data WHERE execution = ?`, e.ID)
	if err != nil {
		return err
	}
	if err := row.Scan(raw{&e.Parameters}); err != nil {
		return err
	}
	follows, err := newConsequences(follow(e))
	if err != nil {
		return err
	}
	return follows.insert(t)
}

func recoverOne(t *tx, e automation.Execution, at time.Time) (step, error) {
	const loseAttempt = `UPDATE attempts SET status = ?, finished_at = ?, code = ?, message = ?, usage = '{}', sum = ?
		WHERE execution = ? AND number = ? AND status = 'running'`
	a := automation.Attempt{Number: e.Attempts, Status: automation.AttemptLost, FinishedAt: &at, Code: automation.CodeLost,
		Message: "the server stopped while this attempt ran"}
	if err := t.exec(loseAttempt, string(a.Status), nanos(at), string(a.Code), a.Message, attemptRow(e.ID, &a, "{}").sum(), e.ID, a.Number); err != nil {
		return step{}, err
	}
	lost, err := t.lost(e.ID)
	if err != nil {
		return step{}, err
	}
	next := afterLoss(e, lost, at)
	return next, t.storeStep(next)
}

func (t *tx) lost(id string) (n int, err error) {
	row, err := t.row(`SELECT count(*) FROM attempts WHERE execution = ? AND status = 'lost'`, id)
	if err != nil {
		return 0, err
	}
	return n, row.Scan(&n)
}

func afterLoss(e automation.Execution, lost int, at time.Time) step {
	limit := e.MaxLost
	if limit <= 0 {
		limit = defaultMaxLost
	}
	next := step{e, e.Status}
	if lost < limit {
		next.Status = automation.Pending
		return next
	}
	next.Status, next.Code, next.FinishedAt = automation.Failed, automation.CodeLost, &at
	next.Message = "the server stopped every time it ran this"
	next.Hint = "look at the server's log for what stopped it; run the execution again once that is settled"
	return next
}

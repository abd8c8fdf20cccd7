package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// Pending returns pending executions, those of higher priority first, with parameters
// and attempts (without their host calls), which is what deciding about the next
// attempt needs.
func (s *Store) Pending(ctx context.Context, after store.Place, limit int) ([]automation.Execution, error) {
	if after.ID == "" {
		after.Priority = math.MaxInt64
	}
	return s.waiting(ctx, "list pending executions", `executions_pending`, pendingAfter+` ORDER BY priority DESC, id LIMIT ?`,
		after.Priority, after.Priority, after.ID, limitOr(limit, defaultLimit))
}

// Due returns delayed executions whose time has come.
func (s *Store) Due(ctx context.Context, at time.Time, limit int) ([]automation.Execution, error) {
	return s.waiting(ctx, "list executions that are due", `executions_due`, isDue+` ORDER BY run_after, id LIMIT ?`, nanos(at), limitOr(limit, defaultLimit))
}

// Held returns executions that a policy delays, those of higher priority first.
func (s *Store) Held(ctx context.Context, key string, limit int) ([]automation.Execution, error) {
	return s.waiting(ctx, "list executions that a policy delays", `executions_delay`, isHeld+` ORDER BY priority DESC, id LIMIT ?`, key, limitOr(limit, defaultLimit))
}

// The conditions name all that the partial indexes demand. The indexes are named in the
// queries: the planner prefers that of the status, which does not have their order.
const (
	pendingAfter = `status = 'pending' AND priority <= ? AND (priority < ? OR id > ?)`
	isDue        = `status = 'delayed' AND run_after IS NOT NULL AND run_after <= ?`
	isHeld       = `delay_key = ? AND delay_key <> ''`
)

func (s *Store) waiting(ctx context.Context, doing, index, condition string, args ...any) (list []automation.Execution, err error) {
	var all []pendingRow
	err = s.snapshot(ctx, doing, func(q querier) error {
		all, err = collect(ctx, q, scanPending,
			`SELECT `+fullColumns+` FROM executions INDEXED BY `+index+` JOIN execution_data ON execution = id WHERE `+condition, args...)
		for i := range all {
			if err == nil {
				all[i].AttemptList, err = attemptsInShort(ctx, q, all[i].Execution)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	list, err = s.sound(ctx, all)
	if err == nil && len(list) < len(all) { // a short page would mean that there are no more
		return s.waiting(ctx, doing, index, condition, args...)
	}
	return list, err
}

// NextDue returns the earliest time that a delayed execution waits for.
func (s *Store) NextDue(ctx context.Context) (at time.Time, ok bool, err error) {
	const query = `SELECT run_after FROM executions INDEXED BY executions_due
		WHERE status = 'delayed' AND run_after IS NOT NULL ORDER BY run_after LIMIT 1`
	err = s.read.QueryRowContext(ctx, query).Scan(instant{&at})
	if errors.Is(err, sql.ErrNoRows) {
		return at, false, nil
	}
	if err != nil {
		return at, false, fmt.Errorf("read the next time that an execution waits for: %w", s.readError(ctx, err))
	}
	return at, true, nil
}

// HeldKeys counts by key the executions that policies delay.
func (s *Store) HeldKeys(ctx context.Context) (map[string]int, error) {
	type count struct {
		key string
		n   int
	}
	scan := func(row scanner) (c count, err error) { err = row.Scan(&c.key, &c.n); return c, err }
	counts, err := collect(ctx, s.read, scan, `SELECT delay_key, count(*) FROM executions WHERE delay_key <> '' GROUP BY delay_key`)
	if err != nil {
		return nil, fmt.Errorf("count executions that policies delay: %w", s.readError(ctx, err))
	}
	keys := map[string]int{}
	for _, c := range counts {
		keys[c.key] = c.n
	}
	return keys, nil
}

// Starts returns when attempts of an action's rated executions began, newest first.
func (s *Store) Starts(ctx context.Context, action automation.Ref, since time.Time, limit int) ([]time.Time, error) {
	const query = `SELECT a.started_at FROM executions e JOIN attempts a ON a.execution = e.id
		WHERE e.rated = 1 AND e.action = ? AND e.started_at >= ? AND a.started_at >= ? ORDER BY a.started_at DESC LIMIT ?`
	scan := func(row scanner) (at time.Time, err error) { err = row.Scan(instant{&at}); return at, err }
	starts, err := collect(ctx, s.read, scan, query, string(action), nanos(since), nanos(since), limitOr(limit, defaultLimit))
	if err != nil {
		return nil, fmt.Errorf("list starts of %s: %w", action, s.readError(ctx, err))
	}
	return starts, nil
}

// Schedule changes what executions wait for. Those that can not take the step are left
// out; when none can, the error says why the last one could not.
func (s *Store) Schedule(ctx context.Context, steps ...store.Scheduling) (moved []string, err error) {
	for _, step := range steps {
		if step.Status != automation.Pending && step.Status != automation.Delayed && step.Status != automation.Paused {
			return nil, automation.Invalid("an execution can not be scheduled as %q", step.Status)
		}
	}
	err = s.do(ctx, "schedule executions", func(t *tx) error {
		moved = moved[:0] // the closure may run twice
		var refused error
		for _, step := range steps {
			err := t.schedule(step)
			switch {
			case err == nil:
				moved = append(moved, step.ID)
			case errors.Is(err, automation.ErrConflict), errors.Is(err, automation.ErrNotFound):
				refused = err
			default:
				return err
			}
		}
		if len(moved) == 0 {
			return refused
		}
		return nil
	})
	return moved, err
}

func (t *tx) schedule(s store.Scheduling) error {
	e, err := t.stepFrom(s.ID, s.Status)
	if err != nil {
		return err
	}
	if s.From != "" && e.was != s.From {
		return wrongStatus(e.ID, e.was)
	}
	if e.was == automation.Running {
		return wrongStatus(e.ID, e.was).WithHint("whoever runs it must stop it")
	}
	e.RunAfter, e.DelayReason, e.DelayKey = s.RunAfter, s.Reason, s.Key
	return t.storeStep(e)
}

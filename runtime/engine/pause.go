package engine

import (
	"context"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// Pause puts an execution aside that waits: it does not run until Resume.
func (e *Engine) Pause(ctx context.Context, id, user string) error {
	x, err := e.Store.Execution(ctx, id)
	if err != nil {
		return err
	}
	switch {
	case x.Awaited:
		return automation.Conflict("the execution that started %s waits for it", id).WithCode("execution_awaited").
			WithHint("cancel it, or the one that waits: %s", x.StartedFrom)
	case !x.Status.Queued():
		return automation.Conflict("execution %s is %s: only one that waits can be paused", id, x.Status).WithCode("execution_" + string(x.Status))
	}
	_, err = e.Store.Schedule(ctx, store.Scheduling{ID: id, Status: automation.Paused, RunAfter: x.RunAfter, Reason: "paused by " + user})
	if err != nil {
		return err
	}
	e.freed(e.gate.Drop(id))
	return nil
}

// Resume lets a paused execution run; at its time, when that is still to come.
func (e *Engine) Resume(ctx context.Context, id string) error {
	x, err := e.Store.Execution(ctx, id)
	if err != nil {
		return err
	}
	if x.Status != automation.Paused {
		return automation.Conflict("execution %s is %s, not paused", id, x.Status).WithCode("execution_" + string(x.Status))
	}
	step := store.Scheduling{ID: id, Status: automation.Pending, From: automation.Paused}
	if x.RunAfter != nil && x.RunAfter.After(e.Now()) {
		step.Status, step.RunAfter, step.Reason = automation.Delayed, x.RunAfter, notBefore(*x.RunAfter)
	}
	if _, err := e.Store.Schedule(ctx, step); err != nil {
		return err
	}
	if step.Status == automation.Delayed {
		e.reschedule()
		return nil
	}
	x.Status, x.RunAfter, x.DelayReason = automation.Pending, nil, ""
	e.line.push(x)
	return nil
}

func notBefore(at time.Time) string {
	return "it is to run at " + at.UTC().Format(time.RFC3339)
}

package engine

import (
	"context"
	"errors"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// storePatience is how long one step of the store may take before it counts as
// failed and is tried again.
const storePatience = 30 * time.Second

// finish stores how an attempt ended and returns what was stored. A result that
// the store refuses for what is in it is replaced by one that says so: an
// execution must not hang in running because of its own output.
func (e *Engine) finish(parent context.Context, x automation.Execution, f store.Finish) (_ store.Finish, stored bool) {
	const failed = "result could not be stored"
	write := func(ctx context.Context) error { return e.Store.Finish(ctx, f) }
	f.Then = e.followEnd(parent, x, f)
	err := e.insist(parent, failed, f.ID, write)
	if err != nil && permanent(err) && !errors.Is(err, automation.ErrNotFound) {
		f = unstorable(f)
		f.Then = e.followEnd(parent, x, f)
		err = e.insist(parent, failed, f.ID, write)
	}
	if err == nil {
		e.followed(f.Then, e.Now().Sub(*f.Attempt.FinishedAt))
	}
	return f, err == nil
}

// followEnd decides what comes of the end of an attempt, if it is the execution's.
func (e *Engine) followEnd(parent context.Context, x automation.Execution, f store.Finish) []store.Acceptance {
	if !f.Status.Final() || x.DryRun { // what did not happen has no consequences
		return nil
	}
	x.Status, x.Output, x.FinishedAt = f.Status, f.Output, f.Attempt.FinishedAt
	x.Code, x.Message, x.Hint = f.Attempt.Code, f.Attempt.Message, f.Hint
	return e.settle(parent, e.follow(parent, x, e.depthOf(parent, x)))
}

// cancelStored ends an execution that waits as canceled, with what comes of it.
func (e *Engine) cancelStored(ctx context.Context, id, message string) error {
	now := e.Now()
	var then []store.Acceptance
	if e.Catalogue().Rules().HasTrigger(automation.TriggerActionEnded) {
		x, err := e.Store.Execution(ctx, id)
		if err != nil {
			return err
		}
		if !x.Status.Final() && x.Status != automation.Running { // else it can not be canceled so
			x.Status, x.Code, x.Message, x.FinishedAt = automation.Canceled, automation.CodeCanceled, message, &now
			then = e.settle(ctx, e.follow(ctx, x, e.depthOf(ctx, x)))
		}
	}
	if err := e.Store.Cancel(ctx, id, message, now, then...); err != nil {
		return err
	}
	e.freed(e.gate.Drop(id))
	e.followed(then, e.Now().Sub(now))
	return nil
}

// unstorable keeps of a result only that there was one.
func unstorable(f store.Finish) store.Finish {
	f.Output, f.Trace, f.Log, f.Artifacts, f.Then = nil, "", nil, nil, nil
	f.Attempt.HostCalls, f.Tape = nil, nil
	if f.Attempt.Status == automation.AttemptInterrupted || f.Attempt.Status == automation.AttemptCanceled {
		return f
	}
	f.Status, f.Attempt.Status, f.Attempt.Code = automation.Failed, automation.AttemptFailed, automation.CodeInternal
	f.Attempt.Message = "the action ended, but the server could not store its result; its log says why"
	f.Hint = ""
	return f
}

// cancelPending ends an execution that somebody wanted to stop when its attempt
// had just ended or could not begin.
func (e *Engine) cancelPending(parent context.Context, id string, wish error) {
	_ = e.insist(parent, "execution could not be canceled", id, func(ctx context.Context) error {
		return e.cancelStored(ctx, id, wish.Error())
	})
}

// insist does something with the store until it succeeds, or can not succeed. It
// does not give up while the process lives: an execution must not hang in running
// because the disk was full for a minute. A shutdown ends it after the try under
// way; the next start then finds the attempt lost.
func (e *Engine) insist(parent context.Context, failed, id string, do func(context.Context) error) error {
	for pause := e.Backoff; ; pause = min(2*pause, time.Minute) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(parent), storePatience)
		err := do(ctx)
		cancel()
		if err == nil {
			return nil
		}
		e.Logger.Error(failed, "execution", id, "err", err)
		if permanent(err) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-parent.Done():
			return err
		}
	}
}

// permanent reports whether trying again would change nothing.
func permanent(err error) bool {
	return errors.Is(err, automation.ErrConflict) || errors.Is(err, automation.ErrNotFound) || errors.Is(err, automation.ErrInvalid)
}

// giveBack returns a claimed task that nobody began.
func (e *Engine) giveBack(ctx context.Context, t task) {
	if !t.started {
		return
	}
	now := e.Now()
	attempt := t.execution.AttemptList[len(t.execution.AttemptList)-1]
	attempt.Status, attempt.FinishedAt, attempt.Message = automation.AttemptInterrupted, &now, "interrupted: "+errShutdown.Error()
	if err := e.Store.Finish(ctx, store.Finish{ID: t.execution.ID, Attempt: attempt, Status: automation.Pending}); err != nil {
		e.Logger.Error("execution could not be given back", "execution", t.execution.ID, "err", err)
	}
	e.running.remove(t.execution.ID)
}

package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// maxDepthOfChildren is how many executions may start one another. An action that
// runs itself would otherwise never come to rest.
const maxDepthOfChildren = 8

// runChild runs an action for the code of an execution, as an execution of its own.
// It belongs to the same event, so that rights that are bound to the event stay so,
// and chains of events find their end. In a dry run the child is one as well.
//
// A child that is waited for runs in the place of the one that waits, on the same
// worker: executions that wait for others can not keep these from running, however
// few workers there are. parent is what the worker itself ends with.
func (e *Engine) runChild(ctx, parent context.Context, from automation.Execution, r automation.ChildRun) (automation.Execution, error) {
	if !e.accepting.Load() {
		return automation.Execution{}, errNotAccepting()
	}
	x, err := e.newChild(ctx, from, r)
	if err != nil {
		return x, err
	}
	if r.Wait {
		return e.runInPlace(ctx, parent, x)
	}
	a := store.Acceptance{Executions: []automation.Execution{x}}
	if err := e.commit(ctx, a); err != nil {
		return x, fmt.Errorf("commit execution: %w", err)
	}
	return a.Executions[0], nil
}

func (e *Engine) newChild(ctx context.Context, from automation.Execution, r automation.ChildRun) (automation.Execution, error) {
	if from.Depth >= maxDepthOfChildren {
		return automation.Execution{}, automation.Denied("%s is number %d of executions that started one another: it can start no further one", from.Action, from.Depth).
			WithHint("does an action run itself, maybe by way of another?")
	}
	catalogue := e.Catalogue()
	if _, err := findAction(catalogue, r.Action); err != nil {
		return automation.Execution{}, err
	}
	x := e.newExecution(ctx, catalogue, wish{action: r.Action, given: r.Parameters, user: cmp.Or(from.StartedBy, systemUser), trace: from.TraceID})
	x.StartedBy, x.StartedFrom, x.Depth, x.Event, x.DryRun = from.StartedBy, from.ID, from.Depth+1, from.Event, from.DryRun
	if x.Code == automation.CodeInvalidParameters {
		return x, automation.Invalid("%s", x.Message).WithCode(string(x.Code)).WithHint("%s", x.Hint)
	}
	return x, nil
}

// origin finds the rule that started the first of the executions that led to x.
func (e *Engine) origin(x automation.Execution) func(context.Context) (automation.Ref, error) {
	return func(ctx context.Context) (automation.Ref, error) {
		for x.Rule == "" && x.StartedFrom != "" {
			from, err := e.Store.Execution(ctx, x.StartedFrom)
			if err != nil {
				return "", fmt.Errorf("find the execution that %s was started from: %w", x.ID, err)
			}
			x = from
		}
		return x.Rule, nil
	}
}

// runInPlace runs a child to its end, with all its attempts, and cancels it when ctx
// is done: nobody waits for it then.
func (e *Engine) runInPlace(ctx, parent context.Context, x automation.Execution) (automation.Execution, error) {
	defer e.line.hold(x.ID)()
	x.Awaited, x.MaxLost = true, 1 // with the process dies whoever waits; its next attempt starts another child
	within, stop := context.WithCancelCause(context.WithoutCancel(parent))
	defer stop(nil)
	left := nobodyWaits()
	defer context.AfterFunc(ctx, func() { stop(left) })()

	t, err := e.beginInPlace(ctx, x)
	if err != nil {
		return x, fmt.Errorf("commit execution: %w", err)
	}
	for {
		if end := e.admitInPlace(within, &t); end != nil {
			e.cancelPending(parent, x.ID, end)
			break
		}
		rest := e.turn(within, parent, t)
		if !rest.pending {
			break
		}
		if !rest.queue || !passes(within, rest.pause) {
			e.cancelPending(parent, x.ID, left)
			break
		}
		t = task{execution: rest.execution}
	}
	return e.ended(ctx, x.ID)
}

// beginInPlace stores a child as running, or as one that waits for a policy.
func (e *Engine) beginInPlace(ctx context.Context, x automation.Execution) (task, error) {
	if err := e.roomFor(x.Action); err != nil {
		return task{}, err
	}
	d := e.enter(ctx, &x)
	if d.Passes() {
		e.claim(&x)
		e.running.expect(x.ID)
	} else { // whoever waits asks again
		x.Status, x.DelayKey, x.DelayReason = automation.Delayed, awaitedKey, d.Reason
		e.Meter.ExecutionsDelayed(string(d.Policy.Type), 1)
	}
	if err := e.acceptInPlace(ctx, x); err != nil {
		e.running.remove(x.ID)
		e.freed(e.gate.Undo(x.ID))
		return task{}, err
	}
	return task{execution: x, started: d.Passes()}, nil
}

// admitInPlace waits until policies let a child run. Whoever waits has a worker, so that
// the child goes before all others that wait for the same policy. The error says why it
// never will.
func (e *Engine) admitInPlace(within context.Context, t *task) (end error) {
	for !t.started {
		freed := e.gate.Freed() // before asking: who leaves after that is noticed
		d := e.enter(within, &t.execution)
		if d.Passes() {
			return e.comeBackInPlace(within, &t.execution)
		}
		if d.Action == automation.PolicyCancel {
			return fmt.Errorf("%w by %s", errUserCancel, d.Reason)
		}
		select {
		case <-freed:
		case <-time.After(rateTick): // a rate has room without anybody's leaving
		case <-within.Done():
			return context.Cause(within)
		}
	}
	return nil
}

// rateTick is how often a child asks whether a rate has room for it.
const rateTick = 100 * time.Millisecond

// comeBackInPlace makes a delayed child pending, that it can be started.
func (e *Engine) comeBackInPlace(within context.Context, x *automation.Execution) error {
	if x.Status != automation.Delayed {
		return nil
	}
	err := e.insist(within, "a delayed execution could not be let go", x.ID, func(ctx context.Context) error {
		_, err := e.Store.Schedule(ctx, store.Scheduling{ID: x.ID, Status: automation.Pending, From: automation.Delayed})
		return err
	})
	if err != nil && !permanent(err) {
		e.freed(e.gate.Undo(x.ID))
		return err
	}
	x.Status, x.DelayKey, x.DelayReason = automation.Pending, "", "" // or somebody has canceled it: the start will tell
	return nil
}

func nobodyWaits() error { return fmt.Errorf("%w: nobody waits for it any more", errUserCancel) }

// cancelOrphans cancels pending children whose process died between two attempts, and
// returns the others. Those that somebody waits for are held, and not among them.
func (e *Engine) cancelOrphans(ctx context.Context, xs []automation.Execution) []automation.Execution {
	return slices.DeleteFunc(xs, func(x automation.Execution) bool {
		if x.Awaited {
			e.cancelPending(ctx, x.ID, nobodyWaits())
		}
		return x.Awaited
	})
}

func (e *Engine) acceptInPlace(ctx context.Context, x automation.Execution) error {
	e.commits.RLock()
	defer e.commits.RUnlock()
	if !e.accepting.Load() {
		return errNotAccepting()
	}
	return e.Store.Accept(ctx, store.Acceptance{Executions: []automation.Execution{x}})
}

// passes waits; false means that ctx was done before.
func passes(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// ended reads a child that has ended, also when nobody waits any more.
func (e *Engine) ended(ctx context.Context, id string) (automation.Execution, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storePatience)
	defer cancel()
	x, err := e.Store.Execution(ctx, id)
	if err == nil && !x.Status.Final() {
		err = automation.Unavailable("how execution %s ended could not be stored", id)
	}
	return x, err
}

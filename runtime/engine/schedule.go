package engine

import (
	"context"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/policy"
	"github.com/squall-dev/squall/runtime/store"
)

// batch is how many executions come back from their delay in one transaction.
const batch = 500

// awaitedKey is the DelayKey of children that somebody waits for: whoever waits brings
// them back, nobody else.
const awaitedKey = "awaited"

// reschedule wakes watchWaiting: something new waits, or there may be room.
func (e *Engine) reschedule() {
	select {
	case e.schedule <- struct{}{}:
	default:
	}
}

// freed wakes watchWaiting when an execution that left has made room.
func (e *Engine) freed(ripe bool) {
	if ripe {
		e.reschedule()
	}
}

// loadHeld reads, after a start, what waits for policies. Children for which somebody
// waited are canceled: the process that waited is gone.
func (e *Engine) loadHeld(ctx context.Context) error {
	keys, err := e.Store.HeldKeys(ctx)
	if err != nil {
		return err
	}
	for key := range keys {
		if key == awaitedKey {
			if err := e.cancelAwaited(ctx); err != nil {
				return err
			}
			continue
		}
		ref := policy.Of(key)
		p, serves := e.Catalogue().Policy(ref)
		if !serves { // it has gone meanwhile; what waits for it is found so and let go
			p = automation.Policy{Pack: ref.Pack(), Name: ref.Name()}
		}
		e.gate.Hold(p, key)
	}
	return nil
}

func (e *Engine) cancelAwaited(ctx context.Context) error {
	for {
		held, err := e.Store.Held(ctx, awaitedKey, batch)
		if err != nil || len(held) == 0 {
			return err
		}
		for _, x := range held {
			if err := e.cancelStored(ctx, x.ID, nobodyWaits().Error()); err != nil {
				return err
			}
		}
	}
}

// watchWaiting brings delayed executions back, when their time has come or a policy has
// room, until ctx is done.
func (e *Engine) watchWaiting(ctx context.Context) {
	for {
		failed := e.releaseTimed(ctx)
		failed = e.releaseHeld(ctx) || failed
		pause := e.untilNext(ctx)
		if failed {
			pause = e.Backoff
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-e.schedule:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// untilNext is how long nothing comes back by itself. A policy may change at any time,
// and nobody tells, so that what waits for one is looked at every second.
func (e *Engine) untilNext(ctx context.Context) time.Duration {
	now, pause := e.Now(), time.Hour
	due, some, err := e.Store.NextDue(ctx)
	switch {
	case err != nil && ctx.Err() == nil:
		e.Logger.Error("what is delayed could not be read; trying again", "err", err)
		pause = e.Backoff
	case some:
		pause = min(pause, due.Sub(now))
	}
	held, room := e.gate.Waits()
	if held {
		pause = min(pause, time.Second)
	}
	if !room.IsZero() {
		pause = min(pause, room.Sub(now))
	}
	return max(pause, time.Millisecond)
}

// releaseTimed makes executions pending whose time has come.
func (e *Engine) releaseTimed(ctx context.Context) (failed bool) {
	for ctx.Err() == nil {
		due, err := e.Store.Due(ctx, e.Now(), batch)
		if err == nil {
			_, err = e.comeBack(ctx, due)
		}
		if err != nil {
			return e.notReleased(ctx, err)
		}
		if len(due) < batch {
			return false
		}
	}
	return false
}

// releaseHeld makes executions pending for which policies have room.
func (e *Engine) releaseHeld(ctx context.Context) (failed bool) {
	for _, r := range e.gate.Ripe(e.Catalogue().Policy, e.Now()) {
		if err := e.releaseKey(ctx, r); err != nil {
			e.gate.Again(r)
			failed = e.notReleased(ctx, err) || failed
		}
	}
	return failed
}

func (e *Engine) notReleased(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	e.Logger.Error("delayed executions could not be let go; trying again", "err", err)
	return true
}

// releaseKey lets go what waits for one key, as far as there is room.
func (e *Engine) releaseKey(ctx context.Context, r policy.Ripe) error {
	for {
		held, err := e.Store.Held(ctx, r.Key, batch)
		if err != nil {
			return err
		}
		if len(held) == 0 {
			e.gate.Empty(r)
			return nil
		}
		kept, others, full := e.keep(ctx, held, r.Key)
		moved, err := e.comeBack(ctx, kept)
		if err == nil {
			err = e.refuse(ctx, others)
		}
		if err != nil || full || moved+len(others) == 0 {
			return err
		}
	}
}

// keep asks the policies for room for executions that wait for a key, in their order,
// until there is none.
func (e *Engine) keep(ctx context.Context, held []automation.Execution, key string) (kept []automation.Execution, others []refusal, full bool) {
	for i := range held {
		x := &held[i]
		policies := e.Catalogue().Policies(x.Action)
		e.learn(ctx, policies)
		d := e.gate.Keep(policies, x, e.Now(), key)
		switch {
		case d.Passes():
			kept = append(kept, *x)
		case d.Action == automation.PolicyDelay && d.Key == key:
			return kept, others, true
		default:
			others = append(others, refusal{*x, d})
		}
	}
	return kept, others, false
}

// comeBack makes delayed executions pending and queues them. Room that was kept for
// those that have ended or were put aside meanwhile is given up.
func (e *Engine) comeBack(ctx context.Context, xs []automation.Execution) (moved int, err error) {
	if len(xs) == 0 {
		return 0, nil
	}
	steps := make([]store.Scheduling, len(xs))
	for i := range xs {
		steps[i] = store.Scheduling{ID: xs[i].ID, Status: automation.Pending, From: automation.Delayed}
	}
	ids, err := e.Store.Schedule(context.WithoutCancel(ctx), steps...)
	back := map[string]bool{}
	for _, id := range ids {
		back[id] = err == nil
	}
	for _, x := range xs {
		if !back[x.ID] {
			e.freed(e.gate.Drop(x.ID))
			continue
		}
		x.Status, x.RunAfter, x.DelayReason, x.DelayKey = automation.Pending, nil, "", ""
		e.line.push(x)
	}
	if err != nil && permanent(err) { // none of them waits any more
		return 0, nil
	}
	return len(ids), err
}

package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
	"github.com/squall-dev/squall/runtime/flow"
	"github.com/squall-dev/squall/runtime/rule"
	"github.com/squall-dev/squall/runtime/store"
)

// codeOnlyObserves says that a rule may not act at all.
const codeOnlyObserves = "only_observes"

// ByDebounce is who releases a verdict when its debounce is over.
const ByDebounce = "debounce"

// askControls lets the controls of a rule that matched decide whether it may act.
// A rule that only observes is told what they would have decided.
func (e *Engine) askControls(a *store.Acceptance, m rule.Match, v *automation.Verdict) {
	if len(m.Keys) == 0 {
		return
	}
	d := e.flow.Decide(flow.Event{Rule: m.Rule, Keys: m.Keys, ID: a.Event.ID, Item: itemOf(v.Item), At: a.Event.ReceivedAt})
	a.Flow = append(a.Flow, d.States...)
	if d.Control == automation.ControlDebounce {
		e.wakeDebounce()
	}
	if !d.Pass {
		v.Outcome, v.Control, v.Reason = automation.Suppressed, d.Control, d.Reason
	}
}

func itemOf(item *int) int {
	if item == nil {
		return -1
	}
	return *item
}

// loadFlow reads what the controls remembered when the last process ended.
func (e *Engine) loadFlow(ctx context.Context) error {
	if _, err := e.Store.Forget(ctx, e.Now(), keptDeliveries); err != nil {
		return fmt.Errorf("forget what has expired: %w", err)
	}
	states, err := e.Store.FlowStates(ctx, e.Now())
	if err != nil {
		return err
	}
	keeper, err := flow.New(states)
	if err != nil {
		return err
	}
	e.flow = keeper
	return nil
}

const (
	// keptDeliveries is how many deliveries of each webhook are kept.
	keptDeliveries = 1000
	// forgetEvery is how often what has expired is removed.
	forgetEvery = 5 * time.Minute
	// noDebounce is how long to sleep when nothing waits.
	noDebounce = time.Hour
)

// Release lets a suppressed verdict of a rule about a stored event pass: it starts
// what the rule would have started. The rule is asked again, as it is now, without
// its controls. Item is -1 for a rule without foreach.
func (e *Engine) Release(ctx context.Context, event string, ref automation.Ref, item int, by string) (automation.Execution, error) {
	return e.release(ctx, event, ref, item, by, nil)
}

func (e *Engine) release(ctx context.Context, event string, ref automation.Ref, item int, by string, states []automation.FlowState) (automation.Execution, error) {
	ev, err := e.Store.Event(ctx, event)
	if err != nil {
		return automation.Execution{}, err
	}
	if err := releasable(ev, ref, item); err != nil {
		return automation.Execution{}, err
	}
	m, err := e.judgeAgain(ctx, ev, ref, item)
	if err != nil {
		return automation.Execution{}, err
	}
	x := e.newExecution(ctx, e.Catalogue(), wishOf(m, &ev))
	all := e.settle(ctx, []store.Acceptance{{
		Executions: []automation.Execution{x}, Flow: states,
		Releases: []store.Release{{Event: event, Rule: ref, Item: item, Execution: x.ID, By: by, At: e.Now()}},
	}})
	if err := e.commit(ctx, all...); err != nil {
		return automation.Execution{}, fmt.Errorf("release the verdict: %w", err)
	}
	return x, nil
}

// releasable looks before the rule is asked, for the clearer message.
func releasable(ev automation.Event, ref automation.Ref, item int) error {
	for _, v := range ev.Verdicts {
		switch {
		case v.Rule != ref || itemOf(v.Item) != item:
		case v.Outcome != automation.Suppressed:
			return automation.Conflict("the verdict of %s on event %s is %s, not suppressed", ref, ev.ID, v.Outcome).WithCode("not_suppressed")
		case v.ReleasedBy != "":
			return automation.Conflict("the verdict of %s on event %s was released already, by %s", ref, ev.ID, v.ReleasedBy).WithCode("already_released")
		default:
			return nil
		}
	}
	return automation.NotFound("rule %s has no such verdict on event %s", ref, ev.ID).WithCode("unknown_verdict").
		WithHint("see what it decided: squall event get %s --why", ev.ID)
}

// judgeAgain asks the rule in service about a stored event.
func (e *Engine) judgeAgain(ctx context.Context, ev automation.Event, ref automation.Ref, item int) (rule.Match, error) {
	payload, err := expr.Decode(ev.Payload)
	if err != nil {
		return rule.Match{}, fmt.Errorf("read the payload of event %s: %w", ev.ID, err)
	}
	for _, m := range e.Catalogue().Rules().Match(e.input(ctx, ev, payload, ev.ReceivedAt)) {
		switch {
		case m.Rule.Ref() != ref || itemOf(m.Verdict.Item) != item || m.Verdict.Outcome != automation.Matched:
		case m.Verdict.Observed:
			return m, automation.Conflict("rule %s only observes", ref).WithCode(codeOnlyObserves).
				WithHint("to let it act, take mode: observe out of its file")
		default:
			return m, nil
		}
	}
	return rule.Match{}, automation.Conflict("rule %s, as it is now, does not match event %s", ref, ev.ID).WithCode("no_match").
		WithHint("the rule has changed, is disabled or is gone; see: squall rule get %s", ref)
}

func (e *Engine) wakeDebounce() {
	select {
	case e.debounced <- struct{}{}:
	default:
	}
}

// watchFlow releases debounced verdicts when they are due and removes what has
// expired, until ctx is done.
func (e *Engine) watchFlow(ctx context.Context) {
	forget := time.NewTicker(forgetEvery)
	defer forget.Stop()
	for {
		timer := time.NewTimer(e.releaseDue(ctx))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-forget.C:
			e.forget(ctx)
		case <-e.debounced:
		case <-timer.C:
		}
		timer.Stop()
	}
}

func (e *Engine) forget(ctx context.Context) {
	_, early := e.flow.Sweep(e.Now())
	e.Meter.FlowStatesForgotten(int(early - e.forgotten))
	e.forgotten = early
	if _, err := e.Store.Forget(ctx, e.Now(), keptDeliveries); err != nil && ctx.Err() == nil {
		e.Logger.Warn("what has expired could not be removed", "err", err)
	}
}

// releaseDue releases what is due and returns how long to wait for the next.
func (e *Engine) releaseDue(ctx context.Context) time.Duration {
	due, next := e.flow.Due(e.Now())
	wait := noDebounce
	for _, p := range due {
		if !e.releasePending(ctx, p) {
			wait = e.Backoff
		}
	}
	if !next.IsZero() {
		wait = min(wait, max(next.Sub(e.Now()), 0))
	}
	return wait
}

// releasePending lets a debounced verdict pass. What can not pass any more is given
// up, and said; what the store could not take is tried again.
func (e *Engine) releasePending(ctx context.Context, p flow.Pending) (settled bool) {
	state, ok := e.flow.Release(p)
	if !ok {
		return true
	}
	states := []automation.FlowState{state}
	_, err := e.release(ctx, p.Event, p.Rule, p.Item, ByDebounce, states)
	if err == nil {
		return true
	}
	if e.hopeless(p, err) {
		if !isOnlyObserving(err) {
			e.Logger.Warn("a debounced rule did not act", "rule", p.Rule, "event", p.Event, "err", err)
		}
		if err = e.Store.Accept(ctx, store.Acceptance{Flow: states}); err == nil {
			return true
		}
	}
	// The decision is made before the event is stored: a burst may end before that.
	if ctx.Err() == nil && !errors.Is(err, automation.ErrNotFound) {
		e.Logger.Error("a debounced rule could not act yet; trying again", "rule", p.Rule, "event", p.Event, "err", err)
	}
	e.flow.Restore(p)
	return false
}

// isOnlyObserving tells the end of a burst that a rule only watched, as it should.
func isOnlyObserving(err error) bool {
	known := (*automation.Error)(nil)
	return errors.As(err, &known) && known.Code == codeOnlyObserves
}

// settlePatience is how long an event may take to be stored after it was judged.
const settlePatience = time.Minute

// hopeless tells whether a debounced verdict can never pass: the rule is another
// one now, or the event is not there and is not just being stored.
func (e *Engine) hopeless(p flow.Pending, err error) bool {
	if errors.Is(err, automation.ErrNotFound) {
		return e.Now().Sub(p.Due) > settlePatience
	}
	return errors.Is(err, automation.ErrConflict) || errors.Is(err, automation.ErrInvalid)
}

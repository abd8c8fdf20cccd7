package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

var errTotalTimeout = errors.New("all attempts together took longer than total_timeout allows")

// withTotal ends an attempt when all of them have taken as long as they may.
func withTotal(ctx context.Context, x automation.Execution) (context.Context, context.CancelFunc) {
	if end, bound := totalEnd(x); bound {
		return context.WithDeadlineCause(ctx, end, errTotalTimeout)
	}
	return ctx, func() {}
}

// totalEnd is when the last attempt must have ended.
func totalEnd(x automation.Execution) (end time.Time, bound bool) {
	if x.Retry == nil || x.Retry.TotalTimeout <= 0 || len(x.AttemptList) == 0 {
		return end, false
	}
	return x.AttemptList[0].StartedAt.Add(x.Retry.TotalTimeout), true
}

// planRetry turns an end that is not to be the last into a pause. The pause is stored,
// so that a restart neither forgets nor shortens it. A child that is waited for has
// nothing of that: with the process dies who waits.
func (e *Engine) planRetry(x automation.Execution, f *store.Finish) {
	tried := counted(x.AttemptList) + 1
	if !retryable(f.Status, f.Attempt.Code) || tried >= x.MaxAttempts || !x.Retry.After(f.Status) {
		return
	}
	at := f.Attempt.FinishedAt.Add(e.pause(x, tried))
	if end, bound := totalEnd(x); bound && !at.Before(end) {
		return // there would be no time left for it
	}
	if x.Awaited {
		f.Status = automation.Pending
		return
	}
	how := "failed"
	if f.Attempt.Status == automation.AttemptTimedOut {
		how = "timed out"
	}
	f.Status, f.RunAfter = automation.Delayed, &at
	f.DelayReason = fmt.Sprintf("attempt %d of %d %s; the next is at %s", tried, x.MaxAttempts, how, at.UTC().Format(time.RFC3339))
}

// pause is how long to wait after so many attempts.
func (e *Engine) pause(x automation.Execution, tried int) time.Duration {
	plan := automation.RetryPlan{}
	if x.Retry != nil {
		plan = *x.Retry
	}
	return plan.Pause(tried, e.Backoff, rand.Float64())
}

// retryPlan merges what an action says about trying again with what the policies do. It
// returns how many attempts there may be as well.
func retryPlan(action automation.Action, policies []automation.Policy) (plan *automation.RetryPlan, attempts int) {
	r := action.Retry
	p := automation.RetryPlan{Delay: r.Delay, Fixed: r.Fixed, MaxDelay: r.MaxDelay, Jitter: r.Jitter, On: r.On, TotalTimeout: action.TotalTimeout}
	attempts = max(r.MaxAttempts, 1)
	var on []automation.RetryOn
	for _, policy := range policies {
		if policy.Type != automation.PolicyRetry {
			continue
		}
		on = append(on, policy.RetryOn)
		attempts = max(attempts, policy.MaxRetryCount+1)
		p.Delay, p.Fixed = max(policy.Delay, time.Nanosecond), true // zero would be the server's own pause
	}
	if len(on) > 0 && r.MaxAttempts <= 1 { // else the action's own attempts are for any end
		slices.Sort(on)
		p.On = slices.Compact(on)
	}
	if p.IsZero() {
		return nil, attempts
	}
	return &p, attempts
}

// rated reports whether some policy counts what begins.
func rated(policies []automation.Policy) bool {
	return slices.ContainsFunc(policies, func(p automation.Policy) bool { return p.Type == automation.PolicyRate })
}

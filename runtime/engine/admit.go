package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/policy"
	"github.com/squall-dev/squall/runtime/store"
)

// enter asks the policies whether an execution may run now.
func (e *Engine) enter(ctx context.Context, x *automation.Execution) policy.Decision {
	policies := e.Catalogue().Policies(x.Action)
	e.learn(ctx, policies)
	return e.gate.Enter(policies, x, e.Now())
}

// learn tells the gate what began before the gate, or the policy, was there. When that
// can not be read, the rate is taken as used up.
func (e *Engine) learn(ctx context.Context, policies []automation.Policy) {
	for i := range policies {
		p := &policies[i]
		if p.Type != automation.PolicyRate || e.gate.Knows(p.Ref()) {
			continue
		}
		now := e.Now()
		starts, err := e.Store.Starts(ctx, p.Resource, now.Add(-p.Window), p.Limit)
		if err != nil {
			e.Logger.Error("what a rate has let begin could not be read; nothing begins for one window", "policy", p.Ref(), "err", err)
			starts = make([]time.Time, p.Limit)
			for i := range starts {
				starts[i] = now
			}
		}
		e.gate.Learn(p.Ref(), starts)
	}
}

// delay makes a new execution wait for a policy.
func delay(x *automation.Execution, d policy.Decision) {
	x.Status, x.DelayKey, x.DelayReason = automation.Delayed, d.Key, d.Reason
}

// handOver gives waiting executions to workers, as far as policies let it.
func (e *Engine) handOver(ctx context.Context) {
	var refused []refusal
	var admitted []automation.Execution
	for {
		x, ok := e.line.next()
		if !ok {
			break
		}
		if d := e.enter(ctx, &x); !d.Passes() {
			e.line.putBack()
			refused = append(refused, refusal{x, d})
			continue
		}
		if !e.running.expect(x.ID) {
			e.line.putBack() // it is running: this is a second copy from the store, which is asked again later
			continue
		}
		admitted = append(admitted, x)
	}
	e.begin(ctx, admitted)
	if err := e.refuse(ctx, refused); err != nil {
		e.Logger.Error("executions that must not run now are tried again", "err", err)
		e.line.spillAfter(e.Backoff) // they are pending in the store
	}
}

// begin stores the beginning of attempts, at the same time, so that they share a
// commit, and gives them to the workers in their order.
func (e *Engine) begin(ctx context.Context, all []automation.Execution) {
	began := make([]bool, len(all))
	var starts sync.WaitGroup
	for i := range all {
		starts.Go(func() { began[i] = e.beginOne(ctx, &all[i]) })
	}
	starts.Wait()
	for i, x := range all {
		if began[i] {
			e.tasks <- task{execution: x, started: true}
		}
	}
}

func (e *Engine) beginOne(ctx context.Context, x *automation.Execution) bool {
	left, ok := e.start(ctx, x)
	if ok {
		return true
	}
	e.freed(e.gate.Undo(x.ID))
	wish := e.running.remove(x.ID)
	e.line.putBack()
	switch {
	case left.pending && wish != nil:
		e.cancelPending(ctx, x.ID, wish)
	case left.queue:
		e.line.pushAfter(left.execution, left.pause)
	}
	return false
}

// refusal is an execution that must not run now.
type refusal struct {
	execution automation.Execution
	decision  policy.Decision
}

// refuse stores that executions wait for a policy, or ends them.
func (e *Engine) refuse(ctx context.Context, all []refusal) error {
	var steps []store.Scheduling
	for _, r := range all {
		if r.decision.Action == automation.PolicyCancel {
			e.cancelPending(ctx, r.execution.ID, fmt.Errorf("%w by %s", errUserCancel, r.decision.Reason))
			continue
		}
		steps = append(steps, store.Scheduling{ID: r.execution.ID, Status: automation.Delayed, From: r.execution.Status, Key: r.decision.Key, Reason: r.decision.Reason})
	}
	if len(steps) == 0 {
		return nil
	}
	if _, err := e.Store.Schedule(context.WithoutCancel(ctx), steps...); err != nil && !permanent(err) {
		return fmt.Errorf("delay %d executions: %w", len(steps), err)
	}
	for _, r := range all {
		if r.decision.Action == automation.PolicyDelay {
			e.held(r.decision)
		}
	}
	return nil
}

// held notes that an execution which a policy delays is stored.
func (e *Engine) held(d policy.Decision) {
	e.gate.Hold(d.Policy, d.Key)
	e.Meter.ExecutionsDelayed(string(d.Policy.Type), 1)
	e.reschedule()
}

// Codes of refusals for which a sender is told to come back.
const (
	CodeQueueFull       = "queue_full"
	CodeActionQueueFull = "action_queue_full"
)

// room refuses what would wait in a queue that is full. It looks before the commit, so
// that as many as are being committed at the same time may come on top.
func (e *Engine) room(all []store.Acceptance) error {
	for _, a := range all {
		for i := range a.Executions {
			if a.Executions[i].Status.Final() {
				continue
			}
			if err := e.roomFor(a.Executions[i].Action); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *Engine) roomFor(action automation.Ref) error {
	if n := e.Store.Queued(""); e.MaxQueued > 0 && n >= e.MaxQueued {
		e.Meter.QueueRefused("server")
		e.full.warn(e, "the queue is full: no further executions are accepted", "queued", n, "limit", e.MaxQueued)
		return automation.Unavailable("%d executions wait already: no further ones are accepted", n).WithCode(CodeQueueFull).
			WithHint("try again later; whoever runs the server can let more run at once or wait (workers, engine.max_queued), or cancel what waits")
	}
	for _, p := range e.Catalogue().Policies(action) {
		if p.Type != automation.PolicyQueue {
			continue
		}
		if n := e.Store.Queued(action); n >= p.MaxDepth {
			e.Meter.QueueRefused("policy")
			e.full.warn(e, "the queue of an action is full: no further executions of it are accepted", "action", action, "policy", p.Ref(), "queued", n, "limit", p.MaxDepth)
			return automation.Unavailable("%d executions of %s wait already, and policy %s allows %d", n, action, p.Ref(), p.MaxDepth).
				WithCode(CodeActionQueueFull).WithHint("try again later")
		}
	}
	return nil
}

// fullLog keeps a flood of refusals from becoming a flood of log lines.
type fullLog struct {
	mu   sync.Mutex // guards all below
	last time.Time
	n    int // refused since
}

func (f *fullLog) warn(e *Engine, message string, args ...any) {
	const pause = 10 * time.Second
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	if now := e.Now(); now.Sub(f.last) >= pause {
		e.Logger.Warn(message, append(args, "refused", f.n)...)
		f.last, f.n = now, 0
	}
}

// Policies tells what policies do at the moment.
func (e *Engine) Policies(ctx context.Context, policies []automation.Policy) ([]automation.PolicyStatus, error) {
	keys, err := e.Store.HeldKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("list policies: %w", err)
	}
	waiting := map[automation.Ref]int{}
	for key, n := range keys {
		waiting[policy.Of(key)] += n
	}
	all := make([]automation.PolicyStatus, 0, len(policies))
	for _, p := range policies {
		all = append(all, automation.PolicyStatus{
			Policy: p, Ref: p.Ref(), Running: e.gate.Running(p.Resource), Waiting: waiting[p.Ref()], Queued: e.Store.Queued(p.Resource),
		})
	}
	return all, nil
}

package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/runner"
	"github.com/squall-dev/squall/runtime/store"
)

// task is an execution that has a worker.
type task struct {
	execution automation.Execution
	started   bool // its attempt is committed already
}

// work runs tasks until quit closes; what is left then is given back.
func (e *Engine) work(ctx context.Context, quit <-chan struct{}) {
	for {
		select {
		case t := <-e.tasks:
			e.run(ctx, t)
		case <-quit:
			return
		}
	}
}

// run makes one attempt at an execution and queues the next, if there is to be one.
// The worker is free again once the guest has ended: the disk, for which the end of
// the attempt has to wait, needs none. When too many ends wait for it, the worker
// does so as well.
func (e *Engine) run(parent context.Context, t task) {
	a := e.perform(parent, parent, t)
	select {
	case e.ends <- struct{}{}:
		e.line.release(a.took)
		e.storing.Go(func() {
			e.conclusion(parent, a)
			<-e.ends
		})
	default:
		e.conclusion(parent, a)
		e.line.release(a.took)
	}
}

// conclusion stores the end of an attempt and queues the next, if there is to be one.
func (e *Engine) conclusion(parent context.Context, a attempt) {
	if left := e.settled(parent, a); left.queue {
		e.line.pushAfter(left.execution, left.pause)
	}
}

// turn makes one attempt, which ends with within; what is written of it is insisted
// on until parent is done.
func (e *Engine) turn(within, parent context.Context, t task) remainder {
	return e.settled(parent, e.perform(within, parent, t))
}

// attempt is one at an execution whose guest has ended. The zero value: there was
// nothing to attempt.
type attempt struct {
	execution automation.Execution
	left      remainder // when it has not begun
	begun     bool
	took      time.Duration // of the guest
	finish    store.Finish
	artifacts hostfuncs.ArtifactSink
	history   *history
}

// perform makes an attempt until its guest has ended.
func (e *Engine) perform(within, parent context.Context, t task) attempt {
	ctx, stop := context.WithCancelCause(within)
	defer stop(nil)
	x := t.execution
	if !e.running.add(x.ID, stop) {
		return attempt{} // it is running: this was a second copy from the store
	}
	if !t.started {
		if left, ok := e.start(parent, &x); !ok {
			e.freed(e.gate.Undo(x.ID))
			return attempt{execution: x, left: left}
		}
	}
	ctx, cancel := withTotal(ctx, x)
	defer cancel()
	if x.Attempts == 1 {
		e.Meter.ExecutionStarted(x.StartedAt.Sub(x.CreatedAt))
	}
	a := attempt{execution: x, begun: true, history: newHistory(e.Store, x, e.Now)}
	e.running.writes(x.ID, a.history)
	flushing := a.history.flushWhileRunning(ctx, e.Logger)
	job := e.job(parent, x, a.history)
	began := time.Now()
	result, err := e.call(ctx, job)
	a.took = time.Since(began)
	flushing.stop()
	if err != nil {
		e.Logger.Error("execution could not be run", "execution", x.ID, "action", x.Action, "attempt", x.Attempts, "err", err)
		result = runner.Result{Code: automation.CodeInternal, Message: "the server could not run the action; its log says why"}
	}
	a.finish, a.artifacts = e.conclude(ctx, x, result), job.Artifacts
	return a
}

// settled stores the end of an attempt and lets go of the execution.
func (e *Engine) settled(parent context.Context, a attempt) remainder {
	id := a.execution.ID
	if id == "" {
		return remainder{}
	}
	left := a.left
	if a.begun {
		left = e.storeEnd(parent, a)
	}
	wish := e.running.remove(id)
	e.freed(e.gate.Leave(id))
	if left.pending && wish != nil { // it came too late for the attempt; nobody must make another
		e.cancelPending(parent, id, wish)
		return remainder{}
	}
	return left
}

// remainder is what is left to do after an attempt. The zero value: nothing.
type remainder struct {
	pending   bool // in the store
	queue     bool // and to be tried again after a pause
	pause     time.Duration
	execution automation.Execution
}

// storeEnd stores how an attempt ended.
func (e *Engine) storeEnd(parent context.Context, a attempt) remainder {
	x, f := a.execution, a.finish
	e.shelve(parent, a.artifacts, x.Attempts, f.Tape)
	f.Log, f.Artifacts = a.history.rest()
	x.LogLines = a.history.total()
	f, stored := e.finish(parent, x, f)
	e.count(x, f)
	switch {
	case stored && f.Status == automation.Delayed:
		e.Meter.ExecutionsDelayed("retry", 1)
		e.reschedule()
		return e.next(x, f)
	case stored && f.Status == automation.Pending:
		return e.next(x, f)
	}
	return remainder{}
}

// call runs the job. A runner that panics fails this attempt, not the server.
func (e *Engine) call(ctx context.Context, job runner.Job) (r runner.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the runner panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return e.Runner.Run(ctx, job)
}

// start commits the beginning of an attempt; when it is not ok, nothing is to be
// run. The cancellation of the execution does not cut it short: whether the
// attempt has begun must be known.
func (e *Engine) start(parent context.Context, x *automation.Execution) (left remainder, ok bool) {
	if parent.Err() != nil {
		return remainder{pending: true}, false
	}
	now := e.Now()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(parent), storePatience)
	defer cancel()
	n, err := e.Store.Start(ctx, x.ID, now)
	switch {
	case err == nil && n == x.Attempts+1:
		x.Status, x.Attempts, x.StartedAt = automation.Running, n, &now
		x.AttemptList = append(x.AttemptList, automation.Attempt{Number: n, Status: automation.AttemptRunning, StartedAt: now})
		return left, true
	case err == nil: // a copy from before another attempt: its attempts and log lines are outdated
		return left, e.reload(parent, x)
	case errors.Is(err, automation.ErrConflict), errors.Is(err, automation.ErrNotFound):
		return left, false // somebody else took or ended it
	}
	e.Logger.Error("execution could not be started; trying again", "execution", x.ID, "err", err)
	return remainder{pending: true, queue: true, pause: e.Backoff, execution: *x}, false
}

// reload reads an execution whose attempt has begun.
func (e *Engine) reload(parent context.Context, x *automation.Execution) bool {
	return nil == e.insist(parent, "execution could not be read", x.ID, func(ctx context.Context) (err error) {
		*x, err = e.Store.Execution(ctx, x.ID)
		return err
	})
}

func (e *Engine) job(parent context.Context, x automation.Execution, h *history) runner.Job {
	var sink hostfuncs.ArtifactSink
	if e.Artifacts != nil {
		sink = e.Artifacts(x.ID, h.keep)
	}
	var occasion func(context.Context) (*runner.Occasion, error)
	if x.Event != "" {
		occasion = func(ctx context.Context) (*runner.Occasion, error) {
			ev, err := e.Store.Event(ctx, x.Event)
			return &runner.Occasion{Payload: ev.Payload, Received: ev.ReceivedAt}, err
		}
	}
	return runner.Job{
		Occasion:  occasion,
		Execution: x.ID, Attempt: x.Attempts, Action: x.Action, Rule: x.Rule, Event: x.Event,
		User: x.StartedBy, Origin: e.origin(x),
		Input: x.Parameters, DryRun: x.DryRun, Artifacts: sink, Log: h.log,
		Files: files{e, x},
		Run: func(ctx context.Context, r automation.ChildRun) (automation.Execution, error) {
			return e.runChild(ctx, parent, x, r)
		},
	}
}

// conclude classifies how an attempt ended and what becomes of the execution.
func (e *Engine) conclude(ctx context.Context, x automation.Execution, r runner.Result) store.Finish {
	now := e.Now()
	attempt := x.AttemptList[len(x.AttemptList)-1]
	attempt.FinishedAt, attempt.Code, attempt.Message = &now, r.Code, r.Message
	attempt.Usage, attempt.HostCalls = r.Usage, r.HostCalls
	f := store.Finish{ID: x.ID, Output: r.Output, Hint: r.Hint, Trace: r.Trace, Tape: r.Tape}
	cause := context.Cause(ctx)
	switch {
	case r.Code == "":
		attempt.Status, f.Status = automation.AttemptSucceeded, automation.Succeeded
	case errors.Is(cause, errShutdown):
		attempt.Status, f.Status = automation.AttemptInterrupted, automation.Pending
		attempt.Message = "interrupted: " + errShutdown.Error()
	case errors.Is(cause, errUserCancel):
		attempt.Status, f.Status = automation.AttemptCanceled, automation.Canceled
		attempt.Code, attempt.Message = automation.CodeCanceled, cause.Error()
	case errors.Is(cause, errTotalTimeout):
		attempt.Status, f.Status = automation.AttemptTimedOut, automation.TimedOut
		attempt.Code, attempt.Message = automation.CodeTimeout, errTotalTimeout.Error()
	case r.Code == automation.CodeTimeout:
		attempt.Status, f.Status = automation.AttemptTimedOut, automation.TimedOut
	default:
		attempt.Status, f.Status = automation.AttemptFailed, automation.Failed
	}
	f.Attempt = attempt
	e.planRetry(x, &f)
	return f
}

// retryable: another attempt would meet the same unknown action or parameters.
func retryable(s automation.Status, code automation.FailureCode) bool {
	return (s == automation.Failed || s == automation.TimedOut) &&
		code != automation.CodeUnknownAction && code != automation.CodeInvalidParameters
}

// counted is how many attempts ran to an end of their own.
func counted(attempts []automation.Attempt) int {
	n := 0
	for _, a := range attempts {
		if a.Status == automation.AttemptFailed || a.Status == automation.AttemptTimedOut {
			n++
		}
	}
	return n
}

func (e *Engine) count(x automation.Execution, f store.Finish) {
	took := f.Attempt.FinishedAt.Sub(f.Attempt.StartedAt)
	e.Meter.AttemptEnded(string(x.Action), string(f.Attempt.Status), string(f.Attempt.Code), took)
	for _, c := range f.Attempt.HostCalls {
		e.Meter.HostCalled(c.Name, c.Error)
	}
	e.Logger.Debug("execution finished", "execution", x.ID, "action", x.Action, "attempt", f.Attempt.Number,
		"status", f.Attempt.Status, "dur", took)
}

// next tells what is left to do after an attempt that was not the last. After an
// interruption it is up to the next start of the server, after a pause to whoever
// watches the time; only a child that is waited for is kept by who waits.
func (e *Engine) next(x automation.Execution, f store.Finish) remainder {
	if f.Attempt.Status == automation.AttemptInterrupted {
		return remainder{pending: true}
	}
	x.Status = automation.Pending
	x.AttemptList[len(x.AttemptList)-1] = f.Attempt
	if f.Status == automation.Delayed {
		return remainder{pending: true}
	}
	return remainder{pending: true, queue: true, pause: e.pause(x, counted(x.AttemptList)), execution: x}
}

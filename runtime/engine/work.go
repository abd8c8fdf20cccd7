package engine

import (
	"context"
	"errors"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/runner"
	"github.com/squall-dev/squall/runtime/store"
)

// finishPatience is how long storing a result may take before it is tried again.
const finishPatience = 30 * time.Second

// task is an execution that has a worker.
type task struct {
	execution automation.Execution
	started   bool // its attempt is committed already
}

// work runs tasks until quit closes and none is left.
func (e *Engine) work(ctx context.Context, quit <-chan struct{}) {
	for {
		select {
		case t := <-e.tasks:
			e.run(ctx, t)
			e.line.release()
		case <-quit:
			return
		}
	}
}

// run makes one attempt at an execution, from its start to its stored end.
func (e *Engine) run(parent context.Context, t task) {
	ctx, stop := context.WithCancelCause(parent)
	defer stop(nil)
	x := t.execution
	if !e.running.add(x.ID, stop) {
		return // it is running: this was a second copy from the store
	}
	defer e.running.remove(x.ID)
	if !t.started && !e.start(ctx, &x) {
		return
	}
	if x.Attempts == 1 {
		e.Meter.ExecutionStarted(x.StartedAt.Sub(x.CreatedAt))
	}
	history := newHistory(e.Store, x, e.Now)
	flushing := history.flushWhileRunning(ctx, e.Logger)
	result, err := e.Runner.Run(ctx, e.job(x, history))
	flushing.stop()
	if err != nil {
		e.Logger.Error("execution could not be run", "execution", x.ID, "action", x.Action, "attempt", x.Attempts, "err", err)
		result = runner.Result{Code: automation.CodeInternal, Message: "the server could not run the action; its log says why"}
	}
	f := e.conclude(ctx, x, result)
	f.Log, f.Artifacts = history.rest()
	x.LogLines = history.total()
	e.finish(parent, f)
	e.count(x, f)
	if f.Status == automation.Pending && f.Attempt.Status != automation.AttemptInterrupted {
		e.again(x, f)
	}
}

// start commits the beginning of an attempt. False means that somebody else took
// or ended the execution, or that it must be tried later.
func (e *Engine) start(ctx context.Context, x *automation.Execution) bool {
	now := e.Now()
	n, err := e.Store.Start(ctx, x.ID, now)
	switch {
	case err == nil:
		x.Status, x.Attempts, x.StartedAt = automation.Running, n, &now
		x.AttemptList = append(x.AttemptList, automation.Attempt{Number: n, Status: automation.AttemptRunning, StartedAt: now})
		return true
	case errors.Is(err, automation.ErrConflict), errors.Is(err, automation.ErrNotFound), ctx.Err() != nil:
		return false
	}
	e.Logger.Error("execution could not be started; trying again", "execution", x.ID, "err", err)
	e.line.pushAfter(*x, e.Backoff)
	return false
}

func (e *Engine) job(x automation.Execution, h *history) runner.Job {
	var sink hostfuncs.ArtifactSink
	if e.Artifacts != nil {
		sink = e.Artifacts(x.ID, h.keep)
	}
	return runner.Job{
		Execution: x.ID, Attempt: x.Attempts, Action: x.Action, Rule: x.Rule, Event: x.Event,
		Input: x.Parameters, Artifacts: sink, Log: h.log,
	}
}

// conclude classifies how an attempt ended and what becomes of the execution.
func (e *Engine) conclude(ctx context.Context, x automation.Execution, r runner.Result) store.Finish {
	now := e.Now()
	attempt := x.AttemptList[len(x.AttemptList)-1]
	attempt.FinishedAt, attempt.Code, attempt.Message = &now, r.Code, r.Message
	attempt.Usage, attempt.HostCalls = r.Usage, r.HostCalls
	f := store.Finish{ID: x.ID, Output: r.Output, Hint: r.Hint, Trace: r.Trace}
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
	case r.Code == automation.CodeTimeout:
		attempt.Status, f.Status = automation.AttemptTimedOut, automation.TimedOut
	default:
		attempt.Status, f.Status = automation.AttemptFailed, automation.Failed
	}
	if retryable(f.Status, r.Code) && counted(x.AttemptList)+1 < x.MaxAttempts {
		f.Status = automation.Pending
	}
	f.Attempt = attempt
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

// finish stores a result. It does not give up while the process lives: an
// execution must not hang in running because the disk was full for a minute.
func (e *Engine) finish(parent context.Context, f store.Finish) {
	for pause := e.Backoff; ; pause = min(2*pause, time.Minute) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(parent), finishPatience)
		err := e.Store.Finish(ctx, f)
		cancel()
		if err == nil {
			return
		}
		e.Logger.Error("result could not be stored", "execution", f.ID, "attempt", f.Attempt.Number, "err", err)
		if errors.Is(err, automation.ErrConflict) || errors.Is(err, automation.ErrNotFound) {
			return // the store knows better; trying again would not change that
		}
		select {
		case <-time.After(pause):
		case <-parent.Done(): // shutting down: the next start finds the attempt lost
			return
		}
	}
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

// again queues the next attempt after a pause that doubles each time.
func (e *Engine) again(x automation.Execution, f store.Finish) {
	x.Status = automation.Pending
	x.AttemptList[len(x.AttemptList)-1] = f.Attempt
	shift := min(counted(x.AttemptList)-1, 10)
	e.line.pushAfter(x, e.Backoff<<max(shift, 0))
}

// giveBack returns a claimed task that nobody began.
func (e *Engine) giveBack(t task) {
	if !t.started {
		return
	}
	now := e.Now()
	attempt := t.execution.AttemptList[0]
	attempt.Status, attempt.FinishedAt, attempt.Message = automation.AttemptInterrupted, &now, "interrupted: "+errShutdown.Error()
	ctx, cancel := context.WithTimeout(context.Background(), finishPatience)
	defer cancel()
	if err := e.Store.Finish(ctx, store.Finish{ID: t.execution.ID, Attempt: attempt, Status: automation.Pending}); err != nil {
		e.Logger.Error("execution could not be given back", "execution", t.execution.ID, "err", err)
	}
}

// Package engine turns events into executions and executions into history.
//
// [Engine.Ingest] matches an event against the rules and makes it durable,
// together with every verdict and every execution it starts, before it returns.
// [Engine.Run] works executions off: from memory right after their commit, from
// the store after a restart or when memory is full.
//
// The engine knows nothing of HTTP, Wasm or files; what it needs comes through
// [Options].
package engine

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/flow"
	"github.com/squall-dev/squall/runtime/policy"
	"github.com/squall-dev/squall/runtime/rule"
	"github.com/squall-dev/squall/runtime/runner"
	"github.com/squall-dev/squall/runtime/store"
)

// Catalogue is what is in service at one moment: an immutable snapshot.
type Catalogue interface {
	Rules() *rule.Set
	Action(ref automation.Ref) (automation.Action, bool)
	// Config is the configuration of a pack in service, and the names in it whose
	// values are secret.
	Config(pack string) (values map[string]any, secret []string)
	// TriggerType finds a declared trigger type.
	TriggerType(ref automation.Ref) (automation.TriggerType, bool)
	// Policies are those in service for an action, in the order of their names; Policy
	// finds one of them.
	Policies(action automation.Ref) []automation.Policy
	Policy(ref automation.Ref) (automation.Policy, bool)
	// CheckPayload compares a decoded payload with the schema of its trigger type;
	// nil when it fits, or when there is none.
	CheckPayload(ref automation.Ref, payload any) error
}

// meter counts; telemetry.Metrics implements it.
type meter interface {
	EventAccepted(trigger string, took time.Duration)
	VerdictReached(outcome, control string)
	FlowStatesForgotten(n int)
	ExecutionStarted(waited time.Duration)
	AttemptEnded(action, status, code string, took time.Duration)
	HostCalled(function, errorKind string)
	AttemptsLost(n int)
	PayloadMisfit(trigger, check string)
	ChainCut()
	// ExecutionsDelayed counts by what they wait for: a type of policy, "time" or "retry".
	ExecutionsDelayed(why string, n int)
	// QueueRefused counts what was not accepted; by is "server" or "policy".
	QueueRefused(by string)
}

// Options are what an engine is made of. Store, Catalogue, Runner and IDs are
// required.
type Options struct {
	Store     store.Store
	Catalogue func() Catalogue
	Runner    runner.Runner
	IDs       *automation.IDs
	// Artifacts opens the place where one execution keeps files; kept is called
	// for each. Nil means that executions may keep none.
	Artifacts func(execution string, kept func(automation.Artifact)) hostfuncs.ArtifactSink
	// Content opens what an artifact holds; nil means that executions may read none.
	Content func(automation.Artifact) (io.ReadSeekCloser, error)
	// Workers is how many executions run at the same time; zero means 16. Those whose
	// end is being stored do not run.
	Workers int
	// Queue is how many pending executions are held in memory; more wait in the
	// store. Zero means 10,000.
	Queue int
	// MaxQueued is how many executions may wait, in memory and in the store, before no
	// further ones are accepted; zero means as many as the disk holds.
	MaxQueued int
	// DrainTimeout is how long running executions may go on when Run is told to
	// stop, before they are interrupted and given back.
	DrainTimeout time.Duration
	// Backoff is the pause before the second attempt; it doubles with each
	// further one. Zero means one second.
	Backoff time.Duration
	Meter   meter
	Now     func() time.Time
	Logger  *slog.Logger
}

func (o Options) validate() error {
	var errs []error
	need := func(ok bool, what string) {
		if !ok {
			errs = append(errs, errors.New("engine needs "+what))
		}
	}
	need(o.Store != nil, "a store")
	need(o.Catalogue != nil, "a catalogue")
	need(o.Runner != nil, "a runner")
	need(o.IDs != nil, "an id source")
	return errors.Join(errs...)
}

func (o Options) withDefaults() Options {
	if o.Workers == 0 {
		o.Workers = 16
	}
	if o.Queue == 0 {
		o.Queue = 2_000
	}
	if o.Backoff == 0 {
		o.Backoff = time.Second
	}
	if o.Meter == nil {
		o.Meter = noMeter{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = o.Logger.With("component", "engine")
	return o
}

// Engine matches and runs. Create it with New.
type Engine struct {
	Options
	line      *line
	tasks     chan task      // holds all that have a worker or the promise of one, so that handing over never waits
	ends      chan struct{}  // one for each end of an attempt that is being stored
	storing   sync.WaitGroup // for those
	running   *runningSet
	commits   sync.RWMutex  // held for reading by every commit, for writing to stop accepting
	accepting atomic.Bool   // changes under commits
	started   chan struct{} // closed when accepting begins
	keys      sync.RWMutex  // held for writing by a change of a key that raises events, for reading by others
	flow      *flow.Keeper  // set anew by Run, from what is stored
	debounced chan struct{} // wakes watchFlow
	gate      *policy.Gate  // which of them may run
	schedule  chan struct{} // wakes watchWaiting
	full      fullLog
	forgotten int64 // states that the counter knows of; only watchFlow uses it
}

// New makes an engine. It starts nothing.
func New(o Options) (*Engine, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	empty, err := flow.New(nil)
	if err != nil {
		return nil, err
	}
	line := newLine(o.Workers, o.Queue)
	return &Engine{
		Options: o,
		line:    line,
		tasks:   make(chan task, (1+mostPromises)*o.Workers),
		ends:    make(chan struct{}, mostPromises*o.Workers),
		running: newRunningSet(line.spill),
		started: make(chan struct{}),
		flow:    empty, debounced: make(chan struct{}, 1),
		gate: policy.New(), schedule: make(chan struct{}, 1),
	}, nil
}

// Causes that end a run early; the outcome is classified by them.
var (
	errShutdown   = errors.New("the server is stopping")
	errUserCancel = errors.New("canceled")
)

// Ready reports whether the engine accepts events.
func (e *Engine) Ready() bool { return e.accepting.Load() }

// Started is closed when Run has begun to accept events.
func (e *Engine) Started() <-chan struct{} { return e.started }

// Queued is how many executions wait in memory.
func (e *Engine) Queued() int { return e.line.length() }

// Busy is how many executions are running.
func (e *Engine) Busy() int { return e.running.count() }

// Run first settles what an earlier process left behind, then works until ctx is
// done. It then lets running executions end within DrainTimeout, interrupts the
// rest, gives them back and returns.
func (e *Engine) Run(ctx context.Context) error {
	if err := e.recover(ctx); err != nil {
		return err
	}
	work, interrupt := context.WithCancelCause(context.WithoutCancel(ctx))
	defer interrupt(nil)
	quit := make(chan struct{})
	var workers sync.WaitGroup
	for range e.Workers {
		workers.Go(func() { e.work(work, quit) })
	}
	e.accepting.Store(true)
	close(e.started)
	var watch sync.WaitGroup
	watch.Go(func() { e.watchFlow(ctx) })
	watch.Go(func() { e.watchWaiting(ctx) })
	e.dispatch(ctx)
	watch.Wait()
	e.stopAccepting()
	close(quit)
	e.drain(&workers, interrupt)
	return nil
}

func (e *Engine) recover(ctx context.Context) error {
	back, failed, err := e.Store.Recover(ctx, e.Now(), func(x automation.Execution) []store.Acceptance {
		return e.settle(ctx, e.follow(ctx, x, e.depthOf(ctx, x)))
	})
	if err != nil {
		return err
	}
	if back+failed > 0 {
		e.Meter.AttemptsLost(back + failed)
		e.Logger.Warn("attempts were lost with the last process", "given_back", back, "failed", failed)
	}
	e.line.spill() // whatever is pending waits in the store
	if err := e.loadHeld(ctx); err != nil {
		return err
	}
	return e.loadFlow(ctx)
}

// dispatch hands waiting executions to idle workers until ctx is done.
func (e *Engine) dispatch(ctx context.Context) {
	for {
		e.refill(ctx)
		e.handOver(ctx)
		select {
		case <-ctx.Done():
			return
		case <-e.line.wake:
		}
	}
}

// stopAccepting waits for the commits under way: what they hand over is there
// when the rest is given back.
func (e *Engine) stopAccepting() {
	e.commits.Lock()
	defer e.commits.Unlock()
	e.accepting.Store(false)
}

// refill loads pending executions from the store when memory is empty and there
// may be some.
func (e *Engine) refill(ctx context.Context) {
	if !e.line.beginFill() {
		return
	}
	pending, more, err := e.pending(ctx)
	if err != nil && ctx.Err() == nil {
		e.Logger.Error("pending executions could not be read; trying again", "err", err)
		e.line.spillAfter(e.Backoff)
	}
	e.line.endFill(pending, more)
}

// pending reads the first pending executions that do not wait for their backoff,
// and whether there may be more. It reads on until there are enough: a crowd that
// waits for its backoff must neither hide the others nor be read again and again.
func (e *Engine) pending(ctx context.Context) (found []automation.Execution, more bool, err error) {
	for after := (store.Place{}); ; {
		page, err := e.Store.Pending(ctx, after, e.Queue)
		if err != nil {
			return found, false, err
		}
		found = append(found, e.cancelOrphans(ctx, e.line.ready(page))...)
		if len(page) < e.Queue || len(found) >= e.Queue {
			return found, len(page) == e.Queue, nil
		}
		last := page[len(page)-1]
		after = store.Place{Priority: last.Priority, ID: last.ID}
	}
}

// drain waits for the workers: first kindly, then by interrupting what runs.
func (e *Engine) drain(workers *sync.WaitGroup, interrupt context.CancelCauseFunc) {
	timer := time.AfterFunc(e.DrainTimeout, func() { interrupt(errShutdown) })
	workers.Wait()
	e.storing.Wait()
	timer.Stop()
	interrupt(errShutdown)
	ctx, cancel := context.WithTimeout(context.Background(), storePatience)
	defer cancel()
	for { // claimed in the last moment, begun by nobody
		select {
		case t := <-e.tasks:
			e.giveBack(ctx, t)
		default:
			return
		}
	}
}

type noMeter struct{}

func (noMeter) EventAccepted(string, time.Duration)                {}
func (noMeter) VerdictReached(string, string)                      {}
func (noMeter) FlowStatesForgotten(int)                            {}
func (noMeter) ExecutionStarted(time.Duration)                     {}
func (noMeter) AttemptEnded(string, string, string, time.Duration) {}
func (noMeter) HostCalled(string, string)                          {}
func (noMeter) AttemptsLost(int)                                   {}
func (noMeter) PayloadMisfit(string, string)                       {}
func (noMeter) ChainCut()                                          {}
func (noMeter) ExecutionsDelayed(string, int)                      {}
func (noMeter) QueueRefused(string)                                {}

package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/runner"
	"github.com/squall-dev/squall/runtime/store"
)

// gated is a store whose methods wait or fail as a test wishes.
type gated struct {
	store.Store
	onAccept, onStart func(id string) error
	onFinish          func(store.Finish) error
	onPending         func()
}

func (g *gated) Accept(ctx context.Context, all ...store.Acceptance) error {
	err := g.Store.Accept(ctx, all...)
	if g.onAccept != nil && err == nil && len(all[0].Executions) > 0 {
		err = g.onAccept(all[0].Executions[0].ID)
	}
	return err
}

func (g *gated) Start(ctx context.Context, id string, at time.Time) (int, error) {
	if g.onStart != nil {
		if err := g.onStart(id); err != nil {
			return 0, err
		}
	}
	return g.Store.Start(ctx, id, at)
}

func (g *gated) Finish(ctx context.Context, f store.Finish) error {
	if g.onFinish != nil {
		if err := g.onFinish(f); err != nil {
			return err
		}
	}
	return g.Store.Finish(ctx, f)
}

func (g *gated) Pending(ctx context.Context, after store.Place, limit int) ([]automation.Execution, error) {
	xs, err := g.Store.Pending(ctx, after, limit)
	if g.onPending != nil {
		g.onPending()
	}
	return xs, err
}

func (b *bench) mustCancel(id string) {
	b.t.Helper()
	if err := b.Cancel(b.t.Context(), id, "mira"); err != nil {
		b.t.Fatalf("cancel: %v", err)
	}
}

func retrying(attempts int) func(*Options) {
	return func(o *Options) {
		a := echoAction()
		a.Retry.MaxAttempts = attempts
		rules, err := compileRules(a)
		if err != nil {
			panic(err)
		}
		c := catalogue{rules: rules, actions: map[automation.Ref]automation.Action{a.Ref(): a}}
		o.Catalogue = func() Catalogue { return c }
	}
}

// Whoever is told that an execution will be canceled sees it canceled, whenever
// he asks.
func TestCancelAtAnyMoment(t *testing.T) {
	t.Parallel()
	fail := runnerFunc(func(context.Context, runner.Job) (runner.Result, error) {
		return runner.Result{Code: automation.CodeExitCode, Message: "no"}, nil
	})

	t.Run("between its commit and its worker", func(t *testing.T) {
		t.Parallel()
		var b *bench
		db := &gated{Store: openStore(t)}
		ready := make(chan struct{})
		db.onAccept = func(id string) error { <-ready; b.mustCancel(id); return nil }
		b = startOn(t, db, untilStopped(make(chan string, 1)), nil)
		close(ready)
		b.settled()
		if x := b.final(b.ingest("echo", "x").Executions[0]); x.Status != automation.Canceled {
			t.Errorf("execution is %s", x.Status)
		}
	})

	t.Run("while it is being started", func(t *testing.T) {
		t.Parallel()
		began := make(chan string, 1)
		starting, goOn := make(chan string, 1), make(chan struct{})
		db := &gated{Store: openStore(t), onStart: func(id string) error { starting <- id; <-goOn; return nil }}
		b := startOn(t, db, untilStopped(began), func(o *Options) { o.Workers = 1 })
		b.settled()
		first := b.ingest("echo", "x").Executions[0]
		second := b.ingest("echo", "y").Executions[0]
		<-began
		b.mustCancel(first)
		if id := <-starting; id != second {
			t.Fatalf("%s is being started", id)
		}
		b.mustCancel(second)
		close(goOn)
		if x := b.final(second); x.Status != automation.Canceled {
			t.Errorf("execution is %s", x.Status)
		}
	})

	t.Run("while it can not be started", func(t *testing.T) {
		t.Parallel()
		began := make(chan string, 1)
		starting, goOn := make(chan string, 1), make(chan struct{})
		db := &gated{Store: openStore(t), onStart: func(id string) error {
			select {
			case starting <- id:
			default: // only the first try is waited for
			}
			<-goOn
			return automation.Unavailable("the disk is full")
		}}
		b := startOn(t, db, untilStopped(began), func(o *Options) { o.Workers = 1 })
		b.settled()
		first := b.ingest("echo", "x").Executions[0]
		second := b.ingest("echo", "y").Executions[0]
		<-began
		b.mustCancel(first)
		<-starting
		b.mustCancel(second)
		close(goOn)
		if x := b.final(second); x.Status != automation.Canceled || len(x.AttemptList) != 0 {
			t.Errorf("execution is %s with %d attempts", x.Status, len(x.AttemptList))
		}
	})

	t.Run("when its attempt has failed and the next is due", func(t *testing.T) {
		t.Parallel()
		var b *bench
		ready := make(chan struct{})
		db := &gated{Store: openStore(t)}
		db.onFinish = func(f store.Finish) error { <-ready; b.mustCancel(f.ID); return nil }
		b = startOn(t, db, fail, retrying(5))
		close(ready)
		x := b.final(b.ingest("echo", "x").Executions[0])
		if x.Status != automation.Canceled || len(x.AttemptList) != 1 {
			t.Errorf("execution is %s after %d attempts", x.Status, len(x.AttemptList))
		}
	})

	t.Run("while it waits for its next attempt", func(t *testing.T) {
		t.Parallel()
		b := start(t, fail, func(o *Options) { retrying(5)(o); o.Backoff = time.Hour })
		id := b.ingest("echo", "x").Executions[0]
		b.until(id, func(x automation.Execution) bool { return x.Attempts == 1 && x.Status == automation.Delayed })
		b.mustCancel(id)
		if x := b.final(id); x.Status != automation.Canceled {
			t.Errorf("execution is %s", x.Status)
		}
	})
}

// A copy from the store that was read before an attempt must not make the
// engine forget that attempt: neither its number nor its log lines.
func TestAnOutdatedCopyIsReadAgain(t *testing.T) {
	t.Parallel()
	var stale atomic.Pointer[automation.Execution]
	b := start(t, runnerFunc(func(_ context.Context, job runner.Job) (runner.Result, error) {
		job.Log(automation.LevelInfo, "a line")
		return runner.Result{Code: automation.CodeExitCode, Message: "no"}, nil
	}), func(o *Options) { retrying(2)(o); o.Backoff = time.Hour; o.Workers = 1 })
	id := b.ingest("echo", "x").Executions[0]
	x := b.until(id, func(x automation.Execution) bool { return x.Attempts == 1 && x.Status == automation.Delayed })
	x.Attempts, x.AttemptList, x.LogLines = 0, nil, 0
	stale.Store(&x)
	b.idle(1)
	if n, err := b.comeBack(t.Context(), []automation.Execution{*stale.Load()}); n != 1 || err != nil { // its backoff is over
		t.Fatalf("%d came back: %v", n, err)
	}
	x = b.final(id)
	if x.Status != automation.Failed || len(x.AttemptList) != 2 || x.LogLines != 2 {
		t.Errorf("%s after %d attempts with %d lines", x.Status, len(x.AttemptList), x.LogLines)
	}
	b.idle(1)
}

func eventuallyIn(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("still not so after 20 s")
		}
	}
}

// settled waits until what an earlier process left has been looked for: from then
// on a new execution is given to an idle worker at once.
func (b *bench) settled() {
	b.t.Helper()
	eventuallyIn(b.t, func() bool {
		b.line.mu.Lock()
		defer b.line.mu.Unlock()
		return !b.line.spilled && !b.line.filling
	})
}

// idle waits until all workers are.
func (b *bench) idle(workers int) {
	b.t.Helper()
	eventuallyIn(b.t, func() bool {
		b.line.mu.Lock()
		defer b.line.mu.Unlock()
		return b.line.idle == workers
	})
}

func TestACrowdThatWaitsForItsBackoffHidesNobody(t *testing.T) {
	t.Parallel()
	var reads atomic.Int32
	db := &gated{Store: openStore(t), onPending: func() { reads.Add(1) }}
	b := startOn(t, db, runnerFunc(func(_ context.Context, job runner.Job) (runner.Result, error) {
		if strings.Contains(string(job.Input), "bad") {
			return runner.Result{Code: automation.CodeExitCode, Message: "no"}, nil
		}
		return runner.Result{}, nil
	}), func(o *Options) { retrying(2)(o); o.Backoff, o.Queue, o.Workers = time.Hour, 2, 1 })
	for range 5 {
		id := b.ingest("echo", "bad").Executions[0]
		b.until(id, func(x automation.Execution) bool { return x.Attempts == 1 && x.Status == automation.Delayed })
	}
	var good []string
	for range 20 {
		good = append(good, b.ingest("echo", "good").Executions[0])
	}
	b.line.spill()
	for _, id := range good {
		if x := b.final(id); x.Status != automation.Succeeded {
			t.Errorf("execution is %s", x.Status)
		}
	}
	b.idle(1)
	if n := reads.Load(); n > 200 {
		t.Errorf("the store was asked %d times for pending executions", n)
	}
}

func TestAResultThatTheStoreRefusesEndsTheExecution(t *testing.T) {
	t.Parallel()
	for _, refusal := range []error{automation.Invalid("it breaks a rule of the schema"), automation.Conflict("it is stored already")} {
		db := &gated{Store: openStore(t), onFinish: func(f store.Finish) error {
			if f.Output != nil {
				return refusal
			}
			return nil
		}}
		b := startOn(t, db, answer(`"unheard of"`), func(o *Options) { o.Workers = 1 })
		x := b.final(b.ingest("echo", "x").Executions[0])
		if x.Status != automation.Failed || x.Code != automation.CodeInternal || x.Message == "" {
			t.Errorf("%s (%s) %q", x.Status, x.Code, x.Message)
		}
		b.idle(1)
	}
}

func TestARunnerThatPanicsFailsItsAttemptOnly(t *testing.T) {
	t.Parallel()
	b := start(t, runnerFunc(func(context.Context, runner.Job) (runner.Result, error) { panic("secret") }), func(o *Options) { o.Workers = 1 })
	for range 2 {
		x := b.final(b.ingest("echo", "x").Executions[0])
		if x.Status != automation.Failed || x.Code != automation.CodeInternal || strings.Contains(x.Message, "secret") {
			t.Errorf("%s (%s) %q", x.Status, x.Code, x.Message)
		}
	}
	b.idle(1)
}

func TestAStoreThatTakesNoResultDoesNotHoldUpTheShutdown(t *testing.T) {
	t.Parallel()
	failing := make(chan struct{}, 100)
	db := &gated{Store: openStore(t), onFinish: func(store.Finish) error {
		failing <- struct{}{}
		return automation.Unavailable("the disk is full")
	}}
	b := startOn(t, db, answer("1"), func(o *Options) { o.DrainTimeout = 10 * time.Millisecond; o.Backoff = time.Minute })
	b.ingest("echo", "x")
	<-failing
	began := time.Now()
	b.stop()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the shutdown took %s", took)
	}
}

// An event that is being committed when the engine stops is given back, not left
// in running.
func TestACommitUnderWayAtShutdownIsGivenBack(t *testing.T) {
	t.Parallel()
	committed, goOn := make(chan struct{}), make(chan struct{})
	db := &gated{Store: openStore(t), onAccept: func(string) error { close(committed); <-goOn; return nil }}
	b := startOn(t, db, untilStopped(make(chan string, 1)), func(o *Options) { o.DrainTimeout = time.Millisecond })
	b.settled()
	accepted := make(chan automation.Accepted, 1)
	go func() {
		a, err := b.Ingest(context.Background(), webhook("echo", "x"))
		if err != nil {
			t.Error(err)
		}
		accepted <- a
	}()
	<-committed
	stopped := make(chan struct{})
	go func() { b.stop(); close(stopped) }()
	select {
	case <-stopped:
		t.Error("the engine stopped before the commit was settled")
	case <-time.After(50 * time.Millisecond): // long enough for an engine that does not wait
	}
	close(goOn)
	a := <-accepted
	<-stopped
	x, err := db.Store.Execution(t.Context(), a.Executions[0])
	if err != nil || x.Status != automation.Pending {
		t.Errorf("execution is %s, %v; want pending", x.Status, err)
	}
}

func TestRerunReplacesAndRemoves(t *testing.T) {
	t.Parallel()
	b := start(t, answer("1"), func(o *Options) {
		a := echoAction()
		text := map[string]any{"type": "string"}
		a.Parameters["extra"] = automation.Parameter{Type: "string", Schema: text}
		a.Parameters["big"] = automation.Parameter{Type: "integer", Schema: map[string]any{"type": "integer"}}
		a.Parameters["fixed"] = automation.Parameter{Type: "string", Default: "f", HasDefault: true, Immutable: true, Schema: text}
		c := newCatalogue(t, a)
		o.Catalogue = func() Catalogue { return c }
	})
	first, err := b.Submit(t.Context(), automation.RunRequest{Action: "test.echo", Parameters: map[string]any{
		"text": "hi", "extra": "x", "big": json.Number("9007199254740993")}})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(first.Parameters); got != `{"big":9007199254740993,"extra":"x","fixed":"f","text":"hi"}` {
		t.Errorf("parameters = %s", got)
	}
	tests := []struct {
		name   string
		change map[string]any
		remove []string
		want   string // parameters, or a part of the error
		fails  bool
	}{
		{"nothing", nil, nil, `{"big":9007199254740993,"extra":"x","fixed":"f","text":"hi"}`, false},
		{"one removed", nil, []string{"extra"}, `{"big":9007199254740993,"fixed":"f","text":"hi"}`, false},
		{"one replaced, one removed", map[string]any{"text": "ho"}, []string{"big"}, `{"extra":"x","fixed":"f","text":"ho"}`, false},
		{"null is a value", map[string]any{"extra": nil}, nil, `{"big":9007199254740993,"extra":null,"fixed":"f","text":"hi"}`, false},
		{"one that is not there", nil, []string{"extar"}, `no parameter "extar"`, true},
		{"one that is needed", nil, []string{"text"}, "text is required", true},
		{"replaced and removed", map[string]any{"text": "ho"}, []string{"text"}, "both", true},
		{"an immutable one replaced", map[string]any{"fixed": "g"}, nil, "immutable", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x, err := b.Rerun(t.Context(), automation.RunRequest{Parent: first.ID, Parameters: tt.change, User: "mira"}, tt.remove)
			if tt.fails {
				if !errors.Is(err, automation.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("err = %v, want %q", err, tt.want)
				}
				return
			}
			if err != nil || string(x.Parameters) != tt.want || x.Parent != first.ID {
				t.Errorf("parameters = %s, parent %s, %v", x.Parameters, x.Parent, err)
			}
		})
	}
}

// Cancels, failures, retries, a store that hiccups, shutdowns and restarts on one
// store: in the end every execution is final, its attempts are consistent, and no
// worker is lost.
func TestHammer(t *testing.T) {
	t.Parallel()
	db := &gated{Store: openStore(t)}
	hiccup := func() error {
		if rand.IntN(50) == 0 {
			return automation.Unavailable("the disk is full")
		}
		return nil
	}
	db.onStart = func(string) error { return hiccup() }
	db.onFinish = func(store.Finish) error { return hiccup() }
	r := runnerFunc(func(ctx context.Context, job runner.Job) (runner.Result, error) {
		job.Log(automation.LevelInfo, "working")
		select {
		case <-ctx.Done():
			return runner.Result{Code: automation.CodeCanceled, Message: "stopped"}, nil
		case <-time.After(time.Duration(rand.IntN(3000)) * time.Microsecond):
		}
		switch rand.IntN(6) {
		case 0, 1:
			return runner.Result{Code: automation.CodeExitCode, Message: "no"}, nil
		case 2:
			return runner.Result{}, errors.New("the platform is at a loss")
		case 3:
			panic("at random")
		}
		return runner.Result{Output: json.RawMessage("1")}, nil
	})
	change := func(o *Options) {
		retrying(3)(o)
		o.Workers, o.Queue, o.Backoff, o.DrainTimeout = 3, 4, 100*time.Microsecond, 2*time.Millisecond
	}
	const most = 3
	canceled := &sync.Map{}
	var ids []string
	for range 6 {
		b := startOn(t, db, r, change)
		ids = append(ids, b.hammer(canceled)...)
		b.stop()
	}
	b := startOn(t, db, r, change)
	for _, id := range ids {
		x := b.final(id)
		if _, asked := canceled.Load(id); asked && x.Status == automation.Failed && counted(x.AttemptList) < most {
			t.Errorf("%s was to be canceled and %s early", id, x.Status)
		}
		if wrong := inconsistent(x, most); wrong != "" {
			t.Errorf("%s: %s: %+v", id, wrong, x.AttemptList)
		}
	}
	b.idle(3)
	if n := b.Busy() + b.Queued(); n != 0 {
		t.Errorf("%d are still busy or queued", n)
	}
}

// hammer sends events from several goroutines and cancels some of what they start.
func (b *bench) hammer(canceled *sync.Map) []string {
	var senders sync.WaitGroup
	var mu sync.Mutex
	var ids []string
	for range 4 {
		senders.Go(func() {
			for range 25 {
				a, err := b.Ingest(context.Background(), webhook("echo", "x"))
				if err != nil {
					b.t.Error(err)
					return
				}
				mu.Lock()
				ids = append(ids, a.Executions...)
				victim := ids[rand.IntN(len(ids))]
				mu.Unlock()
				if rand.IntN(3) == 0 && b.Cancel(context.Background(), victim, "mira") == nil {
					canceled.Store(victim, true)
				}
			}
		})
	}
	senders.Wait()
	return ids
}

func inconsistent(x automation.Execution, most int) string {
	for i, a := range x.AttemptList {
		last := i == len(x.AttemptList)-1
		switch {
		case a.Number != i+1:
			return fmt.Sprintf("attempt %d has number %d", i+1, a.Number)
		case a.FinishedAt == nil || a.Status == automation.AttemptRunning:
			return "an attempt has not ended"
		case !last && (a.Status == automation.AttemptSucceeded || a.Status == automation.AttemptCanceled):
			return "something follows a final attempt"
		}
	}
	switch {
	case x.Attempts != len(x.AttemptList):
		return "attempts are miscounted"
	case counted(x.AttemptList) > most:
		return "too many attempts"
	case x.Status == automation.Failed && x.Code != automation.CodeLost && counted(x.AttemptList) != most:
		return "it failed with attempts left"
	}
	return ""
}

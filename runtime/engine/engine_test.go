package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/parameter"
	"github.com/squall-dev/squall/runtime/rule"
	"github.com/squall-dev/squall/runtime/runner"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

// runnerFunc is a runner that tests steer.
type runnerFunc func(ctx context.Context, job runner.Job) (runner.Result, error)

func (f runnerFunc) Run(ctx context.Context, job runner.Job) (runner.Result, error) {
	return f(ctx, job)
}

func answer(output string) runnerFunc {
	return func(context.Context, runner.Job) (runner.Result, error) {
		return runner.Result{Output: json.RawMessage(output)}, nil
	}
}

// catalogue has one rule on the webhook "hook" for each action given.
type catalogue struct {
	rules   *rule.Set
	actions map[automation.Ref]automation.Action
	// triggers are the types that are declared.
	triggers map[automation.Ref]automation.TriggerType
	policies []automation.Policy
}

func (c catalogue) Rules() *rule.Set { return c.rules }

func (c catalogue) Action(ref automation.Ref) (automation.Action, bool) {
	a, ok := c.actions[ref]
	return a, ok
}

func (c catalogue) Config(string) (map[string]any, []string) {
	return map[string]any{"room": "sre", "token": "hunter2"}, []string{"token"}
}

func (c catalogue) TriggerType(ref automation.Ref) (automation.TriggerType, bool) {
	t, ok := c.triggers[ref]
	return t, ok
}

func (c catalogue) Policies(action automation.Ref) []automation.Policy {
	var all []automation.Policy
	for _, p := range c.policies {
		if p.Resource == action {
			all = append(all, p)
		}
	}
	return all
}

func (c catalogue) Policy(ref automation.Ref) (automation.Policy, bool) {
	for _, p := range c.policies {
		if p.Ref() == ref {
			return p, true
		}
	}
	return automation.Policy{}, false
}

func (c catalogue) CheckPayload(ref automation.Ref, payload any) error {
	t, ok := c.triggers[ref]
	if !ok {
		return nil
	}
	s, err := parameter.CompileSchema(t.PayloadSchema)
	if err != nil {
		return err
	}
	return s.Check(payload)
}

func newCatalogue(t *testing.T, actions ...automation.Action) catalogue {
	t.Helper()
	c := catalogue{actions: map[automation.Ref]automation.Action{}}
	for _, a := range actions {
		c.actions[a.Ref()] = a
	}
	var err error
	if c.rules, err = compileRules(actions...); err != nil {
		t.Fatal(err)
	}
	return c
}

func compileRules(actions ...automation.Action) (*rule.Set, error) {
	rules := []automation.Rule{}
	for _, a := range actions {
		rules = append(rules, ruleFor(a.Ref()))
	}
	return rule.Compile(append(rules, ruleFor("test.missing")))
}

// ruleFor starts an action when the body's "do" names it.
func ruleFor(action automation.Ref) automation.Rule {
	return automation.Rule{
		Pack: "test", Name: "do_" + action.Name(), Enabled: true,
		Trigger:  automation.TriggerSpec{Type: "core.st2.webhook", Parameters: map[string]any{"url": "hook"}},
		Criteria: []automation.Criterion{{Key: "trigger.body.do", Operator: "equals", Pattern: action.Name()}},
		Action:   automation.ActionCall{Ref: action, Parameters: map[string]any{"text": "{{ trigger.body.text }}"}},
	}
}

func echoAction() automation.Action {
	return automation.Action{Pack: "test", Name: "echo", Enabled: true, Summary: "says {{ text }}",
		Parameters: map[string]automation.Parameter{
			"text": {Type: "string", Required: true, Schema: map[string]any{"type": "string", "required": true}},
		}}
}

func webhook(do, text string) automation.Event {
	payload, _ := json.Marshal(map[string]any{"body": map[string]any{"do": do, "text": text}}) // strings always encode
	return automation.Event{Trigger: "core.st2.webhook", Parameters: map[string]any{"url": "hook"}, Payload: payload}
}

// bench is an engine over a real store.
type bench struct {
	*Engine
	t     *testing.T
	store store.Store
	stop  func() // stops the engine and waits for it
}

func openStore(t *testing.T) store.Store {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "db"), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func start(t *testing.T, r runner.Runner, change func(*Options)) *bench {
	t.Helper()
	return startOn(t, openStore(t), r, change)
}

func startOn(t *testing.T, db store.Store, r runner.Runner, change func(*Options)) *bench {
	t.Helper()
	c := newCatalogue(t, echoAction())
	o := Options{Store: db, Catalogue: func() Catalogue { return c }, Runner: r, IDs: &automation.IDs{},
		Workers: 4, Backoff: time.Millisecond, DrainTimeout: time.Minute}
	if change != nil {
		change(&o)
	}
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("engine: %v", err)
		}
	})
	t.Cleanup(stop)
	<-e.Started()
	return &bench{Engine: e, t: t, store: db, stop: stop}
}

func (b *bench) ingest(do, text string) automation.Accepted {
	b.t.Helper()
	a, err := b.Ingest(b.t.Context(), webhook(do, text))
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}

// until waits for an execution to reach a state.
func (b *bench) until(id string, ok func(automation.Execution) bool) automation.Execution {
	b.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		x, err := b.store.Execution(b.t.Context(), id)
		if err != nil {
			b.t.Fatal(err)
		}
		if ok(x) {
			return x
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("execution %s stays %s: %+v", id, x.Status, x)
		}
		time.Sleep(time.Millisecond) // there is no signal from the store to wait for
	}
}

func (b *bench) final(id string) automation.Execution {
	b.t.Helper()
	return b.until(id, func(x automation.Execution) bool { return x.Status.Final() })
}

func TestAnEventBecomesAFinishedExecution(t *testing.T) {
	t.Parallel()
	b := start(t, runnerFunc(func(_ context.Context, job runner.Job) (runner.Result, error) {
		job.Log(automation.LevelInfo, "one\ntwo")
		return runner.Result{Output: job.Input, Usage: automation.Usage{Fuel: 7}}, nil
	}), nil)
	a := b.ingest("echo", "hello")
	if a.Looked != 2 || a.Matched != 1 || len(a.Executions) != 1 {
		t.Fatalf("accepted = %+v, want two rules that looked and one that matched", a)
	}
	x := b.final(a.Executions[0])
	if x.Status != automation.Succeeded || string(x.Output) != `{"text":"hello"}` || x.Summary != "says hello" {
		t.Errorf("execution = %+v", x)
	}
	if len(x.AttemptList) != 1 || x.AttemptList[0].Status != automation.AttemptSucceeded || x.AttemptList[0].Usage.Fuel != 7 {
		t.Errorf("attempts = %+v", x.AttemptList)
	}
	lines, err := b.store.Log(t.Context(), x.ID, 1, 10)
	if err != nil || len(lines) != 2 || lines[1].Text != "two" || lines[1].Number != 2 {
		t.Errorf("log = %+v, %v", lines, err)
	}
	ev, err := b.store.Event(t.Context(), a.Event)
	if err != nil || len(ev.Verdicts) != 2 {
		t.Errorf("event = %+v, %v", ev, err)
	}
}

func TestWhatCannotRunLeavesAFailedExecutionThatSaysWhy(t *testing.T) {
	t.Parallel()
	c := newCatalogue(t, echoAction())
	typo := ruleFor("test.echo")
	typo.Action.Parameters = map[string]any{"txt": "typo"}
	c.rules, _ = rule.Compile([]automation.Rule{ruleFor("test.missing"), typo})
	b := start(t, answer("1"), func(o *Options) { o.Catalogue = func() Catalogue { return c } })
	tests := []struct {
		name, do string
		code     automation.FailureCode
		says     []string
	}{
		{"an unknown action", "missing", automation.CodeUnknownAction, []string{"test.missing"}},
		{"a missing and an unknown parameter", "echo", automation.CodeInvalidParameters, []string{"text", "txt"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := b.ingest(tt.do, "x")
			x := b.final(a.Executions[0])
			if x.Status != automation.Failed || x.Code != tt.code {
				t.Errorf("execution is %s (%s)", x.Status, x.Code)
			}
			for _, word := range tt.says {
				if !strings.Contains(x.Message, word) {
					t.Errorf("message %q does not name %q", x.Message, word)
				}
			}
			if len(x.AttemptList) != 0 {
				t.Errorf("it was attempted: %+v", x.AttemptList)
			}
		})
	}
}

func TestAPersonIsToldAtOnce(t *testing.T) {
	t.Parallel()
	b := start(t, answer("1"), nil)
	if _, err := b.Submit(t.Context(), automation.RunRequest{Action: "test.nope"}); !errors.Is(err, automation.ErrNotFound) {
		t.Errorf("unknown action: %v, want not found", err)
	}
	if _, err := b.Submit(t.Context(), automation.RunRequest{Action: "test.echo"}); !errors.Is(err, automation.ErrInvalid) {
		t.Errorf("missing parameter: %v, want invalid", err)
	}
	list, err := b.store.Executions(t.Context(), store.ExecutionQuery{})
	if err != nil || len(list) != 0 {
		t.Errorf("refused requests left executions: %+v, %v", list, err)
	}
	x, err := b.Submit(t.Context(), automation.RunRequest{Action: "test.echo", Parameters: map[string]any{"text": "hi"}, User: "mira"})
	if err != nil {
		t.Fatal(err)
	}
	if done := b.final(x.ID); done.Status != automation.Succeeded || done.StartedBy != "mira" {
		t.Errorf("execution = %+v", done)
	}
	again, err := b.Rerun(t.Context(), automation.RunRequest{Parent: x.ID, Parameters: map[string]any{"text": "ho"}, User: "jon"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if done := b.final(again.ID); done.Parent != x.ID || string(done.Parameters) != `{"text":"ho"}` {
		t.Errorf("rerun = %+v", done)
	}
}

func TestHowAnAttemptEndsDecidesTheStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		result  runner.Result
		err     error
		status  automation.Status
		attempt automation.AttemptStatus
		code    automation.FailureCode
	}{
		{"an exit code fails", runner.Result{Code: automation.CodeExitCode, Message: "no"}, nil, automation.Failed, automation.AttemptFailed, automation.CodeExitCode},
		{"a trap fails", runner.Result{Code: automation.CodeTrap, Message: "crash"}, nil, automation.Failed, automation.AttemptFailed, automation.CodeTrap},
		{"the wall clock times out", runner.Result{Code: automation.CodeTimeout, Message: "slow"}, nil, automation.TimedOut, automation.AttemptTimedOut, automation.CodeTimeout},
		{"a fault of the server fails and tells nothing of it", runner.Result{}, errors.New("secret path"), automation.Failed, automation.AttemptFailed, automation.CodeInternal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := start(t, runnerFunc(func(context.Context, runner.Job) (runner.Result, error) { return tt.result, tt.err }), nil)
			x := b.final(b.ingest("echo", "x").Executions[0])
			if x.Status != tt.status || x.Code != tt.code || x.AttemptList[0].Status != tt.attempt {
				t.Errorf("execution is %s (%s), attempt %s", x.Status, x.Code, x.AttemptList[0].Status)
			}
			if strings.Contains(x.Message, "secret") || x.Message == "" {
				t.Errorf("message = %q", x.Message)
			}
		})
	}
}

// untilStopped runs until its context ends, and tells when it has begun.
func untilStopped(began chan<- string) runnerFunc {
	return func(ctx context.Context, job runner.Job) (runner.Result, error) {
		began <- job.Execution
		<-ctx.Done()
		return runner.Result{Code: automation.CodeCanceled, Message: "stopped"}, nil
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	began := make(chan string, 10)
	b := start(t, untilStopped(began), func(o *Options) { o.Workers = 1 })
	running := b.ingest("echo", "a").Executions[0]
	waiting := b.ingest("echo", "b").Executions[0]
	<-began
	for _, id := range []string{waiting, running} {
		if err := b.Cancel(t.Context(), id, "mira"); err != nil {
			t.Fatal(err)
		}
		x := b.final(id)
		if x.Status != automation.Canceled || !strings.Contains(x.Message, "mira") {
			t.Errorf("%s: %s %q", id, x.Status, x.Message)
		}
	}
	if x := b.final(waiting); len(x.AttemptList) != 0 {
		t.Errorf("the waiting one was attempted: %+v", x.AttemptList)
	}
	if err := b.Cancel(t.Context(), running, "mira"); !errors.Is(err, automation.ErrConflict) {
		t.Errorf("cancel of a finished one: %v, want conflict", err)
	}
	if err := b.Cancel(t.Context(), (&automation.IDs{}).New(), "mira"); !errors.Is(err, automation.ErrNotFound) {
		t.Errorf("cancel of an unknown one: %v, want not found", err)
	}
}

func TestShutdownGivesWorkBackAndTheNextStartEndsIt(t *testing.T) {
	t.Parallel()
	db := openStore(t)
	began := make(chan string, 1)
	first := startOn(t, db, untilStopped(began), func(o *Options) { o.DrainTimeout = time.Millisecond })
	id := first.ingest("echo", "x").Executions[0]
	<-began
	first.stop()
	x, err := db.Execution(t.Context(), id)
	if err != nil || x.Status != automation.Pending || x.AttemptList[0].Status != automation.AttemptInterrupted {
		t.Fatalf("after shutdown: %+v, %v", x, err)
	}
	if _, err := first.Ingest(t.Context(), webhook("echo", "x")); !errors.Is(err, automation.ErrUnavailable) {
		t.Errorf("a stopped engine took an event: %v", err)
	}
	second := startOn(t, db, answer(`"done"`), nil)
	x = second.final(id)
	if x.Status != automation.Succeeded || len(x.AttemptList) != 2 {
		t.Errorf("after the next start: %+v", x)
	}
}

func TestDrainLetsRunningWorkEnd(t *testing.T) {
	t.Parallel()
	began, finish := make(chan struct{}), make(chan struct{})
	b := start(t, runnerFunc(func(context.Context, runner.Job) (runner.Result, error) {
		close(began)
		<-finish
		return runner.Result{Output: json.RawMessage("1")}, nil
	}), nil)
	id := b.ingest("echo", "x").Executions[0]
	<-began
	stopped := make(chan struct{})
	go func() { b.stop(); close(stopped) }()
	close(finish)
	<-stopped
	if x := b.final(id); x.Status != automation.Succeeded {
		t.Errorf("execution is %s", x.Status)
	}
}

func TestRetry(t *testing.T) {
	t.Parallel()
	var tries atomic.Int32
	b := start(t, runnerFunc(func(_ context.Context, job runner.Job) (runner.Result, error) {
		job.Log(automation.LevelInfo, fmt.Sprintf("try %d", tries.Add(1)))
		if job.Attempt < 3 {
			return runner.Result{Code: automation.CodeExitCode, Message: "not yet"}, nil
		}
		return runner.Result{Output: json.RawMessage("3")}, nil
	}), func(o *Options) {
		a := echoAction()
		a.Retry.MaxAttempts = 3
		c := newCatalogue(t, a)
		o.Catalogue = func() Catalogue { return c }
	})
	x := b.final(b.ingest("echo", "x").Executions[0])
	if x.Status != automation.Succeeded || len(x.AttemptList) != 3 || tries.Load() != 3 {
		t.Fatalf("execution = %+v after %d tries", x, tries.Load())
	}
	lines, err := b.store.Log(t.Context(), x.ID, 1, 10)
	if err != nil || len(lines) != 3 {
		t.Fatalf("log = %+v, %v", lines, err)
	}
	for i, l := range lines {
		if l.Number != i+1 || l.Attempt != i+1 {
			t.Errorf("line %d has number %d, attempt %d", i, l.Number, l.Attempt)
		}
	}
}

func TestLinesOfARunningExecutionCanBeRead(t *testing.T) {
	t.Parallel()
	finish := make(chan struct{})
	b := start(t, runnerFunc(func(_ context.Context, job runner.Job) (runner.Result, error) {
		job.Log(automation.LevelWarning, "working")
		<-finish
		job.Log(automation.LevelInfo, "done")
		return runner.Result{}, nil
	}), nil)
	id := b.ingest("echo", "x").Executions[0]
	b.until(id, func(x automation.Execution) bool { return x.LogLines == 1 && x.Status == automation.Running })
	close(finish)
	if x := b.final(id); x.LogLines != 2 {
		t.Errorf("log has %d lines, want 2", x.LogLines)
	}
}

func TestMoreThanMemoryHoldsRunsOnceEach(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	runs := map[string]int{}
	b := start(t, runnerFunc(func(_ context.Context, job runner.Job) (runner.Result, error) {
		mu.Lock()
		defer mu.Unlock()
		runs[job.Execution]++
		return runner.Result{}, nil
	}), func(o *Options) { o.Workers, o.Queue = 2, 3 })
	var senders sync.WaitGroup
	ids := make(chan string, 400)
	for range 8 {
		senders.Go(func() {
			for range 50 {
				a, err := b.Ingest(context.Background(), webhook("echo", "x"))
				if err != nil {
					t.Error(err)
					return
				}
				ids <- a.Executions[0]
			}
		})
	}
	senders.Wait()
	close(ids)
	for id := range ids {
		x := b.final(id)
		mu.Lock()
		if runs[id] != 1 || len(x.AttemptList) != 1 {
			t.Errorf("%s ran %d times, has %d attempts", id, runs[id], len(x.AttemptList))
		}
		mu.Unlock()
	}
}

// flaky fails to store the first results.
type flaky struct {
	store.Store
	fails atomic.Int32
}

func (f *flaky) Finish(ctx context.Context, x store.Finish) error {
	if f.fails.Add(-1) >= 0 {
		return automation.Unavailable("the disk is full")
	}
	return f.Store.Finish(ctx, x)
}

func TestAResultIsKeptUntilTheStoreTakesIt(t *testing.T) {
	t.Parallel()
	db := &flaky{Store: openStore(t)}
	db.fails.Store(3)
	b := startOn(t, db, answer("1"), nil)
	if x := b.final(b.ingest("echo", "x").Executions[0]); x.Status != automation.Succeeded {
		t.Errorf("execution is %s", x.Status)
	}
}

func TestAnEventThatCannotBeStoredStartsNothing(t *testing.T) {
	t.Parallel()
	var ran atomic.Int32
	db := openStore(t)
	b := startOn(t, &refusing{Store: db}, runnerFunc(func(context.Context, runner.Job) (runner.Result, error) {
		ran.Add(1)
		return runner.Result{}, nil
	}), func(o *Options) { o.Workers = 1 })
	for range 3 { // more often than there are workers: each refusal must free its worker
		if _, err := b.Ingest(t.Context(), webhook("echo", "x")); !errors.Is(err, automation.ErrUnavailable) {
			t.Fatalf("err = %v, want unavailable", err)
		}
	}
	b.line.mu.Lock()
	idle := b.line.idle
	b.line.mu.Unlock()
	if ran.Load() != 0 || idle != 1 {
		t.Errorf("%d ran, %d workers idle", ran.Load(), idle)
	}
}

type refusing struct{ store.Store }

func (refusing) Accept(context.Context, ...store.Acceptance) error {
	return automation.Unavailable("the disk is full")
}

func TestDefaultsOfAnActionAreTemplates(t *testing.T) {
	t.Parallel()
	b := start(t, answer("1"), func(o *Options) {
		a := echoAction()
		a.Parameters["loud"] = automation.Parameter{Type: "string", HasDefault: true, Default: "{{ text | upper }}"}
		a.Parameters["limit"] = automation.Parameter{Type: "integer", HasDefault: true, Immutable: true, Default: "{{ st2kv.system.limit }}"}
		c := newCatalogue(t, a)
		o.Catalogue = func() Catalogue { return c }
	})
	b.put("limit", "7")
	x := b.final(b.ingest("echo", "{{ 1 }}a").Executions[0])
	if want := `{"limit":7,"loud":"{{ 1 }}A","text":"{{ 1 }}a"}`; string(x.Parameters) != want {
		t.Errorf("an event gave the parameters %s, want %s (%s)", x.Parameters, want, x.Message)
	}
}

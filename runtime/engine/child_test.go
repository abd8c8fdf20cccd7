package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/runner"
	"github.com/squall-dev/squall/runtime/store"
)

// nesting runs actions that run themselves. The text of each says how many are below.
func nesting(t *testing.T, wait bool) runnerFunc {
	return func(ctx context.Context, job runner.Job) (runner.Result, error) {
		var in struct{ Text string }
		if err := json.Unmarshal(job.Input, &in); err != nil {
			return runner.Result{}, err
		}
		if in.Text == "" {
			return runner.Result{Output: json.RawMessage(`"bottom"`)}, nil
		}
		below, err := job.Run(ctx, automation.ChildRun{Action: "test.echo", Parameters: map[string]any{"text": in.Text[1:]}, Wait: wait})
		if err != nil {
			return runner.Result{Code: automation.CodeExitCode, Message: err.Error()}, nil
		}
		if below.StartedFrom != job.Execution {
			t.Errorf("started from %q, want %q", below.StartedFrom, job.Execution)
		}
		return runner.Result{Output: below.Output, Code: below.Code, Message: below.Message}, nil
	}
}

// chain returns an execution and those that started from it, top first.
func (b *bench) chain(id string) []automation.Execution {
	b.t.Helper()
	var all []automation.Execution
	for id != "" {
		x, err := b.store.Execution(b.t.Context(), id)
		if err != nil {
			b.t.Fatal(err)
		}
		all = append(all, x)
		children, err := b.store.Executions(b.t.Context(), store.ExecutionQuery{From: id})
		if err != nil {
			b.t.Fatal(err)
		}
		if id = ""; len(children) > 0 {
			id = children[0].ID
		}
	}
	return all
}

// Whatever a rule leads to, by way of however many actions, has that rule as its origin.
func TestTheOriginOfAChildIsTheRule(t *testing.T) {
	t.Parallel()
	nested := nesting(t, true)
	origins := make(chan automation.Ref, 10)
	b := start(t, runnerFunc(func(ctx context.Context, job runner.Job) (runner.Result, error) {
		origin, err := job.Origin(ctx)
		if err != nil {
			t.Error(err)
		}
		origins <- origin
		return nested(ctx, job)
	}), oneWorker)
	top := b.final(b.ingest("echo", "12").Executions[0])
	if top.Rule == "" {
		t.Fatal("no rule started it")
	}
	for range 3 {
		if origin := <-origins; origin != top.Rule {
			t.Errorf("origin %q, want %q", origin, top.Rule)
		}
	}
	x, err := b.Submit(t.Context(), automation.RunRequest{Action: "test.echo", Parameters: map[string]any{"text": "1"}, User: "mira"})
	if err != nil {
		t.Fatal(err)
	}
	b.final(x.ID)
	for range 2 {
		if origin := <-origins; origin != "" {
			t.Errorf("what a person started has the origin %q", origin)
		}
	}
}

func oneWorker(o *Options) { o.Workers = 1 }

func TestWaitingForAChildNeedsNoSecondWorker(t *testing.T) {
	t.Parallel()
	b := start(t, nesting(t, true), oneWorker)
	top := b.final(b.ingest("echo", "12345").Executions[0])
	if top.Status != automation.Succeeded || string(top.Output) != `"bottom"` {
		t.Fatalf("%s: %s %s", top.Status, top.Output, top.Message)
	}
	chain := b.chain(top.ID)
	if len(chain) != 6 {
		t.Fatalf("%d executions", len(chain))
	}
	for i, x := range chain {
		if x.Depth != i || x.Event != top.Event || x.Event == "" || x.Status != automation.Succeeded || len(x.AttemptList) != 1 {
			t.Errorf("number %d: %+v", i, x)
		}
		if i > 0 && (x.Rule != "" || x.MaxLost != 1 || !x.Awaited) {
			t.Errorf("number %d: rule %q, may be lost %d times", i, x.Rule, x.MaxLost)
		}
	}
	if again := b.final(b.ingest("echo", "1").Executions[0]); again.Status != automation.Succeeded {
		t.Errorf("the worker did not come back: %+v", again)
	}
}

func TestManyThatWaitEndWithFewWorkers(t *testing.T) {
	t.Parallel()
	b := start(t, nesting(t, true), func(o *Options) { o.Workers, o.Queue = 2, 3 })
	var ids []string
	for range 40 {
		ids = append(ids, b.ingest("echo", "1234").Executions[0])
	}
	for _, id := range ids {
		if x := b.final(id); x.Status != automation.Succeeded {
			t.Fatalf("%+v", x)
		}
	}
	n, err := b.store.CountExecutions(t.Context(), store.ExecutionQuery{})
	if err != nil || n[automation.Succeeded] != 40*5 || len(n) != 1 {
		t.Errorf("%v, %v", n, err)
	}
}

func TestAChainOfChildrenHasAnEnd(t *testing.T) {
	t.Parallel()
	for _, wait := range []bool{true, false} {
		t.Run(fmt.Sprintf("waiting: %v", wait), func(t *testing.T) {
			t.Parallel()
			b := start(t, nesting(t, wait), oneWorker)
			top := b.ingest("echo", strings.Repeat("x", 100)).Executions[0]
			b.final(top)
			b.until(top, func(automation.Execution) bool { return len(b.chain(top)) == maxDepthOfChildren+1 })
			chain := b.chain(top)
			last := b.final(chain[maxDepthOfChildren].ID)
			if last.Status != automation.Failed || !strings.Contains(last.Message, "number 8") {
				t.Errorf("the last one: %+v", last)
			}
		})
	}
}

func TestAChildIsTriedAgainInItsPlace(t *testing.T) {
	t.Parallel()
	flaky := echoAction()
	flaky.Name, flaky.Retry.MaxAttempts = "flaky", 3
	c := newCatalogue(t, echoAction(), flaky)
	b := start(t, runnerFunc(func(ctx context.Context, job runner.Job) (runner.Result, error) {
		if job.Action == "test.flaky" && job.Attempt < 3 {
			return runner.Result{Code: automation.CodeExitCode}, nil
		}
		if job.Action == "test.flaky" {
			return runner.Result{Output: json.RawMessage(`3`)}, nil
		}
		x, err := job.Run(ctx, automation.ChildRun{Action: "test.flaky", Parameters: map[string]any{"text": ""}, Wait: true})
		return runner.Result{Output: x.Output, Code: x.Code}, err
	}), func(o *Options) { o.Workers, o.Catalogue = 1, func() Catalogue { return c } })
	x := b.final(b.ingest("echo", "x").Executions[0])
	if child := b.chain(x.ID)[1]; string(x.Output) != `3` || child.Attempts != 3 || len(child.AttemptList) != 3 {
		t.Errorf("%+v of %+v", child, x)
	}
}

// waiting is an action that waits for one that does not end by itself.
func waiting(began chan<- string, wait bool, bound time.Duration) runnerFunc {
	return func(ctx context.Context, job runner.Job) (runner.Result, error) {
		if !strings.Contains(string(job.Input), "top") {
			began <- job.Execution
			<-ctx.Done()
			return runner.Result{Code: automation.CodeCanceled}, nil
		}
		bounded, cancel := context.WithTimeout(ctx, bound)
		defer cancel()
		x, err := job.Run(bounded, automation.ChildRun{Action: "test.echo", Parameters: map[string]any{"text": "below"}, Wait: wait})
		if err == nil && !wait {
			began <- "left"
		}
		return runner.Result{Output: json.RawMessage(fmt.Sprintf("%q", x.Status)), Code: codeOf(ctx), Message: x.Message}, err
	}
}

func codeOf(ctx context.Context) automation.FailureCode {
	if ctx.Err() != nil {
		return automation.CodeCanceled
	}
	return ""
}

func TestCancelingWhoWaitsCancelsTheChild(t *testing.T) {
	t.Parallel()
	began := make(chan string, 1)
	b := start(t, waiting(began, true, time.Hour), oneWorker)
	top := b.ingest("echo", "top").Executions[0]
	child := <-began
	if err := b.Cancel(t.Context(), top, "mira"); err != nil {
		t.Fatal(err)
	}
	if x := b.final(top); x.Status != automation.Canceled || !strings.Contains(x.Message, "mira") {
		t.Errorf("who waited: %+v", x)
	}
	if x := b.final(child); x.Status != automation.Canceled || !strings.Contains(x.Message, "nobody waits") || x.StartedFrom != top {
		t.Errorf("the child: %+v", x)
	}
}

func TestTheChildAloneCanBeCanceled(t *testing.T) {
	t.Parallel()
	began := make(chan string, 1)
	b := start(t, waiting(began, true, time.Hour), oneWorker)
	top := b.ingest("echo", "top").Executions[0]
	if err := b.Cancel(t.Context(), <-began, "mira"); err != nil {
		t.Fatal(err)
	}
	if x := b.final(top); x.Status != automation.Succeeded || string(x.Output) != `"canceled"` {
		t.Errorf("who waited: %+v", x)
	}
}

func TestAWaitThatTakesTooLongEndsTheChildOnly(t *testing.T) {
	t.Parallel()
	b := start(t, waiting(make(chan string, 1), true, 20*time.Millisecond), oneWorker)
	x := b.final(b.ingest("echo", "top").Executions[0])
	if x.Status != automation.Succeeded || string(x.Output) != `"canceled"` {
		t.Errorf("%+v", x)
	}
}

func TestAChildThatNobodyWaitsForGoesOn(t *testing.T) {
	t.Parallel()
	began := make(chan string, 2)
	b := start(t, waiting(began, false, time.Hour), oneWorker)
	top := b.final(b.ingest("echo", "top").Executions[0])
	first, child := <-began, <-began // "left" and the child's id
	if first != "left" || top.Status != automation.Succeeded {
		t.Errorf("%s, %+v", first, top)
	}
	if x, err := b.store.Execution(t.Context(), child); err != nil || x.Status != automation.Running || x.MaxLost == 1 {
		t.Errorf("the child: %+v, %v", x, err)
	}
	if err := b.Cancel(t.Context(), child, "mira"); err != nil {
		t.Fatal(err)
	}
}

// What waited starts over at the next start of the server, and its child with it.
func TestAShutdownGivesBackWhoWaitsAndCancelsTheChild(t *testing.T) {
	t.Parallel()
	began := make(chan string, 1)
	b := start(t, waiting(began, true, time.Hour), func(o *Options) { o.Workers, o.DrainTimeout = 1, time.Millisecond })
	top := b.ingest("echo", "top").Executions[0]
	child := <-began
	b.stop()
	x, err := b.store.Execution(t.Context(), top)
	if err != nil || x.Status != automation.Pending {
		t.Errorf("who waited: %+v, %v", x, err)
	}
	if y := b.chain(top)[1]; y.ID != child || y.Status != automation.Canceled {
		t.Errorf("the child: %+v", y)
	}
}

// The process died between two attempts of a child. Who waited for it starts over.
func TestAChildThatOutlivesItsProcessIsCanceled(t *testing.T) {
	t.Parallel()
	db, ids := openStore(t), &automation.IDs{}
	pending := func(awaited bool) automation.Execution {
		return automation.Execution{ExecutionSummary: automation.ExecutionSummary{ID: ids.New(), Action: "test.echo", Status: automation.Pending,
			StartedFrom: "65f0c0de0000000000000001", CreatedAt: time.Now()}, Depth: 1, Awaited: awaited, MaxAttempts: 3, Parameters: json.RawMessage(`{"text":""}`)}
	}
	orphan, free := pending(true), pending(false)
	if err := db.Accept(t.Context(), store.Acceptance{Executions: []automation.Execution{orphan, free}}); err != nil {
		t.Fatal(err)
	}
	b := startOn(t, db, nesting(t, true), oneWorker)
	if x := b.final(orphan.ID); x.Status != automation.Canceled || len(x.AttemptList) != 0 || !strings.Contains(x.Message, "nobody waits") {
		t.Errorf("the one that was waited for: %+v", x)
	}
	if x := b.final(free.ID); x.Status != automation.Succeeded {
		t.Errorf("the one that nobody waited for: %+v", x)
	}
}

func TestADryRunHasDryChildren(t *testing.T) {
	t.Parallel()
	b := start(t, nesting(t, true), oneWorker)
	x, err := b.Submit(t.Context(), automation.RunRequest{Action: "test.echo", Parameters: map[string]any{"text": "12"}, User: "mira", DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	b.final(x.ID)
	for _, x := range b.chain(x.ID) {
		if !x.DryRun || x.StartedBy != "mira" || x.Event != "" {
			t.Errorf("%+v", x)
		}
	}
}

func TestAWrongWishStartsNoChild(t *testing.T) {
	t.Parallel()
	var got error
	r := automation.ChildRun{Action: "test.nope", Wait: true}
	b := start(t, runnerFunc(func(ctx context.Context, job runner.Job) (runner.Result, error) {
		_, got = job.Run(ctx, r)
		return runner.Result{}, nil
	}), oneWorker)
	for _, tt := range []struct {
		name string
		r    automation.ChildRun
		kind error
	}{
		{"an unknown action", automation.ChildRun{Action: "test.nope", Wait: true}, automation.ErrNotFound},
		{"a parameter that is missing", automation.ChildRun{Action: "test.echo", Wait: true}, automation.ErrInvalid},
		{"and nobody waits", automation.ChildRun{Action: "test.echo"}, automation.ErrInvalid},
	} {
		r = tt.r
		if x := b.final(b.ingest("echo", "x").Executions[0]); !errors.Is(got, tt.kind) || len(b.chain(x.ID)) != 1 {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

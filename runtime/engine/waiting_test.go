package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/runner"
	"github.com/squall-dev/squall/runtime/store"
)

// governed puts policies and an action into service.
func governed(t *testing.T, a automation.Action, policies ...automation.Policy) func(*Options) {
	t.Helper()
	c := newCatalogue(t, a)
	c.policies = policies
	return func(o *Options) { o.Catalogue = func() Catalogue { return c } }
}

func onEcho(name string, p automation.Policy) automation.Policy {
	p.Pack, p.Name, p.Enabled, p.Resource = "test", name, true, "test.echo"
	if p.Action == "" {
		p.Action = automation.PolicyDelay
	}
	return p
}

func (b *bench) submit(r automation.RunRequest) automation.Execution {
	b.t.Helper()
	r.Action = "test.echo"
	if r.Parameters == nil {
		r.Parameters = map[string]any{"text": "x"}
	}
	x, err := b.Submit(b.t.Context(), r)
	if err != nil {
		b.t.Fatal(err)
	}
	return x
}

func (b *bench) is(id string, want automation.Status) automation.Execution {
	b.t.Helper()
	return b.until(id, func(x automation.Execution) bool { return x.Status == want })
}

func after(d time.Duration) *time.Time { at := time.Now().Add(d); return &at }

// held runs what it is given until it is let go, and counts how many run at once.
type held struct {
	began     chan string
	release   chan struct{}
	now, most atomic.Int32
}

func newHeld() *held { return &held{began: make(chan string, 1000), release: make(chan struct{})} }

func (h *held) Run(ctx context.Context, job runner.Job) (runner.Result, error) {
	n := h.now.Add(1)
	defer h.now.Add(-1)
	for m := h.most.Load(); n > m && !h.most.CompareAndSwap(m, n); m = h.most.Load() {
	}
	h.began <- job.Execution
	select {
	case <-h.release:
	case <-ctx.Done():
		return runner.Result{Code: automation.CodeCanceled}, nil
	}
	return runner.Result{Output: job.Input}, nil
}

func TestAnExecutionRunsAtItsTimeAndNotBefore(t *testing.T) {
	t.Parallel()
	b := start(t, answer("1"), nil)
	at := after(300 * time.Millisecond)
	x := b.submit(automation.RunRequest{RunAt: at})
	if x.Status != automation.Delayed || x.DelayReason == "" || !x.RunAfter.Equal(*at) {
		t.Errorf("it is %s until %v: %s", x.Status, x.RunAfter, x.DelayReason)
	}
	if x = b.final(x.ID); x.StartedAt.Before(*at) || x.Status != automation.Succeeded || x.RunAfter != nil {
		t.Errorf("%s, begun at %v; want not before %v", x.Status, x.StartedAt, at)
	}
	if x := b.submit(automation.RunRequest{RunAt: after(-time.Hour)}); x.Status == automation.Delayed {
		t.Error("a time that is past delays")
	}
	_, err := b.Submit(t.Context(), automation.RunRequest{Action: "test.echo", Parameters: map[string]any{"text": "x"}, RunAt: after(100 * 366 * 24 * time.Hour)})
	if !errors.Is(err, automation.ErrInvalid) {
		t.Errorf("a time a hundred years away: %v", err)
	}
}

func TestWhatIsDelayedComesBackAfterARestart(t *testing.T) {
	t.Parallel()
	db := openStore(t)
	fails := runnerFunc(func(context.Context, runner.Job) (runner.Result, error) {
		return runner.Result{Code: automation.CodeExitCode, Message: "no"}, nil
	})
	first := startOn(t, db, fails, func(o *Options) { retrying(2)(o); o.Backoff = 400 * time.Millisecond })
	later, retried := first.submit(automation.RunRequest{RunAt: after(400 * time.Millisecond)}), first.ingest("echo", "x").Executions[0]
	before := first.is(retried, automation.Delayed)
	aside := first.submit(automation.RunRequest{RunAt: after(time.Hour)})
	if err := first.Pause(t.Context(), aside.ID, "mira"); err != nil {
		t.Fatal(err)
	}
	first.stop()

	second := startOn(t, db, answer("1"), nil)
	x := second.final(retried)
	if x.Status != automation.Succeeded || len(x.AttemptList) != 2 || x.StartedAt.Before(*before.RunAfter) {
		t.Errorf("retried: %s after %d attempts, begun at %v; want not before %v", x.Status, len(x.AttemptList), x.StartedAt, before.RunAfter)
	}
	if x := second.final(later.ID); x.Status != automation.Succeeded || x.StartedAt.Before(*later.RunAfter) {
		t.Errorf("later: %s at %v", x.Status, x.StartedAt)
	}
	if x := second.is(aside.ID, automation.Paused); x.RunAfter == nil || x.DelayReason != "paused by mira" {
		t.Errorf("paused: %+v", x)
	}
}

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	h := newHeld()
	b := start(t, h, oneWorker)
	busy := b.submit(automation.RunRequest{})
	<-h.began
	waits, timed := b.submit(automation.RunRequest{}), b.submit(automation.RunRequest{RunAt: after(time.Hour)})
	for _, id := range []string{waits.ID, timed.ID} {
		if err := b.Pause(t.Context(), id, "mira"); err != nil {
			t.Fatal(err)
		}
		if err := b.Pause(t.Context(), id, "mira"); !errors.Is(err, automation.ErrConflict) {
			t.Errorf("paused twice: %v", err)
		}
	}
	if err := b.Pause(t.Context(), busy.ID, "mira"); !errors.Is(err, automation.ErrConflict) {
		t.Errorf("a running one is paused: %v", err)
	}
	if err := b.Resume(t.Context(), busy.ID); !errors.Is(err, automation.ErrConflict) {
		t.Errorf("a running one is resumed: %v", err)
	}
	close(h.release)
	b.final(busy.ID)
	b.final(b.submit(automation.RunRequest{}).ID) // those behind it do not wait for it
	b.is(waits.ID, automation.Paused)
	for _, id := range []string{waits.ID, timed.ID} {
		if err := b.Resume(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if x := b.final(waits.ID); x.Status != automation.Succeeded || len(x.AttemptList) != 1 {
		t.Errorf("it ends as %s after %d attempts", x.Status, len(x.AttemptList))
	}
	if x := b.is(timed.ID, automation.Delayed); x.RunAfter == nil || x.DelayReason == "" {
		t.Errorf("the other has lost its time: %+v", x)
	}
}

func TestWhatWaitsCanBeCanceled(t *testing.T) {
	t.Parallel()
	b := start(t, answer("1"), nil)
	for _, pause := range []bool{false, true} {
		x := b.submit(automation.RunRequest{RunAt: after(time.Hour)})
		if pause {
			if err := b.Pause(t.Context(), x.ID, "mira"); err != nil {
				t.Fatal(err)
			}
		}
		b.mustCancel(x.ID)
		if x = b.final(x.ID); x.Status != automation.Canceled || len(x.AttemptList) != 0 || x.RunAfter != nil || x.DelayReason != "" {
			t.Errorf("it ends as %+v", x)
		}
	}
}

func TestHigherPriorityRunsFirst(t *testing.T) {
	t.Parallel()
	for _, queue := range []int{1000, 2} { // in memory alone, and mostly in the store
		h := newHeld()
		b := start(t, h, func(o *Options) { o.Workers, o.Queue = 1, queue })
		b.submit(automation.RunRequest{})
		<-h.began
		var want []string
		ids := map[int][]string{}
		for _, priority := range []int{0, 5, -3, 5, 9, 0, -3, 9} {
			ids[priority] = append(ids[priority], b.submit(automation.RunRequest{Priority: &priority}).ID)
		}
		for _, priority := range []int{9, 5, 0, -3} {
			want = append(want, ids[priority]...)
		}
		close(h.release)
		var got []string
		for range want {
			got = append(got, <-h.began)
		}
		if !slices.Equal(got, want) {
			t.Errorf("queue of %d: they ran as %v; want %v", queue, got, want)
		}
	}
	tooHigh := automation.MostPriority + 1
	b := start(t, answer("1"), nil)
	if _, err := b.Submit(t.Context(), automation.RunRequest{Action: "test.echo", Parameters: map[string]any{"text": "x"}, Priority: &tooHigh}); !errors.Is(err, automation.ErrInvalid) {
		t.Errorf("a priority of %d: %v", tooHigh, err)
	}
}

func TestAllAttemptsTogetherHaveATimeout(t *testing.T) {
	t.Parallel()
	a := echoAction()
	a.Retry.MaxAttempts, a.Retry.Delay, a.Retry.Fixed, a.TotalTimeout = 100, 50*time.Millisecond, true, 200*time.Millisecond
	t.Run("an attempt is ended by it", func(t *testing.T) {
		t.Parallel()
		b := start(t, runnerFunc(func(ctx context.Context, _ runner.Job) (runner.Result, error) {
			<-ctx.Done()
			return runner.Result{Code: automation.CodeCanceled}, nil
		}), governed(t, a))
		x := b.final(b.submit(automation.RunRequest{}).ID)
		if x.Status != automation.TimedOut || len(x.AttemptList) != 1 || !strings.Contains(x.Message, "total_timeout") {
			t.Errorf("%s after %d attempts: %s", x.Status, len(x.AttemptList), x.Message)
		}
	})
	t.Run("there is no attempt for which no time is left", func(t *testing.T) {
		t.Parallel()
		a := a
		a.Retry.Delay, a.TotalTimeout = time.Hour, time.Minute
		b := start(t, runnerFunc(func(context.Context, runner.Job) (runner.Result, error) {
			return runner.Result{Code: automation.CodeExitCode, Message: "no"}, nil
		}), governed(t, a))
		x := b.final(b.submit(automation.RunRequest{}).ID)
		if n := len(x.AttemptList); x.Status != automation.Failed || n != 1 || x.Message != "no" {
			t.Errorf("%s after %d attempts: %s", x.Status, n, x.Message)
		}
	})
}

func TestAPolicyRetriesOnlyWhatItIsFor(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		on       automation.RetryOn
		ends     automation.FailureCode
		attempts int
	}{
		{automation.RetryOnFailure, automation.CodeExitCode, 3},
		{automation.RetryOnFailure, automation.CodeTimeout, 1},
		{automation.RetryOnTimeout, automation.CodeTimeout, 3},
		{automation.RetryOnTimeout, automation.CodeExitCode, 1},
	} {
		b := start(t, runnerFunc(func(context.Context, runner.Job) (runner.Result, error) {
			return runner.Result{Code: tt.ends, Message: "no"}, nil
		}), governed(t, echoAction(), onEcho("again", automation.Policy{Type: automation.PolicyRetry, RetryOn: tt.on, MaxRetryCount: 2})))
		if x := b.final(b.submit(automation.RunRequest{}).ID); len(x.AttemptList) != tt.attempts {
			t.Errorf("on %s, ends with %s: %d attempts, want %d", tt.on, tt.ends, len(x.AttemptList), tt.attempts)
		}
	}
}

func TestConcurrencyDelaysWhatIsTooMuch(t *testing.T) {
	t.Parallel()
	h := newHeld()
	b := start(t, h, governed(t, echoAction(), onEcho("two", automation.Policy{Type: automation.PolicyConcurrency, Threshold: 2})))
	var all []string
	for range 20 {
		all = append(all, b.submit(automation.RunRequest{}).ID)
	}
	<-h.began
	<-h.began
	x := b.is(all[2], automation.Delayed)
	if x.DelayKey != "test.two" || !strings.Contains(x.DelayReason, "at most 2") {
		t.Errorf("it waits for %q: %s", x.DelayKey, x.DelayReason)
	}
	s, err := b.Policies(t.Context(), b.Catalogue().Policies("test.echo"))
	if err != nil || s[0].Running != 2 || s[0].Waiting != 18 || s[0].Queued != 18 {
		t.Errorf("policies: %+v, %v", s, err)
	}
	close(h.release)
	var order []time.Time
	for _, id := range all {
		x := b.final(id)
		if x.Status != automation.Succeeded || len(x.AttemptList) != 1 {
			t.Errorf("%s ends as %s after %d attempts", id, x.Status, len(x.AttemptList))
		}
		order = append(order, *x.StartedAt)
	}
	if n := h.most.Load(); n != 2 {
		t.Errorf("%d ran at once", n)
	}
	for i := 2; i < len(order); i++ { // two that begin at the same time may do so in any order
		if order[i].Before(order[i-2]) {
			t.Errorf("number %d overtook number %d: %v", i, i-2, order)
		}
	}
}

func TestConcurrencyCancelsWhatIsTooMuch(t *testing.T) {
	t.Parallel()
	h := newHeld()
	b := start(t, h, governed(t, echoAction(), onEcho("one", automation.Policy{Type: automation.PolicyConcurrency, Threshold: 1, Action: automation.PolicyCancel})))
	first := b.submit(automation.RunRequest{})
	<-h.began
	if x := b.final(b.submit(automation.RunRequest{}).ID); x.Status != automation.Canceled || !strings.Contains(x.Message, "policy test.one") {
		t.Errorf("%s: %s", x.Status, x.Message)
	}
	close(h.release)
	b.final(first.ID)
	if x := b.final(b.submit(automation.RunRequest{}).ID); x.Status != automation.Succeeded {
		t.Errorf("%s: %s", x.Status, x.Message)
	}
}

func TestARateSpreadsWhatBegins(t *testing.T) {
	t.Parallel()
	const window = 200 * time.Millisecond
	b := start(t, answer("1"), governed(t, echoAction(), onEcho("rate", automation.Policy{Type: automation.PolicyRate, Limit: 3, Window: window})))
	var starts []time.Time
	var all []string
	for range 10 {
		all = append(all, b.submit(automation.RunRequest{}).ID)
	}
	for _, id := range all {
		starts = append(starts, *b.final(id).StartedAt)
	}
	slices.SortFunc(starts, time.Time.Compare)
	for i := 3; i < len(starts); i++ {
		// What is counted is the decision, a moment before the start that is stored.
		if gap := starts[i].Sub(starts[i-3]); gap < window-20*time.Millisecond {
			t.Errorf("four began within %s", gap)
		}
	}
}

func TestARateSurvivesARestart(t *testing.T) {
	t.Parallel()
	db := openStore(t)
	policy := onEcho("rate", automation.Policy{Type: automation.PolicyRate, Limit: 2, Window: time.Hour})
	first := startOn(t, db, answer("1"), governed(t, echoAction(), policy))
	first.final(first.submit(automation.RunRequest{}).ID)
	first.stop()
	second := startOn(t, db, answer("1"), governed(t, echoAction(), policy))
	second.final(second.submit(automation.RunRequest{}).ID)
	waits := second.submit(automation.RunRequest{})
	second.is(waits.ID, automation.Delayed)
	second.stop()
	third := startOn(t, db, answer("1"), nil) // without the policy
	if x := third.final(waits.ID); x.Status != automation.Succeeded {
		t.Errorf("it ends as %s", x.Status)
	}
}

func TestAFullQueueRefusesAndLosesNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, code string
		change     func(*Options)
	}{
		{"that of the server", CodeQueueFull, func(o *Options) { o.MaxQueued = 3 }},
		{"that of an action", CodeActionQueueFull, governed(t, echoAction(), onEcho("depth", automation.Policy{Type: automation.PolicyQueue, MaxDepth: 3}))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHeld()
			b := start(t, h, func(o *Options) { tt.change(o); o.Workers = 1 })
			accepted := []string{b.submit(automation.RunRequest{}).ID}
			<-h.began
			for range 3 {
				accepted = append(accepted, b.ingest("echo", "x").Executions[0])
			}
			_, err := b.Ingest(t.Context(), webhook("echo", "x"))
			var known *automation.Error
			if !errors.Is(err, automation.ErrUnavailable) || !errors.As(err, &known) || known.Code != tt.code || known.Hint == "" {
				t.Errorf("the error is %v", err)
			}
			if _, err := b.Ingest(t.Context(), webhook("nothing", "x")); err != nil {
				t.Errorf("an event that starts nothing is refused: %v", err)
			}
			list, err := b.store.Executions(t.Context(), store.ExecutionQuery{})
			if err != nil || len(list) != len(accepted) {
				t.Errorf("%d executions, %v; want %d", len(list), err, len(accepted))
			}
			close(h.release)
			for _, id := range accepted {
				b.final(id)
			}
			b.final(b.ingest("echo", "x").Executions[0])
		})
	}
}

func TestAChildThatIsWaitedForWaitsForPoliciesToo(t *testing.T) {
	t.Parallel()
	var running, most atomic.Int32
	leaf := echoAction()
	leaf.Name = "leaf"
	policy := automation.Policy{Pack: "test", Name: "one", Enabled: true, Resource: "test.leaf", Type: automation.PolicyConcurrency, Threshold: 1, Action: automation.PolicyDelay}
	c := newCatalogue(t, echoAction(), leaf)
	c.policies = []automation.Policy{policy}
	b := start(t, runnerFunc(func(ctx context.Context, job runner.Job) (runner.Result, error) {
		if job.Action == "test.leaf" {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			time.Sleep(2 * time.Millisecond) // long enough for the others to come
			return runner.Result{Output: json.RawMessage(`1`)}, nil
		}
		x, err := job.Run(ctx, automation.ChildRun{Action: "test.leaf", Parameters: map[string]any{"text": "x"}, Wait: true})
		if err != nil || x.Status != automation.Succeeded || x.TraceID != job.Execution {
			return runner.Result{Code: automation.CodeExitCode, Message: fmt.Sprint(x.Status, " ", x.TraceID, " ", err)}, nil
		}
		return runner.Result{}, nil
	}), func(o *Options) { o.Catalogue = func() Catalogue { return c } })
	var all []string
	for range 20 {
		all = append(all, b.submit(automation.RunRequest{}).ID)
		all = append(all, b.ingest("leaf", "x").Executions[0])
	}
	for _, id := range all {
		if x := b.final(id); x.Status != automation.Succeeded {
			t.Errorf("%s: %s", x.Status, x.Message)
		}
	}
	if n := most.Load(); n != 1 {
		t.Errorf("%d ran at once", n)
	}
}

// mortal is a store whose process can be killed: from then on nothing is written.
type mortal struct {
	store.Store
	dead atomic.Bool
}

var errDead = automation.Unavailable("the process is dead")

func (m *mortal) Accept(ctx context.Context, all ...store.Acceptance) error {
	if m.dead.Load() {
		return errDead
	}
	return m.Store.Accept(ctx, all...)
}

func (m *mortal) Start(ctx context.Context, id string, at time.Time) (int, error) {
	if m.dead.Load() {
		return 0, errDead
	}
	return m.Store.Start(ctx, id, at)
}

func (m *mortal) Finish(ctx context.Context, f store.Finish) error {
	if m.dead.Load() {
		return errDead
	}
	return m.Store.Finish(ctx, f)
}

func (m *mortal) Cancel(ctx context.Context, id, message string, at time.Time, then ...store.Acceptance) error {
	if m.dead.Load() {
		return errDead
	}
	return m.Store.Cancel(ctx, id, message, at, then...)
}

func (m *mortal) Schedule(ctx context.Context, steps ...store.Scheduling) ([]string, error) {
	if m.dead.Load() {
		return nil, errDead
	}
	return m.Store.Schedule(ctx, steps...)
}

// TestNoSlotIsLostWhenTheProcessDies kills the engine again and again while many
// executions want few slots, some are paused, resumed and canceled, and some fail. In
// the end all have ended, and never more ran than the policies let.
func TestNoSlotIsLostWhenTheProcessDies(t *testing.T) {
	t.Parallel()
	const lives, each, threshold = 5, 40, 2
	db := openStore(t)
	var running, most atomic.Int32
	var all []string
	a := echoAction()
	a.Retry.MaxAttempts, a.Retry.MaxLost, a.Retry.Delay = 2, 1000, 5*time.Millisecond
	change := governed(t, a, onEcho("two", automation.Policy{Type: automation.PolicyConcurrency, Threshold: threshold}),
		onEcho("text", automation.Policy{Type: automation.PolicyConcurrencyAttr, Threshold: 1, Attributes: []string{"text"}}))
	for life := range lives {
		alive := &mortal{Store: db}
		killed := make(chan struct{})
		var inside sync.WaitGroup
		b := startOn(t, alive, runnerFunc(func(context.Context, runner.Job) (runner.Result, error) {
			inside.Add(1)
			defer inside.Done()
			select {
			case <-killed:
				return runner.Result{}, nil
			default:
			}
			n := running.Add(1)
			defer running.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			select {
			case <-killed:
			case <-time.After(time.Duration(rand.IntN(3000)) * time.Microsecond):
			}
			if rand.IntN(5) == 0 {
				return runner.Result{Code: automation.CodeExitCode, Message: "no"}, nil
			}
			return runner.Result{}, nil
		}), func(o *Options) { change(o); o.DrainTimeout = time.Millisecond })
		for i := range each {
			x := b.submit(automation.RunRequest{Parameters: map[string]any{"text": fmt.Sprint(i % 3)}})
			all = append(all, x.ID)
			switch rand.IntN(6) {
			case 0:
				_ = b.Cancel(t.Context(), x.ID, "mira") // it may have ended
			case 1:
				if b.Pause(t.Context(), x.ID, "mira") == nil && b.Resume(t.Context(), x.ID) != nil {
					t.Errorf("%s is paused and can not be resumed", x.ID)
				}
			}
		}
		if life == lives-1 {
			for _, id := range all {
				b.final(id)
			}
			if n := b.gate.Running("test.echo"); n != 0 {
				b.until(all[0], func(automation.Execution) bool { return b.gate.Running("test.echo") == 0 })
			}
		}
		alive.dead.Store(true)
		close(killed)
		b.stop()
		inside.Wait()
	}
	if n := most.Load(); n > threshold || n == 0 {
		t.Errorf("%d ran at once", n)
	}
	keys, err := db.HeldKeys(t.Context())
	if err != nil || len(keys) != 0 || db.Queued("") != 0 {
		t.Errorf("left waiting: %v, %d queued, %v", keys, db.Queued(""), err)
	}
}

func TestAStoryGoesFromEventToExecutionToChildAndOn(t *testing.T) {
	t.Parallel()
	b := start(t, nesting(t, false), nil)
	ev := webhook("echo", "..")
	ev.Trace = "story-7"
	a, err := b.Ingest(t.Context(), ev)
	if err != nil {
		t.Fatal(err)
	}
	b.final(a.Executions[0])
	eventuallyIn(t, func() bool {
		list, err := b.store.Executions(t.Context(), store.ExecutionQuery{TraceID: "story-7"})
		return err == nil && len(list) == 3
	})
	again, err := b.Rerun(t.Context(), automation.RunRequest{Parent: a.Executions[0], User: "mira", Parameters: map[string]any{"text": ""}}, nil)
	if err != nil || again.TraceID != "story-7" || again.Parent != a.Executions[0] {
		t.Errorf("run again: %+v, %v", again, err)
	}
	stored, err := b.store.Event(t.Context(), a.Event)
	if err != nil || stored.TraceID != "story-7" {
		t.Errorf("event: %+v, %v", stored, err)
	}
	own := b.ingest("echo", "")
	if x := b.final(own.Executions[0]); x.TraceID != own.Event {
		t.Errorf("without a name the story is %q, want the event's id", x.TraceID)
	}
	if x := b.submit(automation.RunRequest{Parameters: map[string]any{"text": ""}}); x.TraceID != x.ID {
		t.Errorf("what a person started has the story %q", x.TraceID)
	}
}

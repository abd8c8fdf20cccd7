package budget_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/budget"
)

// bench is a guard whose clock a test moves.
type bench struct {
	*budget.Guard
	t   *testing.T
	now time.Time
}

func newBench(t *testing.T, o budget.Options) *bench {
	t.Helper()
	b := &bench{t: t, now: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	o.Now, o.IDs = func() time.Time { return b.now }, &automation.IDs{}
	g, err := budget.New(o)
	if err != nil {
		t.Fatal(err)
	}
	b.Guard = g
	return b
}

func in(namespace, name string) budget.Call {
	return budget.Call{Pack: "p", Action: "p.a", Execution: "x", Change: automation.HostChange{
		Verb: "restart", Target: "deployments/" + namespace + "/" + name, Namespace: namespace}}
}

func to(host string) budget.Call {
	return budget.Call{Pack: "p", Action: "p.a", Change: automation.HostChange{Verb: "POST", Target: host, Host: host}}
}

// ask returns who held the call back, or "".
func (b *bench) ask(c budget.Call, comes error) string {
	b.t.Helper()
	settle, err := b.Ask(c)
	if err != nil {
		held := b.State().Held
		if len(held) == 0 || automation.KindOf(err) != "denied" || !strings.Contains(err.Error(), held[0].Why) {
			b.t.Errorf("held back with %v, the list has %+v", err, held)
		}
		return held[0].By
	}
	settle(comes)
	return ""
}

func (b *bench) want(what string, c budget.Call, comes error, want string) {
	b.t.Helper()
	if got := b.ask(c, comes); got != want {
		b.t.Errorf("%s: held back by %q, want %q", what, got, want)
	}
}

func TestBudgetsCountByWhatTheySay(t *testing.T) {
	t.Parallel()
	b := newBench(t, budget.Options{Budgets: []budget.Budget{
		{Name: "restarts", Verbs: []string{"restart"}, Namespaces: []string{"prod-*"}, By: "namespace", Limit: 2, Per: time.Minute},
		{Name: "never", Verbs: []string{"delete"}, Limit: 0, Per: time.Hour},
	}})
	b.want("the first", in("prod-a", "1"), nil, "")
	b.want("the second", in("prod-a", "2"), nil, "")
	b.want("the third", in("prod-a", "3"), nil, "budget restarts")
	b.want("another namespace", in("prod-b", "1"), nil, "")
	b.want("a namespace that no budget covers", in("test", "1"), nil, "")
	other := in("prod-a", "1")
	other.Change.Verb = "patch"
	b.want("a verb that no budget covers", other, nil, "")
	other.Change.Verb = "delete"
	b.want("a budget of nothing", other, nil, "budget never")
	if used := b.State().Budgets[0].Used; used["/prod-a"] != 2 || used["/prod-b"] != 1 || len(used) != 2 {
		t.Errorf("used %v", used)
	}
	b.now = b.now.Add(time.Minute)
	b.want("after the window", in("prod-a", "4"), nil, "")
	if used := b.State().Budgets[0].Used; used["/prod-a"] != 1 || len(used) != 1 {
		t.Errorf("used after the window: %v", used)
	}
}

func TestChangesBeforeARestartCount(t *testing.T) {
	t.Parallel()
	b := newBench(t, budget.Options{Budgets: []budget.Budget{{Name: "all", Limit: 2, Per: time.Hour}, {Name: "short", Limit: 9, Per: time.Minute}}})
	if b.Remembers() != time.Hour {
		t.Errorf("remembers %s", b.Remembers())
	}
	for _, ago := range []time.Duration{2 * time.Hour, 30 * time.Minute} {
		c := in("a", "1")
		c.At = b.now.Add(-ago)
		b.Recall(c)
	}
	b.want("one is left", in("a", "1"), nil, "")
	b.want("none is left", in("a", "1"), nil, "budget all")
}

func TestWhatWasHeldBackIsReleasedOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, budget.Options{Budgets: []budget.Budget{{Name: "none", Limit: 0, Per: time.Hour}}})
	b.want("held", in("a", "1"), nil, "budget none")
	id := b.State().Held[0].ID
	h, err := b.Release(id)
	if err != nil || h.Execution != "x" || !h.Released {
		t.Fatalf("released %+v, %v", h, err)
	}
	if _, err := b.Release(id); automation.KindOf(err) != "conflict" {
		t.Errorf("released twice: %v", err)
	}
	if _, err := b.Release("nothing"); automation.KindOf(err) != "not_found" {
		t.Errorf("released nothing: %v", err)
	}
	b.want("another target", in("a", "2"), nil, "budget none")
	b.want("what was released", in("a", "1"), nil, "")
	b.want("the same once more", in("a", "1"), nil, "budget none")
	if _, err := b.Release(b.State().Held[0].ID); err != nil {
		t.Fatal(err)
	}
	b.now = b.now.Add(10 * time.Minute)
	b.want("too late", in("a", "1"), nil, "budget none")
}

func TestTheSwitchStopsEveryChange(t *testing.T) {
	t.Parallel()
	b := newBench(t, budget.Options{})
	b.want("before", to("h"), nil, "")
	b.Stop(&automation.Stop{By: "ada", Reason: "what is going on?"})
	b.want("stopped", to("h"), nil, "stop")
	if why := b.State().Held[0].Why; why != "all changes are stopped by ada: what is going on?" {
		t.Errorf("why: %s", why)
	}
	if _, err := b.Release(b.State().Held[0].ID); automation.KindOf(err) != "conflict" {
		t.Errorf("released while stopped: %v", err)
	}
	b.Stop(nil)
	b.want("after", to("h"), nil, "")
}

func TestTheBreakerPausesWhatKeepsFailing(t *testing.T) {
	t.Parallel()
	down := automation.Unavailable("it does not answer")
	b := newBench(t, budget.Options{Breaker: budget.Breaker{Failures: 3, Within: time.Minute, Pause: 5 * time.Minute}})
	for range 5 {
		b.want("a refusal is no failure", to("h"), automation.Denied("no"), "")
	}
	b.want("failure 1", to("h"), down, "")
	b.want("failure 2", to("h"), down, "")
	b.want("a success", to("h"), nil, "")
	for n := range 3 {
		b.want(fmt.Sprintf("failure %d after the success", n+1), to("h"), down, "")
	}
	b.want("paused", to("h"), nil, "breaker")
	b.want("another host", to("g"), nil, "")
	if p := b.State().Paused; len(p) != 1 || p[0].What != "POST h" {
		t.Errorf("paused: %+v", p)
	}
	b.now = b.now.Add(5 * time.Minute)
	first, err := b.Ask(to("h"))
	if err != nil {
		t.Fatalf("after the pause: %v", err)
	}
	b.want("a second one while the first tries", to("h"), nil, "breaker")
	first(down)
	b.want("the try failed", to("h"), nil, "breaker")
	b.now = b.now.Add(5 * time.Minute)
	b.want("the try works", to("h"), nil, "")
	b.want("closed", to("h"), nil, "")
	for range 3 {
		b.want("slow failures", to("h"), down, "")
		b.now = b.now.Add(time.Minute)
	}
	b.want("do not pause", to("h"), nil, "")
}

func TestBudgetsAreChecked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, want string
		b          budget.Budget
	}{
		{"no name", "name is missing", budget.Budget{Limit: 1, Per: 1}},
		{"no time", "per is missing", budget.Budget{Name: "x", Limit: 1}},
		{"a negative limit", "limit is -1", budget.Budget{Name: "x", Limit: -1, Per: 1}},
		{"an unknown dimension", "by is \"pod\"; it may be all, namespace", budget.Budget{Name: "x", Per: 1, By: "pod"}},
		{"a bad pattern", "\"[\" is not a pattern", budget.Budget{Name: "x", Per: 1, Hosts: []string{"["}}},
	} {
		if err := budget.Validate([]budget.Budget{tt.b}, budget.Breaker{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
	two := []budget.Budget{{Name: "x", Per: 1}, {Name: "x", Per: 1}}
	if err := budget.Validate(two, budget.Breaker{Failures: 1}); err == nil || !strings.Contains(err.Error(), "one named \"x\"") || !strings.Contains(err.Error(), "breaker:") {
		t.Errorf("twice the same name and half a breaker: %v", err)
	}
}

// Many guests at once never get more than the budget.
func TestBudgetHoldsUnderLoad(t *testing.T) {
	t.Parallel()
	b := newBench(t, budget.Options{Budgets: []budget.Budget{{Name: "few", Limit: 50, Per: time.Hour}}, Breaker: budget.Breaker{Failures: 1000, Within: time.Hour, Pause: time.Hour}})
	var mu sync.Mutex
	passed := 0
	var guests sync.WaitGroup
	for range 20 {
		guests.Go(func() {
			for range 20 {
				settle, err := b.Ask(to("h"))
				if err == nil {
					settle(nil)
					mu.Lock()
					passed++
					mu.Unlock()
				}
				b.State()
			}
		})
	}
	guests.Wait()
	if passed != 50 || len(b.State().Held) != 350 {
		t.Errorf("%d passed, %d held back", passed, len(b.State().Held))
	}
}

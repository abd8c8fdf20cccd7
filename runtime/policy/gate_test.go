package policy

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

var start = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func execution(id string, parameters string) *automation.Execution {
	return &automation.Execution{
		ExecutionSummary: automation.ExecutionSummary{ID: id, Action: "shop.dump"}, Parameters: json.RawMessage(parameters),
	}
}

func awaited(id string) *automation.Execution {
	x := execution(id, `{}`)
	x.Awaited = true
	return x
}

func two(action automation.PolicyAction) automation.Policy {
	return automation.Policy{Pack: "shop", Name: "two", Resource: "shop.dump", Type: automation.PolicyConcurrency, Threshold: 2, Action: action}
}

func rate() automation.Policy {
	return automation.Policy{Pack: "shop", Name: "rate", Resource: "shop.dump", Type: automation.PolicyRate, Limit: 2, Window: time.Minute, Action: automation.PolicyDelay}
}

// story is a gate with some policies, and what executions are told.
type story struct {
	*Gate
	t        *testing.T
	policies []automation.Policy
	now      time.Time
}

func tell(t *testing.T, policies ...automation.Policy) *story {
	t.Parallel()
	s := &story{Gate: New(), t: t, policies: policies, now: start}
	for _, p := range policies {
		s.Learn(p.Ref(), nil)
	}
	return s
}

func (s *story) enter(x *automation.Execution, want automation.PolicyAction) Decision {
	s.t.Helper()
	d := s.Enter(s.policies, x, s.now)
	if d.Action != want {
		s.t.Errorf("%s enters: %q, want %q", x.ID, d.Action, want)
	}
	return d
}

func (s *story) ripe() (keys []string) {
	for _, r := range s.Ripe(func(ref automation.Ref) (automation.Policy, bool) {
		for _, p := range s.policies {
			if p.Ref() == ref {
				return p, true
			}
		}
		return automation.Policy{}, false
	}, s.now) {
		keys = append(keys, r.Key)
	}
	return keys
}

const (
	pass   = automation.PolicyAction("")
	delays = automation.PolicyDelay
)

func TestNoMoreThanTheThresholdAreInside(t *testing.T) {
	s := tell(t, two(delays))
	s.enter(execution("a", `{}`), pass)
	s.enter(execution("a", `{}`), pass) // the same, asked again
	s.enter(execution("b", `{}`), pass)
	d := s.enter(execution("c", `{}`), delays)
	if d.Key != "shop.two" || !strings.Contains(d.Reason, "at most 2") {
		t.Errorf("decision is %+v", d)
	}
	s.Hold(d.Policy, d.Key)
	s.ripe()
	if !s.Leave("a") {
		t.Error("nobody is told that there is room")
	}
	s.enter(execution("late", `{}`), delays) // it does not overtake
	if got := s.ripe(); len(got) != 1 {
		t.Errorf("ripe: %v", got)
	}
	if d := s.Keep(s.policies, execution("c", `{}`), s.now, "shop.two"); !d.Passes() {
		t.Errorf("c is not kept room for: %+v", d)
	}
	if d := s.Keep(s.policies, execution("late", `{}`), s.now, "shop.two"); d.Passes() {
		t.Error("room is kept for one too many")
	}
	s.enter(execution("c", `{}`), pass)
	if n := s.Running("shop.dump"); n != 2 {
		t.Errorf("%d run", n)
	}
}

func TestAPolicyThatCancelsLetsNobodyWait(t *testing.T) {
	s := tell(t, two(automation.PolicyCancel))
	s.enter(execution("a", `{}`), pass)
	s.enter(execution("b", `{}`), pass)
	s.enter(execution("c", `{}`), automation.PolicyCancel)
	if some, _ := s.Waits(); some {
		t.Error("something waits")
	}
	s.Leave("a")
	s.enter(execution("d", `{}`), pass)
}

func TestEqualAttributesAreCountedTogether(t *testing.T) {
	p := two(delays)
	p.Type, p.Threshold, p.Attributes = automation.PolicyConcurrencyAttr, 1, []string{"pod", "deep"}
	s := tell(t, p)
	s.enter(execution("a", `{"pod":"x","deep":{"b":1,"a":[1, 2]},"other":1}`), pass)
	d := s.enter(execution("b", `{"deep":{"a":[1,2],"b":1},"pod":"x","other":2}`), delays)
	s.enter(execution("c", `{"pod":"y","deep":{"a":[1,2],"b":1}}`), pass)
	s.enter(execution("d", `{"pod":"x"}`), pass)
	s.enter(execution("e", `{"pod":"x","deep":null}`), delays) // missing is like null
	if strings.Contains(d.Key+d.Reason, "x\"") || Of(d.Key) != "shop.two" {
		t.Errorf("key %q, reason %q", d.Key, d.Reason)
	}
	s.Hold(d.Policy, d.Key)
	s.ripe()
	if s.Leave("c") {
		t.Error("the end of another makes room")
	}
	if !s.Leave("a") {
		t.Error("the end of its like makes none")
	}
}

func TestARateCountsStarts(t *testing.T) {
	s := tell(t, rate())
	s.enter(execution("a", `{}`), pass)
	s.now = s.now.Add(10 * time.Second)
	s.enter(execution("b", `{}`), pass)
	s.Leave("a")
	s.Leave("b")
	d := s.enter(execution("c", `{}`), delays)
	s.Hold(d.Policy, d.Key)
	if _, room := s.Waits(); !room.Equal(start.Add(time.Minute)) {
		t.Errorf("room at %v", room)
	}
	s.now = start.Add(time.Minute)
	if got := s.ripe(); len(got) != 1 {
		t.Errorf("ripe: %v", got)
	}
	s.Keep(s.policies, execution("c", `{}`), s.now, d.Key)
	s.enter(execution("c", `{}`), pass)
	s.enter(execution("d", `{}`), delays)
}

func TestWhatCouldNotBeginDoesNotCount(t *testing.T) {
	s := tell(t, rate())
	for range 5 {
		s.enter(execution("a", `{}`), pass)
		s.Undo("a")
	}
}

func TestARateRemembersWhatBeganBefore(t *testing.T) {
	t.Parallel()
	g, p := New(), rate()
	if g.Knows(p.Ref()) {
		t.Error("it knows before it is told")
	}
	g.Learn(p.Ref(), []time.Time{start.Add(-10 * time.Second), start.Add(-50 * time.Second)}) // newest first
	all := []automation.Policy{p}
	if g.Enter(all, execution("a", `{}`), start).Passes() {
		t.Error("the starts of before are forgotten")
	}
	g.Leave("a")
	if g.Keep(all, execution("a", `{}`), start.Add(9*time.Second), "shop.rate").Passes() {
		t.Error("the starts of before are forgotten too early")
	}
	if !g.Keep(all, execution("a", `{}`), start.Add(10*time.Second), "shop.rate").Passes() {
		t.Error("the starts of before are remembered too long")
	}
}

func TestWhoIsWaitedForTakesTheRoomThatIsKept(t *testing.T) {
	p := two(delays)
	p.Threshold = 1
	s := tell(t, p)
	s.enter(execution("a", `{}`), pass)
	d := s.enter(execution("b", `{}`), delays)
	s.Hold(d.Policy, d.Key)
	s.enter(awaited("child"), delays) // room that is taken, it does not take
	s.Leave("a")
	if d := s.Keep(s.policies, execution("b", `{}`), s.now, d.Key); !d.Passes() {
		t.Fatalf("b: %+v", d)
	}
	s.enter(awaited("child"), pass)
	s.enter(execution("b", `{}`), delays)
	if n := s.Running("shop.dump"); n != 1 {
		t.Errorf("%d run", n)
	}
}

func TestAPolicyThatGoesOrChangesLetsGo(t *testing.T) {
	s := tell(t, two(delays))
	s.Hold(s.policies[0], "shop.two")
	s.ripe()
	if got := s.ripe(); len(got) != 0 {
		t.Errorf("ripe: %v", got)
	}
	s.policies[0].Threshold = 3
	if got := s.ripe(); len(got) != 1 {
		t.Errorf("ripe after a change: %v", got)
	}
	s.policies = nil
	if got := s.ripe(); len(got) != 1 {
		t.Errorf("ripe when it is gone: %v", got)
	}
}

func TestWhatComesMeanwhileIsNotForgotten(t *testing.T) {
	s := tell(t, two(delays))
	find := func(automation.Ref) (automation.Policy, bool) { return s.policies[0], true }
	s.Hold(s.policies[0], "shop.two")
	ripe := s.Ripe(find, s.now)
	s.Hold(s.policies[0], "shop.two") // after somebody has looked and found nothing
	s.Empty(ripe[0])
	if ripe = s.Ripe(find, s.now); len(ripe) != 1 {
		t.Fatal("it is forgotten")
	}
	s.Empty(ripe[0])
	if some, _ := s.Waits(); some {
		t.Error("nothing waits any more")
	}
}

// The gate is asked from every side at once, and there are never more inside.
func TestHammer(t *testing.T) {
	t.Parallel()
	g, all := New(), []automation.Policy{two(delays)}
	var inside, most atomic.Int32
	var workers sync.WaitGroup
	for w := range 8 {
		workers.Go(func() {
			for i := range 2000 {
				x := execution(fmt.Sprint(w, "-", i), `{}`)
				d := g.Keep(all, x, start, "shop.two")
				if !d.Passes() {
					continue
				}
				if i%3 == 0 {
					g.Drop(x.ID)
					continue
				}
				if !g.Enter(all, x, start).Passes() {
					continue
				}
				n := inside.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				inside.Add(-1)
				g.Leave(x.ID)
			}
		})
	}
	workers.Wait()
	if n := most.Load(); n < 1 || n > 2 {
		t.Errorf("%d were inside at once", n)
	}
	if n := g.Running("shop.dump"); n != 0 {
		t.Errorf("%d are left inside", n)
	}
}

package budget

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// CodeHeld is the code of the error of a call that was held back.
const CodeHeld = "held_back"

// Options are what a guard is made of. The zero value holds nothing back until it is
// told to stop.
type Options struct {
	Budgets []Budget
	Breaker Breaker
	IDs     *automation.IDs // of what was held back; required
	Now     func() time.Time
	Held    func(by string) // counts; nil does not
	Logger  *slog.Logger    // nil discards
}

// Guard is asked before each change. It is safe for concurrent use.
type Guard struct {
	o Options

	mu      sync.Mutex // guards all below
	stop    *automation.Stop
	windows []window // one for each budget
	circuit map[string]*circuit
	held    []automation.HeldCall // newest last
	passes  map[string]time.Time  // one more change each, until then
}

const (
	mostHeld = 1000
	// passTime is how long a released change may take to come again.
	passTime = 10 * time.Minute
	// mostCircuits bounds what a guest can make the breaker remember.
	mostCircuits = 10_000
)

// New makes a guard.
func New(o Options) (*Guard, error) {
	if o.IDs == nil {
		return nil, errors.New("budget: Options.IDs is missing")
	}
	if err := Validate(o.Budgets, o.Breaker); err != nil {
		return nil, automation.Invalid("the budgets of changes").Because(err)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Held == nil {
		o.Held = func(string) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	g := &Guard{o: o, circuit: map[string]*circuit{}, passes: map[string]time.Time{}}
	for range o.Budgets {
		g.windows = append(g.windows, window{})
	}
	return g, nil
}

// Ask decides whether a change may be made. When it may, settle must be called with
// what came of it; else the error says who holds it back.
func (g *Guard) Ask(c Call) (settle func(error), err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c.At = g.o.Now()
	by, why := g.decide(c)
	if by == "" {
		g.count(c)
		return func(err error) { g.settle(c, err) }, nil
	}
	h := automation.HeldCall{ID: g.o.IDs.New(), At: c.At, Execution: c.Execution, Action: c.Action, Pack: c.Pack, Change: c.Change, By: by, Why: why}
	g.held = append(g.held, h)
	if len(g.held) > mostHeld {
		g.held = slices.Delete(g.held, 0, len(g.held)-mostHeld)
	}
	g.o.Held(by)
	g.o.Logger.Warn("a change was held back", "by", by, "pack", c.Pack, "action", c.Action, "execution", c.Execution,
		"verb", c.Change.Verb, "target", c.Change.Target)
	return nil, automation.Denied("held back: %s", why).WithCode(CodeHeld).
		WithHint("see what was held back, and release it: squall held list")
}

// decide names who holds a call back, and why; nobody when it may be made.
func (g *Guard) decide(c Call) (by, why string) {
	if g.stop != nil { // a pass does not count against the switch: it is there for what nobody foresaw
		return "stop", "all changes are stopped" + reasonOf(g.stop)
	}
	if g.pass(c) {
		return "", ""
	}
	if until := g.open(c); !until.IsZero() {
		return "breaker", fmt.Sprintf("%s to %s failed %d times within %s; changes are paused until %s", c.Change.Verb, circuitName(c),
			g.o.Breaker.Failures, g.o.Breaker.Within, until.UTC().Format(time.RFC3339))
	}
	for n, b := range g.o.Budgets {
		if b.covers(c) && g.windows[n].used(b.key(c), c.At.Add(-b.Per)) >= b.Limit {
			return "budget " + b.Name, fmt.Sprintf("the budget %q allows %d changes in %s%s", b.Name, b.Limit, b.Per, scope(b, c))
		}
	}
	return "", ""
}

func reasonOf(s *automation.Stop) string {
	if s.Reason == "" {
		return " by " + s.By
	}
	return " by " + s.By + ": " + s.Reason
}

func scope(b Budget, c Call) string {
	if key := b.key(c); key != "" {
		return " for " + b.By + " " + key
	}
	return ""
}

// count books a change with every budget that covers it.
func (g *Guard) count(c Call) {
	for n, b := range g.o.Budgets {
		if b.covers(c) {
			key := b.key(c)
			g.windows[n].used(key, c.At.Add(-b.Per))
			if len(g.windows[n][key]) < mostLimit {
				g.windows[n][key] = append(g.windows[n][key], c.At)
			}
		}
	}
}

// pass uses up a released change.
func (g *Guard) pass(c Call) bool {
	key := passKey(c.Action, c.Change)
	until, there := g.passes[key]
	delete(g.passes, key)
	return there && c.At.Before(until)
}

func passKey(action automation.Ref, c automation.HostChange) string {
	return fmt.Sprintf("%q %q %q %q", action, c.Verb, c.Cluster, c.Target)
}

// Release lets a change that was held back be made once, when it is asked for again
// within ten minutes, and returns what was held back.
func (g *Guard) Release(id string) (automation.HeldCall, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := slices.IndexFunc(g.held, func(h automation.HeldCall) bool { return h.ID == id })
	switch {
	case at < 0:
		return automation.HeldCall{}, automation.NotFound("there is nothing held back of the id %s", id).
			WithHint("what was held back can be released until the server restarts; after that, run the execution again")
	case g.stop != nil:
		return automation.HeldCall{}, automation.Conflict("all changes are stopped%s", reasonOf(g.stop)).WithHint("squall resume-all")
	case g.held[at].Released:
		return automation.HeldCall{}, automation.Conflict("it was released already")
	}
	g.held[at].Released = true
	now := g.o.Now()
	for key, until := range g.passes {
		if !now.Before(until) {
			delete(g.passes, key)
		}
	}
	g.passes[passKey(g.held[at].Action, g.held[at].Change)] = now.Add(passTime)
	return g.held[at], nil
}

// Stop holds back every change from now on; nil lets them pass again.
func (g *Guard) Stop(s *automation.Stop) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stop = s
}

// Recall counts changes that were made before, such as before a restart, oldest
// first.
func (g *Guard) Recall(c Call) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count(c)
}

// Remembers is how far back changes count.
func (g *Guard) Remembers() time.Duration {
	var most time.Duration
	for _, b := range g.o.Budgets {
		most = max(most, b.Per)
	}
	return most
}

// State tells what is stopped, used up and held back.
func (g *Guard) State() automation.ChangeGuard {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.o.Now()
	out := automation.ChangeGuard{Stop: g.stop, Budgets: []automation.BudgetState{}, Paused: []automation.PausedChange{}, Held: slices.Clone(g.held)}
	for n, b := range g.o.Budgets {
		state := automation.BudgetState{Name: b.Name, Limit: b.Limit, Per: b.Per, By: cmp.Or(b.By, "all"), Used: map[string]int{}}
		for key := range g.windows[n] {
			if used := g.windows[n].used(key, now.Add(-b.Per)); used > 0 {
				state.Used[key] = used
			}
		}
		out.Budgets = append(out.Budgets, state)
	}
	for name, c := range g.circuit {
		if now.Before(c.until) {
			out.Paused = append(out.Paused, automation.PausedChange{What: name, Until: c.until})
		}
	}
	slices.SortFunc(out.Paused, func(a, b automation.PausedChange) int { return cmp.Compare(a.What, b.What) })
	slices.Reverse(out.Held)
	if out.Held == nil {
		out.Held = []automation.HeldCall{}
	}
	return out
}

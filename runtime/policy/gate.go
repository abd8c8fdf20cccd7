// Package policy decides which executions may run now: how many of an action at the
// same time, how many in a window. It is bookkeeping in memory and knows neither the
// store nor the engine; what must survive the process, which executions wait and for
// what, stands in the store.
//
// A [Gate] counts everything that runs, whether a policy looks at it or not: a policy
// that comes into service later counts what runs already. When a process dies nothing
// runs any more, so that an empty gate is the truth after a restart and no slot can be
// lost. Only the starts that a rate counts must be told ([Gate.Learn]).
package policy

import (
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// Decision is what becomes of an execution that wants to run. The zero value lets it.
type Decision struct {
	Action automation.PolicyAction
	Policy automation.Policy
	Key    string // what it waits for
	Reason string // the same for people
}

// Passes reports whether the execution may run.
func (d Decision) Passes() bool { return d.Action == "" }

// Gate is where executions pass before they run. It is safe for concurrent use.
type Gate struct {
	mu      sync.Mutex // guards all below
	inside  map[string]*entry
	running map[automation.Ref]map[string]*entry // the same, by action
	starts  map[automation.Ref][]time.Time       // by policy, oldest first
	held    map[automation.Ref]*held             // by policy
	version uint64                               // of what is held
	freed   chan struct{}                        // closed and made anew when one leaves
}

// entry is an execution that runs, or for which room is kept.
type entry struct {
	id      string
	action  automation.Ref
	awaited bool // somebody waits for its end
	values  attributes
	keeping bool // it has not begun
	rates   []automation.Ref
	began   time.Time
}

// held are the executions that wait for a policy, by their keys.
type held struct {
	policy automation.Policy
	keys   map[string]*waiting
}

type waiting struct {
	version uint64 // when one was added last
	ripe    bool   // there may be room
}

// New returns an empty gate.
func New() *Gate {
	return &Gate{
		inside: map[string]*entry{}, running: map[automation.Ref]map[string]*entry{},
		starts: map[automation.Ref][]time.Time{}, held: map[automation.Ref]*held{},
		freed: make(chan struct{}),
	}
}

// Enter asks whether an execution may run now. When it passes it is inside until it
// leaves. It does not overtake those that wait for the same policy already, nor takes
// the room that is kept for them, unless somebody waits for its end: who waits has a
// worker, which those may be in need of.
func (g *Gate) Enter(policies []automation.Policy, x *automation.Execution, now time.Time) Decision {
	g.mu.Lock()
	defer g.mu.Unlock()
	e, kept := g.inside[x.ID]
	if kept && !e.keeping {
		return Decision{}
	}
	if !kept {
		e = newEntry(x)
	}
	if d := g.ask(policies, e, now, func(string) bool { return kept || x.Awaited }); !d.Passes() {
		if kept { // others, for whose end somebody waits, were quicker
			g.remove(e)
		}
		return d
	}
	if !kept {
		g.add(e, policies)
	}
	g.begin(e, now)
	return Decision{}
}

// Keep does the same for an execution that has waited for a key: it goes before those
// that still do. Room is kept for it until it enters.
func (g *Gate) Keep(policies []automation.Policy, x *automation.Execution, now time.Time, key string) Decision {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, in := g.inside[x.ID]; in {
		return Decision{}
	}
	e := newEntry(x)
	if d := g.ask(policies, e, now, func(k string) bool { return k == key }); !d.Passes() {
		return d
	}
	e.keeping = true
	g.add(e, policies)
	return Decision{}
}

func newEntry(x *automation.Execution) *entry {
	return &entry{id: x.ID, action: x.Action, awaited: x.Awaited, values: attributes{raw: x.Parameters}}
}

// ask must be called with mu held. One that is to wait is noted at once, so that
// whoever comes before it is stored does not overtake it. first tells of a key whether
// the execution goes before those that wait for it.
func (g *Gate) ask(policies []automation.Policy, e *entry, now time.Time, first func(key string) bool) Decision {
	for i := range policies {
		p := &policies[i]
		key, limits := e.key(p)
		if !limits {
			continue
		}
		if !g.full(p, e, now) && (first(key) || !g.waits(p.Ref(), key)) {
			continue
		}
		d := Decision{Action: p.Action, Policy: *p, Key: key, Reason: reason(p)}
		if d.Action != automation.PolicyCancel {
			d.Action = automation.PolicyDelay
			if !e.awaited { // it comes back by itself
				g.hold(*p, key)
			}
		}
		return d
	}
	return Decision{}
}

// full reports whether a policy has no room for one more.
func (g *Gate) full(p *automation.Policy, e *entry, now time.Time) bool {
	switch p.Type {
	case automation.PolicyConcurrency:
		return g.count(e, func(*entry) bool { return true }) >= p.Threshold
	case automation.PolicyConcurrencyAttr:
		mine := e.values.of(p.Attributes)
		return g.count(e, func(other *entry) bool { return other.values.of(p.Attributes) == mine }) >= p.Threshold
	case automation.PolicyRate:
		return g.begun(p, now)+g.count(e, func(other *entry) bool { return other.keeping }) >= p.Limit
	}
	return false
}

// count counts the others of e's action that are in its way: that room is kept for them
// matters only to those for which none is.
func (g *Gate) count(e *entry, counts func(*entry) bool) (n int) {
	for _, other := range g.running[e.action] {
		ignored := other.keeping && (e.keeping || e.awaited)
		if other != e && !ignored && counts(other) {
			n++
		}
	}
	return n
}

// begun counts the starts in a policy's window, and forgets those before.
func (g *Gate) begun(p *automation.Policy, now time.Time) int {
	starts, known := g.starts[p.Ref()]
	if !known {
		return 0 // and stays unknown, until somebody tells what began before
	}
	for len(starts) > 0 && !starts[0].After(now.Add(-p.Window)) {
		starts = starts[1:]
	}
	if len(starts) == 0 {
		starts = nil // let the array go
	}
	g.starts[p.Ref()] = starts
	return len(starts)
}

func (g *Gate) kept(action automation.Ref) (n int) {
	for _, e := range g.running[action] {
		if e.keeping {
			n++
		}
	}
	return n
}

func (g *Gate) add(e *entry, policies []automation.Policy) {
	for i := range policies {
		if policies[i].Type == automation.PolicyRate {
			e.rates = append(e.rates, policies[i].Ref())
		}
	}
	g.inside[e.id] = e
	if g.running[e.action] == nil {
		g.running[e.action] = map[string]*entry{}
	}
	g.running[e.action][e.id] = e
}

func (g *Gate) begin(e *entry, now time.Time) {
	e.keeping, e.began = false, now
	for _, p := range e.rates {
		g.starts[p] = append(g.starts[p], now)
	}
}

// Leave is called when an attempt has ended.
// It returns true when there may be room now for one that waits.
func (g *Gate) Leave(id string) (ripe bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	e, in := g.inside[id]
	return in && g.remove(e)
}

// Undo is called for one that has entered and could not begin: it does not count.
func (g *Gate) Undo(id string) (ripe bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	e, in := g.inside[id]
	if !in {
		return false
	}
	if !e.keeping {
		for _, p := range e.rates {
			g.starts[p] = without(g.starts[p], e.began)
		}
	}
	return g.remove(e)
}

// Drop gives up the room that is kept for an execution, if there is any; one that has
// begun stays.
func (g *Gate) Drop(id string) (ripe bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	e, in := g.inside[id]
	return in && e.keeping && g.remove(e)
}

func (g *Gate) remove(e *entry) (ripe bool) {
	delete(g.inside, e.id)
	if delete(g.running[e.action], e.id); len(g.running[e.action]) == 0 {
		delete(g.running, e.action)
	}
	close(g.freed)
	g.freed = make(chan struct{})
	return g.ripen(e)
}

// Running is how many executions of an action are inside.
func (g *Gate) Running(action automation.Ref) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.running[action])
}

func without(times []time.Time, one time.Time) []time.Time {
	for i := len(times) - 1; i >= 0; i-- {
		if times[i].Equal(one) {
			return append(times[:i:i], times[i+1:]...)
		}
	}
	return times
}

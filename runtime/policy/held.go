package policy

import (
	"reflect"
	"slices"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// Hold notes that an execution which waits for a key is stored now.
func (g *Gate) Hold(p automation.Policy, key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hold(p, key)
	g.held[p.Ref()].keys[key].ripe = true // room may have come before it was stored
}

func (g *Gate) hold(p automation.Policy, key string) {
	h := g.held[p.Ref()]
	if h == nil {
		h = &held{policy: p, keys: map[string]*waiting{}}
		g.held[p.Ref()] = h
	}
	w := h.keys[key]
	if w == nil {
		w = &waiting{}
		h.keys[key] = w
	}
	g.version++
	w.version = g.version
}

func (g *Gate) waits(policy automation.Ref, key string) bool {
	h := g.held[policy]
	return h != nil && h.keys[key] != nil
}

// ripen notes for what there may be room now that an execution has left.
func (g *Gate) ripen(e *entry) (ripe bool) {
	for _, h := range g.held {
		if h.policy.Resource != e.action {
			continue
		}
		if key, limits := e.key(&h.policy); limits && h.keys[key] != nil {
			h.keys[key].ripe, ripe = true, true
		}
	}
	return ripe
}

// Ripe is a key for which there may be room, as of a version of what waits for it.
type Ripe struct {
	Policy  automation.Ref
	Key     string
	version uint64
}

// Ripe takes the keys for which there may be room. find returns a policy in service:
// what waits for one that has changed or gone is ripe as well.
func (g *Gate) Ripe(find func(automation.Ref) (automation.Policy, bool), now time.Time) []Ripe {
	g.mu.Lock()
	defer g.mu.Unlock()
	var ripe []Ripe
	for ref, h := range g.held {
		current, serves := find(ref)
		all := !serves || !reflect.DeepEqual(current, h.policy) ||
			current.Type == automation.PolicyRate && g.begun(&current, now)+g.kept(current.Resource) < current.Limit
		if serves {
			h.policy = current
		}
		for key, w := range h.keys {
			if all || w.ripe {
				w.ripe = false
				ripe = append(ripe, Ripe{ref, key, w.version})
			}
		}
	}
	slices.SortFunc(ripe, func(a, b Ripe) int { return int(int64(a.version) - int64(b.version)) })
	return ripe
}

// Empty notes that nothing waits for a key any more, unless something has come since
// it was ripe.
func (g *Gate) Empty(r Ripe) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.held[r.Policy]
	if h == nil || h.keys[r.Key] == nil || h.keys[r.Key].version != r.version {
		return
	}
	if delete(h.keys, r.Key); len(h.keys) == 0 {
		delete(g.held, r.Policy)
	}
}

// Again makes a key ripe once more: whoever looked did not come to an end.
func (g *Gate) Again(r Ripe) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if h := g.held[r.Policy]; h != nil && h.keys[r.Key] != nil {
		h.keys[r.Key].ripe = true
	}
}

// Freed returns a channel that is closed when the next execution leaves.
func (g *Gate) Freed() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.freed
}

// Waits reports whether anything waits for a policy, and when a rate has room next; the
// zero time when none does.
func (g *Gate) Waits() (some bool, room time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for ref, h := range g.held {
		starts := g.starts[ref]
		if h.policy.Type != automation.PolicyRate || len(starts) == 0 {
			continue
		}
		// As many of the oldest must go as there are too many.
		over := min(max(len(starts)-h.policy.Limit, 0), len(starts)-1)
		if at := starts[over].Add(h.policy.Window); room.IsZero() || at.Before(room) {
			room = at
		}
	}
	return len(g.held) > 0, room
}

// Knows reports whether the gate was told what began before it was there.
func (g *Gate) Knows(policy automation.Ref) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, known := g.starts[policy]
	return known
}

// Learn tells when attempts began that a rate counts, newest first.
func (g *Gate) Learn(policy automation.Ref, starts []time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, known := g.starts[policy]; known {
		return // somebody else was quicker, and others have entered since
	}
	g.starts[policy] = slices.Clone(starts)
	slices.Reverse(g.starts[policy])
}

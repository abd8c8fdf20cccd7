// Package flow decides which of the events that a rule matches may act: it keeps
// what dedupe, throttle, debounce and count remember.
//
// A [Keeper] lives in memory. Whatever a decision changes it hands out as states
// to be stored in the transaction of the event, so that a new keeper made of them
// goes on where the last one ended. The package reads no clock and stores nothing.
package flow

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// Event is a match that asks to act.
type Event struct {
	Rule *automation.Rule
	Keys map[automation.Control]string // rendered; one for each control that is set
	ID   string
	Item int // -1 for a rule without foreach
	At   time.Time
}

// Decision says whether a match may act.
type Decision struct {
	Pass bool
	// Control held it back, Reason says why in words.
	Control automation.Control
	Reason  string
	// States belong into the transaction of the event.
	States []automation.FlowState
}

// Pending is a match that a debounce holds until it is due.
type Pending struct {
	Rule  automation.Ref
	Key   string
	Event string
	Item  int
	First time.Time // when the burst began
	Due   time.Time
}

// id names a state.
type id struct {
	rule    automation.Ref
	control automation.Control
	key     string
}

// entry is a state in memory.
type entry struct {
	version int64
	before  *entry // what it replaced, to undo it once
	expires time.Time
	times   []time.Time // dedupe: of the one that passed; throttle, count: of those in the span
	event   string      // dedupe: the one that passed; debounce: the last one
	item    int
	first   time.Time // debounce
	due     time.Time // debounce
}

// Keeper decides. It is safe for concurrent use.
type Keeper struct {
	mu      sync.Mutex
	entries map[id]*entry
	version int64
	most    int
	evicted int64
}

// mostStates bounds the memory of a keeper: about 30 MB.
const mostStates = 100_000

// New makes a keeper of all states that are stored: an older version of one that it
// does not know would win over what it writes.
func New(states []automation.FlowState) (*Keeper, error) {
	k := &Keeper{entries: make(map[id]*entry, len(states)), most: mostStates}
	for _, s := range states {
		k.version = max(k.version, s.Version)
		e, err := decode(s)
		if err != nil {
			return nil, fmt.Errorf("read the %s state of rule %s: %w", s.Control, s.Rule, err)
		}
		if e != nil {
			k.entries[id{s.Rule, s.Control, s.Key}] = e
		}
	}
	return k, nil
}

// Decide asks the controls of an event's rule, each in its turn. What it changes
// holds at once, also for events that are decided before this one is stored.
func (k *Keeper) Decide(ev Event) Decision {
	k.mu.Lock()
	defer k.mu.Unlock()
	d := Decision{Pass: true}
	f := &ev.Rule.Flow
	if f.Count != nil && !k.count(&d, ev, f.Count) {
		return d
	}
	counted := len(d.States)
	if f.Dedupe != nil {
		k.dedupe(&d, ev, f.Dedupe)
	}
	if d.Pass && f.Throttle != nil {
		k.throttle(&d, ev, f.Throttle)
	}
	if !d.Pass { // what held it back learns nothing of an event that did not act
		k.undo(d.States[counted:])
		d.States = d.States[:counted]
		return d
	}
	if f.Debounce != nil {
		k.debounce(&d, ev, f.Debounce)
	}
	return d
}

// Undo forgets decisions whose event could not be stored. A state that other events
// have changed since stays as they left it.
func (k *Keeper) Undo(states []automation.FlowState) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.undo(states)
}

func (k *Keeper) undo(states []automation.FlowState) {
	for _, s := range slices.Backward(states) {
		at := id{s.Rule, s.Control, s.Key}
		e := k.entries[at]
		switch {
		case e == nil || e.version != s.Version:
		case e.before == nil:
			delete(k.entries, at)
		default:
			k.entries[at] = e.before
		}
	}
}

// set replaces a state and keeps what it replaced, so that it can be undone.
func (k *Keeper) set(d *Decision, at id, e *entry) {
	k.version++
	e.version = k.version
	if e.before = k.entries[at]; e.before != nil {
		e.before.before = nil
	}
	d.States = append(d.States, encode(at, e))
	if _, there := k.entries[at]; !there && len(k.entries) >= k.most {
		k.evict()
	}
	k.entries[at] = e
}

// evict forgets the state that would have expired first of a few: looking at all
// would cost more than forgetting a bit too early. Pending debounces stay.
func (k *Keeper) evict() {
	const sample = 64
	var victim id
	var found *entry
	seen := 0
	for at, e := range k.entries {
		if at.control != automation.ControlDebounce && (found == nil || e.expires.Before(found.expires)) {
			victim, found = at, e
		}
		if seen++; seen >= sample {
			break
		}
	}
	if found != nil {
		delete(k.entries, victim)
		k.evicted++
	}
}

// live returns a state that still means something.
func (k *Keeper) live(at id, now time.Time) *entry {
	e := k.entries[at]
	if e == nil || !e.expires.After(now) {
		return nil
	}
	return e
}

// Sweep forgets what has expired and returns how many states are left and how many
// had to be forgotten early since the start.
func (k *Keeper) Sweep(now time.Time) (left int, evicted int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for at, e := range k.entries {
		if at.control != automation.ControlDebounce && !e.expires.After(now) {
			delete(k.entries, at)
		}
	}
	return len(k.entries), k.evicted
}

// stored is the JSON form of an entry.
type stored struct {
	Times []int64 `json:"times,omitempty"` // Unix nanoseconds
	Event string  `json:"event,omitempty"`
	Item  int     `json:"item,omitempty"`
	First int64   `json:"first,omitempty"`
	Due   int64   `json:"due,omitempty"`
}

func encode(at id, e *entry) automation.FlowState {
	s := stored{Event: e.event, Item: e.item}
	for _, t := range e.times {
		s.Times = append(s.Times, t.UnixNano())
	}
	if !e.due.IsZero() {
		s.First, s.Due = e.first.UnixNano(), e.due.UnixNano()
	}
	value, err := json.Marshal(s)
	if err != nil { // numbers and texts only
		value = []byte("null")
	}
	return automation.FlowState{Rule: at.rule, Control: at.control, Key: at.key, Value: value, Expires: e.expires, Version: e.version}
}

// decode returns nil for a state that has been forgotten.
func decode(f automation.FlowState) (*entry, error) {
	var s *stored
	if err := json.Unmarshal(f.Value, &s); err != nil || s == nil {
		return nil, err
	}
	e := &entry{version: f.Version, expires: f.Expires, event: s.Event, item: s.Item}
	for _, t := range s.Times {
		e.times = append(e.times, time.Unix(0, t).UTC())
	}
	if s.Due != 0 {
		e.first, e.due = time.Unix(0, s.First).UTC(), time.Unix(0, s.Due).UTC()
	}
	return e, nil
}

package triggertest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/trigger"
)

// Ledger stands in for the engine and the store: it keeps every event and the newest
// marks, all or nothing, and refuses when it is told to. It outlives the sources
// that write to it, as a database outlives a process.
type Ledger struct {
	mu      sync.Mutex // guards all below
	events  []automation.Event
	marks   map[string]automation.Mark // by source and key
	refusal error
	tries   int // while refusing
	once    map[automation.Once]bool
}

var (
	_ trigger.Ingester = (*Ledger)(nil)
	_ trigger.Marks    = (*Ledger)(nil)
)

// NewLedger makes an empty ledger.
func NewLedger() *Ledger {
	return &Ledger{marks: map[string]automation.Mark{}, once: map[automation.Once]bool{}}
}

// IngestAll keeps events and marks, or none of them.
func (l *Ledger) IngestAll(ctx context.Context, events []automation.Event, marks ...automation.Mark) ([]automation.Accepted, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case l.refusal != nil:
		l.tries++
		return nil, l.refusal
	}
	accepted := make([]automation.Accepted, 0, len(events))
	for _, ev := range events {
		if ev.Once != nil {
			key := automation.Once{Scope: ev.Once.Scope, Key: ev.Once.Key}
			if l.once[key] {
				continue
			}
			l.once[key] = true
		}
		ev.ID = fmt.Sprintf("event-%d", len(l.events)+1)
		l.events = append(l.events, ev)
		accepted = append(accepted, automation.Accepted{Event: ev.ID})
	}
	for _, m := range marks {
		l.marks[m.Source+"\x00"+m.Key] = m
	}
	return accepted, nil
}

// Marks returns the newest marks of a source.
func (l *Ledger) Marks(_ context.Context, source string) ([]automation.Mark, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []automation.Mark
	for _, m := range l.marks {
		if m.Source == source {
			all = append(all, m)
		}
	}
	return all, nil
}

// Refuse makes every IngestAll fail with err; nil ends that.
func (l *Ledger) Refuse(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refusal, l.tries = err, 0
}

// Tries is how often something was refused since the last Refuse.
func (l *Ledger) Tries() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tries
}

// Events returns what was kept, oldest first.
func (l *Ledger) Events() []automation.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.events)
}

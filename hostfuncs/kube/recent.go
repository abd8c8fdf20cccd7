package kube

import (
	"context"
	"sync"
	"time"
)

// recent keeps answers for a moment, so that several who ask for the same at about
// the same time cost one request. Errors are not kept.
type recent[V any] struct {
	now func() time.Time
	age time.Duration

	mu      sync.Mutex // guards entries
	entries map[string]*remembered[V]
}

type remembered[V any] struct {
	turn  chan struct{} // held by who asks, or reads what follows
	at    time.Time     // zero: never answered
	value V
}

func newRecent[V any](now func() time.Time, age time.Duration) *recent[V] {
	return &recent[V]{now: now, age: age, entries: map[string]*remembered[V]{}}
}

// get returns what is remembered under a key, else what ask answers. Of those who
// come at once one asks and the others wait for it.
func (r *recent[V]) get(ctx context.Context, key string, ask func() (V, error)) (V, error) {
	e := r.entry(key)
	select {
	case e.turn <- struct{}{}:
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
	defer func() { <-e.turn }()
	if r.fresh(e) {
		return e.value, nil
	}
	value, err := ask()
	if err != nil {
		return value, err
	}
	e.value, e.at = value, r.now()
	return value, nil
}

func (r *recent[V]) fresh(e *remembered[V]) bool {
	return !e.at.IsZero() && r.now().Sub(e.at) < r.age
}

// entry finds the place of a key. A new one lets those go that are stale: nodes and
// selectors come and go.
func (r *recent[V]) entry(key string) *remembered[V] {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.entries[key]; ok {
		return e
	}
	for old, e := range r.entries {
		select {
		case e.turn <- struct{}{}:
			if !r.fresh(e) {
				delete(r.entries, old)
			}
			<-e.turn
		default: // somebody is asking
		}
	}
	e := &remembered[V]{turn: make(chan struct{}, 1)}
	r.entries[key] = e
	return e
}

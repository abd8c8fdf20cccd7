package retention

import (
	"context"
	"fmt"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func selectionOf(r automation.RetentionRule) store.Selection {
	return store.Selection{Statuses: r.Statuses, Pack: r.Pack}
}

// over is by how much a rule's bounds are exceeded.
type over struct {
	held    store.Held
	aged    int   // too old
	counted int   // too many
	bytes   int64 // too large
}

// missing is how many more have to go. How many bytes one has is the average: it is
// asked again after each slice.
func (o over) missing(gone store.Pruned) int {
	more := o.counted - gone.Executions
	if left := o.bytes - gone.Bytes; left > 0 {
		each := max(1, o.held.Bytes/int64(max(1, o.held.Executions)))
		more = max(more, int(min((left+each-1)/each, mostSlice)))
	}
	return more
}

func (k *Keeper) excess(ctx context.Context, r automation.RetentionRule) (o over, err error) {
	if o.held, err = k.Store.Weigh(ctx, selectionOf(r)); err != nil {
		return o, err
	}
	if r.Age > 0 {
		s := selectionOf(r)
		s.Before = k.Now().Add(-r.Age)
		old, err := k.Store.Weigh(ctx, s)
		if err != nil {
			return o, err
		}
		o.aged = old.Executions
	}
	if r.Count > 0 {
		o.counted = max(0, o.held.Executions-r.Count)
	}
	if r.Bytes > 0 {
		o.bytes = max(0, o.held.Bytes-r.Bytes)
	}
	return o, nil
}

// Failing tells what went wrong the last time; empty when nothing did.
func (k *Keeper) Failing() string { return k.look().Error }

// State tells how things stand: what each rule holds and what of it is to go.
func (k *Keeper) State(ctx context.Context) (automation.Retention, error) {
	s := k.look()
	s.Rules = []automation.RetentionLimit{}
	for _, r := range k.Rules {
		o, err := k.excess(ctx, r)
		if err != nil {
			return s, fmt.Errorf("look at retention: %w", err)
		}
		s.Rules = append(s.Rules, automation.RetentionLimit{RetentionRule: r, Executions: o.held.Executions, HeldBytes: o.held.Bytes,
			Excess: max(o.aged, o.counted), ExcessBytes: o.bytes})
	}
	var err error
	s.Size, err = k.Store.Size(ctx)
	s.Pinned = s.Size.Pinned
	return s, err
}

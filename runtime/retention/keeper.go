// Package retention keeps the history within the bounds that an operator sets. It
// decides how much has to go; what goes, and what must stay, is the law of
// [store.History].
//
// It removes in slices of some milliseconds and rests as long after each: whoever
// accepts an event waits for one slice at most.
package retention

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// Options are what a keeper is made of. Store and RemoveFile are required.
type Options struct {
	Store store.History
	Rules []automation.RetentionRule
	// RemoveFile removes the content of an artifact unless something else has the same.
	RemoveFile func(ctx context.Context, sha256 string) (removed bool, err error)
	// Audit is the audit chain, of which records older than AuditAge go; zero keeps all.
	Audit    auditor
	AuditAge time.Duration
	// Removed hears how many "executions", "events", "files" and "audit" records went;
	// nil: nobody.
	Removed func(what string, n int)
	// Every is how often the rules are applied; zero means once a minute.
	Every  time.Duration
	Now    func() time.Time
	Logger *slog.Logger
}

// auditor keeps the audit chain.
type auditor interface {
	PruneAudit(ctx context.Context, before time.Time, limit int) (removed int, err error)
}

// Keeper applies the rules of retention. Create it with New.
type Keeper struct {
	Options
	wake chan struct{}

	mu    sync.Mutex // guards state
	state automation.Retention
}

// New makes a keeper, which does nothing until Run.
func New(o Options) (*Keeper, error) {
	if o.Store == nil || o.RemoveFile == nil {
		return nil, errors.New("retention.New: an option is missing")
	}
	if o.Every == 0 {
		o.Every = time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Removed == nil {
		o.Removed = func(string, int) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = o.Logger.With("component", "retention")
	return &Keeper{Options: o, wake: make(chan struct{}, 1)}, nil
}

// Run applies the rules now and then, until ctx is done.
func (k *Keeper) Run(ctx context.Context) {
	tick := time.NewTicker(k.Every)
	defer tick.Stop()
	for {
		if err := k.Apply(ctx); err != nil && ctx.Err() == nil {
			k.Logger.Warn("the history was not brought within its bounds; it is tried again", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-k.wake:
		}
	}
}

// Wake lets the rules be applied soon.
func (k *Keeper) Wake() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// Apply applies every rule once.
func (k *Keeper) Apply(ctx context.Context) error {
	before := k.look()
	k.note(func(s *automation.Retention) { s.Busy = true })
	err := k.applyAll(ctx)
	at := k.Now()
	k.note(func(s *automation.Retention) {
		s.Busy, s.LastRun, s.Error = false, &at, ""
		if err != nil {
			s.Error = err.Error()
		}
	})
	if gone := k.look().Removed - before.Removed; gone > 0 {
		k.Logger.Info("history pruned", "executions", gone)
	}
	return err
}

func (k *Keeper) applyAll(ctx context.Context) error {
	for _, r := range k.Rules {
		if err := k.apply(ctx, r); err != nil {
			return fmt.Errorf("apply retention: %w", err)
		}
	}
	if k.Audit != nil && k.AuditAge > 0 {
		if err := k.pruneAudit(ctx, k.Now().Add(-k.AuditAge)); err != nil {
			return fmt.Errorf("apply retention: %w", err)
		}
	}
	return k.compact(ctx)
}

func (k *Keeper) pruneAudit(ctx context.Context, before time.Time) error {
	for {
		began := time.Now()
		n, err := k.Audit.PruneAudit(ctx, before, mostSlice)
		if err != nil {
			return err
		}
		k.Removed("audit", n)
		if n < mostSlice {
			return nil
		}
		if err := rest(ctx, min(time.Since(began), time.Second)); err != nil {
			return err
		}
	}
}

// compact gives room back, a little at a time.
func (k *Keeper) compact(ctx context.Context) error {
	for {
		more, err := k.Store.Compact(ctx)
		if err != nil || !more {
			return err
		}
		if err := rest(ctx, restAfterCompact); err != nil {
			return err
		}
	}
}

const restAfterCompact = 20 * time.Millisecond

func (k *Keeper) apply(ctx context.Context, r automation.RetentionRule) error {
	over, err := k.excess(ctx, r)
	if err != nil {
		return err
	}
	if over.aged > 0 {
		s := selectionOf(r)
		s.Before = k.Now().Add(-r.Age)
		if err := k.prune(ctx, s, func(store.Pruned) int { return mostSlice }); err != nil {
			return err
		}
		if over, err = k.excess(ctx, r); err != nil {
			return err
		}
	}
	if over.counted > 0 || over.bytes > 0 {
		if err := k.prune(ctx, selectionOf(r), over.missing); err != nil {
			return err
		}
	}
	if r.Age > 0 && len(r.Statuses) == 0 && r.Pack == "" {
		return k.pruneEvents(ctx, k.Now().Add(-r.Age))
	}
	return nil
}

// The bounds of a slice.
const (
	leastSlice = 5
	mostSlice  = 100
	shortSlice = 5 * time.Millisecond
	longSlice  = 15 * time.Millisecond
)

// prune removes slice after slice, until none are missing or nothing is left.
func (k *Keeper) prune(ctx context.Context, s store.Selection, missing func(all store.Pruned) int) error {
	all, size := store.Pruned{}, leastSlice
	for {
		began := time.Now()
		gone, err := k.Store.Prune(ctx, s, min(size, missing(all)))
		if err != nil {
			return err
		}
		took := time.Since(began)
		k.removed(ctx, gone)
		all.Executions, all.Bytes = all.Executions+gone.Executions, all.Bytes+gone.Bytes
		if gone.Last == "" || missing(all) <= 0 {
			return nil
		}
		s.After, size = gone.Last, nextSize(size, took)
		if err := rest(ctx, min(took, time.Second)); err != nil {
			return err
		}
	}
}

func nextSize(size int, took time.Duration) int {
	switch {
	case took < shortSlice:
		return min(size+5, mostSlice)
	case took > longSlice:
		return max(size/2, leastSlice)
	}
	return size
}

func (k *Keeper) pruneEvents(ctx context.Context, before time.Time) error {
	for {
		began := time.Now()
		n, err := k.Store.PruneEvents(ctx, before, mostSlice)
		if err != nil {
			return err
		}
		k.Removed("events", n)
		k.note(func(s *automation.Retention) { s.RemovedEvents += int64(n) })
		if n < mostSlice {
			return nil
		}
		if err := rest(ctx, min(time.Since(began), time.Second)); err != nil {
			return err
		}
	}
}

// removed counts what went and removes the files that nothing names any more. A file
// that stays by mistake is swept away later.
func (k *Keeper) removed(ctx context.Context, gone store.Pruned) {
	files := 0
	for _, content := range gone.Contents {
		removed, err := k.RemoveFile(ctx, content)
		if err != nil {
			k.Logger.Warn("an artifact's file was not removed; the next sweep tries again", "sha256", content, "err", err)
		}
		if removed {
			files++
		}
	}
	k.Removed("executions", gone.Executions)
	k.Removed("events", gone.Events)
	k.Removed("files", files)
	k.note(func(s *automation.Retention) {
		s.Removed += int64(gone.Executions)
		s.RemovedEvents += int64(gone.Events)
		s.RemovedFiles += int64(files)
		s.RemovedBytes += gone.Bytes
	})
}

func (k *Keeper) note(change func(*automation.Retention)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change(&k.state)
}

func (k *Keeper) look() automation.Retention {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state
}

// rest waits, unless ctx is done first.
func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

package packs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// RegistryOptions are what a registry is made of. All fields may be left out.
type RegistryOptions struct {
	// Changed is told, in order, of every change of a pack's status. It must not
	// change the registry. A pack that is gone comes with InService false and no
	// error.
	Changed func(automation.PackStatus)
	Logger  *slog.Logger
	Now     func() time.Time // nil means time.Now
}

// Registry is the live catalogue. Readers see one immutable [Snapshot] and never
// wait; changes come one at a time. It is safe for concurrent use.
type Registry struct {
	changed func(automation.PackStatus)
	log     *slog.Logger
	now     func() time.Time
	current atomic.Pointer[Snapshot]

	mu     sync.Mutex // held by whoever changes current; guards closed
	closed bool

	retiring sync.WaitGroup
	abandon  chan struct{} // closed when Close waits no longer
}

// NewRegistry makes an empty registry. Close it.
func NewRegistry(o RegistryOptions) (*Registry, error) {
	r := &Registry{changed: o.Changed, log: component(o.Logger), now: o.Now, abandon: make(chan struct{})}
	if r.changed == nil {
		r.changed = func(automation.PackStatus) {}
	}
	if r.now == nil {
		r.now = time.Now
	}
	empty, err := newSnapshot(map[string]*generation{}, map[string]failure{})
	if err != nil {
		return nil, fmt.Errorf("make an empty catalogue: %w", err)
	}
	r.current.Store(empty)
	return r, nil
}

// Snapshot returns the catalogue as it is now.
func (r *Registry) Snapshot() *Snapshot { return r.current.Load() }

// Acquire lends an action for one run.
func (r *Registry) Acquire(ref automation.Ref) (*Lease, error) {
	for {
		s := r.Snapshot()
		found, ok := s.actions[ref]
		if !ok {
			return nil, s.unknownAction(ref)
		}
		if !found.action.Enabled {
			return nil, automation.Conflict("action %s is disabled", ref).WithCode("disabled_action").
				WithHint("set \"enabled: true\" in %s of pack %s", found.action.Position.File, ref.Pack())
		}
		if found.generation.hold() {
			return found.generation.lease(found.action), nil
		}
		// It was retired after the snapshot was read; the next snapshot is there.
	}
}

// Install puts a pack into service in place of the version before it, which ends
// when its running calls have ended. On success the pack is the registry's; on
// error nothing has changed and the pack stays the caller's to Close.
func (r *Registry) Install(ctx context.Context, p *Pack) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return automation.Unavailable("the server is stopping")
	}
	before := r.Snapshot()
	if err := before.checkWebhooks(p); err != nil {
		return fmt.Errorf("install pack %s: %w", p.Name, err)
	}
	unknown, err := before.checkTriggers(p)
	if err != nil {
		return fmt.Errorf("install pack %s: %w", p.Name, err)
	}
	generations, failures := maps.Clone(before.generations), maps.Clone(before.failures)
	generations[p.Name] = newGeneration(p, r.now())
	delete(failures, p.Name)
	next, err := newSnapshot(generations, failures)
	if err != nil {
		return fmt.Errorf("install pack %s: %w", p.Name, err)
	}
	r.swap(ctx, next, before.generations[p.Name])
	r.log.Info("pack loaded", "pack", p.Name, "version", p.Manifest.Version, "digest", p.Digest,
		"actions", len(p.Actions), "rules", len(p.Rules))
	for _, note := range p.Notes {
		r.log.Warn("pack has parts without effect", "pack", p.Name, "note", note)
	}
	if len(unknown) > 0 {
		r.log.Warn("rules look at triggers that no loaded pack declares; their parameters are not checked", "pack", p.Name, "triggers", unknown)
	}
	r.announce(p.Name)
	return nil
}

// Remove takes a pack out of service and forgets what was wrong with it.
func (r *Registry) Remove(ctx context.Context, name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.Snapshot()
	if _, known := before.Pack(name); !known {
		return automation.NotFound("pack %s does not exist", name).WithHint("list what there is: squall pack list")
	}
	generations, failures := maps.Clone(before.generations), maps.Clone(before.failures)
	delete(generations, name)
	delete(failures, name)
	next, err := newSnapshot(generations, failures)
	if err != nil {
		return fmt.Errorf("remove pack %s: %w", name, err)
	}
	r.swap(ctx, next, before.generations[name])
	r.log.Info("pack removed", "pack", name)
	r.announce(name)
	return nil
}

// Report records why the files of a pack are not in service. Whatever serves goes
// on serving.
func (r *Registry) Report(name, path string, problem error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.Snapshot()
	f := failure{path: path, message: problem.Error(), hint: hintOf(problem)}
	if before.failures[name] == f {
		return
	}
	failures := maps.Clone(before.failures)
	failures[name] = f
	r.current.Store(before.withFailures(failures))
	_, serving := before.generations[name]
	r.log.Warn("pack not loaded", "pack", name, "path", path, "serving_older", serving, "err", problem)
	r.announce(name)
}

// Clear forgets what was wrong with a pack, after its files went back to what is
// in service or away.
func (r *Registry) Clear(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.Snapshot()
	if _, failed := before.failures[name]; !failed {
		return
	}
	failures := maps.Clone(before.failures)
	delete(failures, name)
	r.current.Store(before.withFailures(failures))
	r.announce(name)
}

// announce must be called with mu held, so that changes are told in order.
func (r *Registry) announce(name string) {
	status, _ := r.Snapshot().Pack(name)
	r.changed(status)
}

// swap publishes the next snapshot and only then retires the old generation: who
// finds it retired finds the new one in the next snapshot.
func (r *Registry) swap(ctx context.Context, next *Snapshot, old *generation) {
	r.current.Store(next)
	if old == nil {
		return
	}
	old.retire()
	ctx = context.WithoutCancel(ctx) // the caller need not wait for running calls
	r.retiring.Go(func() { r.end(ctx, old) })
}

// end frees a retired generation once nothing runs on it.
func (r *Registry) end(ctx context.Context, g *generation) {
	select {
	case <-g.idle:
	case <-r.abandon:
		return
	}
	if err := g.pack.Close(ctx); err != nil {
		r.log.Error("pack not retired", "pack", g.pack.Name, "digest", g.pack.Digest, "err", err)
		return
	}
	r.log.Info("pack retired", "pack", g.pack.Name, "digest", g.pack.Digest)
}

// Close takes everything out of service and waits for running calls, until ctx
// ends.
func (r *Registry) Close(ctx context.Context) error {
	if err := r.empty(ctx); err != nil {
		return err
	}
	done := make(chan struct{})
	var waiter sync.WaitGroup
	waiter.Go(func() { r.retiring.Wait(); close(done) })
	defer waiter.Wait()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		close(r.abandon)
		return fmt.Errorf("wait for running actions: %w", context.Cause(ctx))
	}
}

func (r *Registry) empty(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errors.New("close the pack registry: it is closed already")
	}
	r.closed = true
	before := r.Snapshot()
	next, err := newSnapshot(map[string]*generation{}, map[string]failure{})
	if err != nil {
		return fmt.Errorf("make an empty catalogue: %w", err)
	}
	for _, g := range before.generations {
		r.swap(ctx, next, g)
	}
	r.current.Store(next)
	return nil
}

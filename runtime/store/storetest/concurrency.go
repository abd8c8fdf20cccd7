package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func testConcurrency(t *testing.T, open func(*testing.T) store.Store) {
	cases{
		{"of many who start one execution, one does", concurrentStart},
		{"refused neighbours harm nobody", concurrentRefusals},
		{"readers see whole lives while writers write", concurrentReaders},
	}.run(t, open)
}

// together runs fn n times at once and waits.
func together(n int, fn func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { fn(i) })
	}
	wg.Wait()
}

func concurrentStart(t *testing.T, b *bench) {
	e := b.in(t, automation.Pending)
	var started atomic.Int32
	together(32, func(int) {
		_, err := b.Start(t.Context(), e.ID, b.time())
		switch {
		case err == nil:
			started.Add(1)
		case !errors.Is(err, automation.ErrConflict):
			t.Errorf("start: %v", err)
		}
	})
	same(t, "starts", started.Load(), 1)
	same(t, "attempts", len(b.get(t, e.ID).AttemptList), 1)
}

// concurrentRefusals mixes acceptances that fail after they began to write with
// ones that must not notice.
func concurrentRefusals(t *testing.T, b *bench) {
	taken := b.in(t, automation.Pending)
	before, err := b.LastSeq(t.Context())
	must(t, err)
	const callers, rounds = 16, 10
	together(callers, func(i int) {
		for range rounds {
			event, e := b.event(), b.execution(automation.Pending)
			if i%4 == 0 {
				e.ID = taken.ID
			}
			err := b.Accept(t.Context(), store.Acceptance{Event: &event, Executions: []automation.Execution{e}})
			_, readErr := b.Event(t.Context(), event.ID)
			if i%4 == 0 {
				wantKind(t, err, automation.ErrConflict)
				wantKind(t, readErr, automation.ErrNotFound)
			} else if err != nil || readErr != nil {
				t.Errorf("a good neighbour: accept %v, read %v", err, readErr)
			}
		}
	})
	after, err := b.LastSeq(t.Context())
	must(t, err)
	same(t, "changes", after-before, callers*3/4*rounds*2)
}

func concurrentReaders(t *testing.T, b *bench) {
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() { watchLives(ctx, t, b) })
	}
	together(8, func(int) {
		for range 10 {
			if err := b.live(t.Context()); err != nil {
				t.Errorf("a life: %v", err)
			}
		}
	})
	stop()
	readers.Wait()
	counts, err := b.CountExecutions(t.Context(), store.ExecutionQuery{})
	must(t, err)
	same(t, "counts", counts, map[automation.Status]int{automation.Succeeded: 80})
}

// live takes one execution from acceptance to success.
func (b *bench) live(ctx context.Context) error {
	e := b.execution(automation.Pending)
	if err := b.Accept(ctx, store.Acceptance{Executions: []automation.Execution{e}}); err != nil {
		return err
	}
	attempt, err := b.Start(ctx, e.ID, b.time())
	if err != nil {
		return err
	}
	if err := b.AppendLog(ctx, e.ID, lines(1, 2)); err != nil {
		return err
	}
	return b.Finish(ctx, b.end(e.ID, attempt, automation.Succeeded))
}

// watchLives checks that no reader ever sees a state between two transactions.
func watchLives(ctx context.Context, t *testing.T, b *bench) {
	for ctx.Err() == nil {
		list, err := b.Executions(ctx, store.ExecutionQuery{Limit: 3})
		for _, s := range list {
			e, err := b.Execution(ctx, s.ID)
			if err == nil && (e.Status.Final() != (e.FinishedAt != nil) || e.Attempts != len(e.AttemptList)) {
				t.Errorf("execution %s is between two states: %+v", e.ID, e)
			}
		}
		if err != nil && ctx.Err() == nil {
			t.Errorf("list: %v", err)
		}
	}
}

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/retention"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

// What is accepted while retention removes.
const (
	acceptRate = 100 // a second, open loop
	targetWait = 50 * time.Millisecond
)

// prune removes a tenth of the history and measures how long those wait who accept an
// event meanwhile, with fsync.
func (b *bench) prune(ctx context.Context, s *sqlite.Store, count int) error {
	size, err := s.Size(ctx)
	if err != nil {
		return err
	}
	calm, err := b.accepts(ctx, s, func() error { return rest(ctx, 5*time.Second) })
	if err != nil {
		return err
	}
	keeper, err := retention.New(retention.Options{
		Store: s, Rules: []automation.RetentionRule{{Count: size.Executions - count}},
		RemoveFile: func(context.Context, string) (bool, error) { return false, nil },
	})
	if err != nil {
		return err
	}
	began := time.Now()
	busy, err := b.accepts(ctx, s, func() error { return keeper.Apply(ctx) })
	if err != nil {
		return err
	}
	state, err := keeper.State(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "\n%-58s %8s %8s  %8s  %-6s %8s\n", fmt.Sprintf("accept with fsync, %d events/s, open loop", acceptRate), "p50 ms", "p99 ms", "target", "", "max ms")
	b.waits("  nothing is removed", calm)
	b.waits(fmt.Sprintf("  %d executions are removed, in %.0f s", state.Removed, time.Since(began).Seconds()), busy)
	fmt.Fprintf(b.out, "%-58s %8s %8d\n", "  size of the file before and after, MiB", fmt.Sprint(size.Bytes>>20), state.Size.Bytes>>20)
	return nil
}

func (b *bench) waits(name string, took []time.Duration) {
	slices.Sort(took)
	p99 := took[len(took)*99/100]
	fmt.Fprintf(b.out, "%-58s %8.2f %8.2f  %8s  %-6s %8.2f\n", name, ms(took[len(took)/2]), ms(p99), fmt.Sprintf("<= %d", targetWait.Milliseconds()),
		b.verdict(p99 <= targetWait), ms(took[len(took)-1]))
}

// accepts accepts events at their times while work runs, and returns how long each
// took from its time on.
func (b *bench) accepts(ctx context.Context, s *sqlite.Store, work func() error) ([]time.Duration, error) {
	done := make(chan error, 1)
	go func() { done <- work() }()
	var sent int
	waits, failures := make(chan time.Duration, 1<<20), make(chan error, 1)
	source := &clock{at: time.Now(), step: 0}
	tick := time.NewTicker(time.Second / acceptRate)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			took := make([]time.Duration, 0, sent)
			for range sent {
				select {
				case d := <-waits:
					took = append(took, d)
				case failed := <-failures:
					return nil, failed
				}
			}
			return took, err
		case due := <-tick.C:
			sent++
			source.at = due
			all := source.take(1, 1<<30)
			go func() {
				if err := s.Accept(ctx, pending(all[0].acceptance)); err != nil {
					failures <- err
					return
				}
				waits <- time.Since(due)
			}()
		}
	}
}

// pending makes an acceptance whose execution waits: nobody finishes it here.
func pending(a store.Acceptance) store.Acceptance {
	a.Executions[0].Status = automation.Pending
	return a
}

func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

// BenchmarkLists measures the pages that people look at, over 200,000 executions
// and as many events of ten days; one in a hundred failed.
func BenchmarkLists(b *testing.B) {
	const rows = 200_000
	s, err := sqlite.Open(b.Context(), sqlite.Options{Path: filepath.Join(b.TempDir(), "squall.db"), NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	last := fillHistory(b, s, rows)
	hour := last.Add(-time.Hour)
	yes := true
	executions := func(q store.ExecutionQuery) func(context.Context) error {
		return func(ctx context.Context) error { _, err := s.Executions(ctx, q); return err }
	}
	counts := func(q store.ExecutionQuery) func(context.Context) error {
		return func(ctx context.Context) error { _, err := s.CountExecutions(ctx, q); return err }
	}
	events := func(q store.EventQuery) func(context.Context) error {
		return func(ctx context.Context) error { _, err := s.Events(ctx, q); return err }
	}
	for _, bm := range []struct {
		name string
		read func(context.Context) error
	}{
		{"executions", executions(store.ExecutionQuery{})},
		{"executions failed", executions(store.ExecutionQuery{Statuses: []automation.Status{automation.Failed, automation.TimedOut}})},
		{"executions of an action", executions(store.ExecutionQuery{Action: "pack.action7"})},
		{"executions of a pack without any", executions(store.ExecutionQuery{Action: "none.*"})},
		{"executions with a text that is nowhere", executions(store.ExecutionQuery{Text: "nowhere"})},
		{"executions of the last hour", executions(store.ExecutionQuery{Since: hour})},
		{"executions of the first hour", executions(store.ExecutionQuery{Until: last.Add(-239 * time.Hour)})},
		{"executions after the end", executions(store.ExecutionQuery{Since: last.Add(time.Hour)})},
		{"counts", counts(store.ExecutionQuery{})},
		{"counts of an action", counts(store.ExecutionQuery{Action: "pack.action7"})},
		{"counts of the last hour", counts(store.ExecutionQuery{Since: hour})},
		{"counts of a text", counts(store.ExecutionQuery{Text: "nowhere"})},
		{"events", events(store.EventQuery{})},
		{"events matched", events(store.EventQuery{Matched: &yes})},
		{"events with a text that is nowhere", events(store.EventQuery{Text: "nowhere"})},
		{"events after the end", events(store.EventQuery{Since: last.Add(time.Hour)})},
	} {
		b.Run(bm.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				if err := bm.read(b.Context()); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
		})
	}
}

// fillHistory accepts events of the past ten days, each with an execution that waits or failed,
// and returns when the last one was.
func fillHistory(b *testing.B, s *sqlite.Store, rows int) time.Time {
	b.Helper()
	ids, now := &automation.IDs{}, time.Now()
	const callers = 64
	failures := make(chan error, callers)
	for c := range callers {
		go func() {
			var failed error
			for n := c; n < rows && failed == nil; n += callers {
				a := sample(ids)
				at := now.Add(-240*time.Hour + time.Duration(n)*(240*time.Hour/time.Duration(rows)))
				x := &a.Executions[0]
				a.Event.ReceivedAt, x.CreatedAt, x.Action = at, at, automation.Ref(fmt.Sprintf("pack.action%d", n%20))
				x.Status = automation.Failed
				if n%100 != 0 {
					x.Status = automation.Pending
				} else {
					x.Message, x.FinishedAt = "exit code 1", &at
				}
				failed = s.Accept(b.Context(), a)
			}
			failures <- failed
		}()
	}
	for range callers {
		if err := <-failures; err != nil {
			b.Fatal(err)
		}
	}
	return now
}

package sqlite

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/query"
	"github.com/squall-dev/squall/runtime/store"
)

// FuzzFilter looks for filters that are understood and that the database refuses, or
// lists otherwise than it counts, half of the executions being indexed.
func FuzzFilter(f *testing.F) {
	for _, k := range query.Keys() {
		f.Add(k.Example)
		f.Add("-" + k.Example + " leaky " + k.Example)
	}
	f.Add(`a "b c" -d param.a[0].b:"x*",y* status:failed,pending since:1h until:1ms`)
	s, err := Open(f.Context(), Options{Path: filepath.Join(f.TempDir(), "squall.db"), NoSync: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	ids := &automation.IDs{}
	for i, status := range []automation.Status{automation.Failed, automation.Failed, automation.Running, automation.Pending} {
		x := automation.Execution{ExecutionSummary: automation.ExecutionSummary{ID: ids.New(), Action: "k8s.restart", Status: status, Summary: "pod leaky-77", CreatedAt: time.Now()},
			Message: "disruption budget", Parameters: json.RawMessage(`{"node":"ip-10-2-77","a":[{"b":"x"}]}`)}
		if i%2 == 1 {
			x.Action, x.StartedBy = "core.echo", "mira"
		}
		if err := s.Accept(f.Context(), store.Acceptance{Executions: []automation.Execution{x}}); err != nil {
			f.Fatal(err)
		}
	}
	if _, err := s.indexSome(f.Context(), restedPending); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := query.Parse(text, time.Now())
		if err != nil {
			return
		}
		q := store.ExecutionQuery{Filter: filter}
		list, err := s.Executions(t.Context(), q)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		counts, err := s.CountExecutions(t.Context(), q)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		total := 0
		for _, n := range counts {
			total += n
		}
		if total != len(list) {
			t.Fatalf("%q: %d counted, %d listed", text, total, len(list))
		}
	})
}

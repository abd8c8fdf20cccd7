package daemon

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

// The rules of the configuration are applied by the server that has them, and
// everybody who looks is told.
func TestTheServerKeepsTheHistoryWithinItsBounds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(testConfig(dir).Data, "squall.db"), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	ids := &automation.IDs{}
	for range 5 {
		x := automation.Execution{ExecutionSummary: automation.ExecutionSummary{ID: ids.New(), Action: "a.b", Status: automation.Failed, CreatedAt: time.Now()}}
		if err := db.Accept(t.Context(), store.Acceptance{Executions: []automation.Execution{x}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	h := serve(t, dir, func(c *config.Config) { c.Retention = []config.Retention{{Count: 2}} })
	eventually(t, "three are removed", func() bool {
		state, err := h.Retention(t.Context())
		if err != nil || len(state.Rules) != 1 || state.Rules[0].Count != 2 {
			t.Fatalf("%+v, %v", state, err)
		}
		return state.Removed == 3 && state.LastRun != nil
	})
	left, err := h.Executions(t.Context(), client.ExecutionQuery{Filter: "status:failed action:a.*"})
	if err != nil || len(left.Items) != 2 || left.Counts[automation.Failed] != 2 {
		t.Errorf("%+v, %v", left, err)
	}
	checks, err := h.Doctor(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	if c := checkOf(t, checks.Items, "history"); c.Status != automation.CheckOK || !strings.HasPrefix(c.Detail, "2 executions in ") {
		t.Errorf("%+v", c)
	}
	metrics := h.metrics()
	for _, name := range []string{`squall_history_removed_total{what="executions"} 3`, "squall_history_executions 2", "squall_history_bytes ", "squall_history_unindexed ", "squall_retention_failing 0"} {
		if !strings.Contains(metrics, "\n"+name) {
			t.Errorf("no metric %s", name)
		}
	}
}

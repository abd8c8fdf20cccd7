package daemon

import (
	"context"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/retention"
	"github.com/squall-dev/squall/runtime/store/sqlite"
	"github.com/squall-dev/squall/runtime/telemetry"
	"github.com/squall-dev/squall/runtime/wasm"
)

// scrape is how long one look at the history serves the gauges: they are all asked
// within one scrape.
const scrape = time.Second

// historyGauges ask once a scrape; a history that can not be measured shows as -1.
func historyGauges(metrics *telemetry.Metrics, db *sqlite.Store, keeper *retention.Keeper) {
	var mu sync.Mutex // guards the three below
	var at time.Time
	var last automation.HistorySize
	var failed error
	size := func(of func(automation.HistorySize) float64) func() float64 {
		return func() float64 {
			mu.Lock()
			defer mu.Unlock()
			if time.Since(at) > scrape {
				last, failed = db.Size(context.Background())
				at = time.Now()
			}
			if failed != nil {
				return -1
			}
			return of(last)
		}
	}
	metrics.Gauge("squall_history_executions", "Executions that are kept.", size(func(s automation.HistorySize) float64 { return float64(s.Executions) }))
	metrics.Gauge("squall_history_bytes", "Size of the database.", size(func(s automation.HistorySize) float64 { return float64(s.Bytes) }))
	metrics.Gauge("squall_history_unindexed", "Executions that the search has yet to index.", size(func(s automation.HistorySize) float64 { return float64(s.Unindexed) }))
	metrics.Gauge("squall_retention_failing", "1 while retention fails.", func() float64 {
		if keeper.Failing() == "" {
			return 0
		}
		return 1
	})
}

func sandboxGauges(metrics *telemetry.Metrics, sandbox *wasm.Engine) {
	metrics.Gauge("squall_wasm_memory_budget_bytes", "Memory that all guests together may use.", func() float64 { return float64(sandbox.MemoryBudget()) })
	metrics.Gauge("squall_wasm_memory_used_bytes", "Memory that guests have taken of the budget.", func() float64 { return float64(sandbox.MemoryUsed()) })
	metrics.Gauge("squall_wasm_idle_instances", "Instances that wait for a call.", func() float64 { return float64(sandbox.IdleInstances()) })
	metrics.Gauge("squall_wasm_modules", "Modules loaded.", func() float64 { return float64(sandbox.ModuleCount()) })
}

// certificateGauges are there when the server speaks HTTPS.
func certificateGauges(metrics *telemetry.Metrics, certs *certificates) {
	if certs == nil {
		return
	}
	metrics.Gauge("squall_tls_certificate_expires_timestamp_seconds", "When the server's certificate expires.", certs.expires)
	metrics.Gauge("squall_tls_files_unusable", "1 while the files of TLS can not be used, and what they held before serves on.", certs.unusable)
}

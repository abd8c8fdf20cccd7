package telemetry

import (
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"
)

// What is served and what the documentation lists are the same, names and labels.
func TestEveryMetricIsDocumented(t *testing.T) {
	t.Parallel()
	m := NewMetrics()
	m.EventAccepted("core.st2.webhook", time.Second)
	m.VerdictReached("suppressed", "dedupe")
	m.FlowStatesForgotten(3)
	m.SensorPolled("a.b", "ok")
	m.HistoryRemoved("executions", 7)
	m.AuditRecorded(true)
	m.AuditRecorded(false)
	m.WebhookRejected("too_large")
	m.WebhookDelivered("pprof", "accepted")
	m.ChangeHeld("stop")
	m.StreamWatched(1)
	m.WatcherDropped()
	m.ExecutionStarted(time.Second)
	m.AttemptEnded("a.b", "failed", "trap", time.Second)
	m.HostCalled("log", "")
	m.AttemptsLost(1)
	m.PayloadMisfit("core.st2.webhook", "warn")
	m.ChainCut()
	m.ExecutionsDelayed("rate", 2)
	m.QueueRefused("server")
	m.SourceRaised("timer", 1)
	m.SourceFailed("watch")
	m.PackLoaded("core", true)
	m.PackLoaded("core", false)
	for _, name := range []string{"squall_executions_queued", "squall_executions_running", "squall_executions_waiting", "squall_wasm_memory_budget_bytes",
		"squall_wasm_memory_used_bytes", "squall_wasm_idle_instances", "squall_wasm_modules",
		"squall_backup_last_timestamp_seconds", "squall_history_executions", "squall_history_bytes", "squall_history_unindexed", "squall_retention_failing", "squall_audit_head"} {
		m.Gauge(name, "x", func() float64 { return 1 })
	}
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))

	source, err := os.ReadFile("metrics.go")
	if err != nil {
		t.Fatal(err)
	}
	documented := names(`(?m)^//\t(squall_\w+)`, string(source))
	served := names(`(?m)^# TYPE (squall_\w+)`, w.Body.String())
	if !slices.Equal(documented, served) {
		t.Errorf("documented %q\nserved     %q", documented, served)
	}
}

func names(pattern, text string) []string {
	var out []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return out
}

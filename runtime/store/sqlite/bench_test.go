package sqlite_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

// BenchmarkAccept measures the durable path of a webhook: event, verdict and a
// running execution with its first attempt, with fsync, from many callers.
func BenchmarkAccept(b *testing.B) {
	s, err := sqlite.Open(b.Context(), sqlite.Options{Path: filepath.Join(b.TempDir(), "squall.db")})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	ids := &automation.IDs{}
	b.SetParallelism(128) // callers a core
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := s.Accept(b.Context(), sample(ids)); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "accepts/s")
}

// BenchmarkLife measures the whole life of an execution: accepted, finished with a
// log, and, meanwhile and out of turn, whatever else the store does with it.
func BenchmarkLife(b *testing.B) {
	s, err := sqlite.Open(b.Context(), sqlite.Options{Path: filepath.Join(b.TempDir(), "squall.db")})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	ids := &automation.IDs{}
	b.SetParallelism(128) // callers a core
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			a, at := sample(ids), time.Now()
			end := store.Finish{ID: a.Executions[0].ID, Status: automation.Succeeded, Output: json.RawMessage(`{"bytes":1048576}`),
				Attempt: automation.Attempt{Number: 1, Status: automation.AttemptSucceeded, FinishedAt: &at},
				Log:     []automation.LogLine{{Number: 1, Attempt: 1, At: at, Level: automation.LevelInfo, Text: "dump written, 1048576 bytes"}}}
			if err := errors.Join(s.Accept(b.Context(), a), s.Finish(b.Context(), end)); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lives/s")
}

// sample is the size of a real delivery of Alertmanager.
func sample(ids *automation.IDs) store.Acceptance {
	now := time.Now()
	event := automation.Event{
		ID: ids.New(), Trigger: "core.st2.webhook", Parameters: map[string]any{"url": "pprof"},
		Payload:    json.RawMessage(`{"body":{"text":"` + strings.Repeat("x", 1500) + `"}}`),
		ReceivedAt: now, Matched: 1, Looked: 1, Summary: "Pod Memory Limit",
	}
	execution := automation.Execution{
		ExecutionSummary: automation.ExecutionSummary{
			ID: ids.New(), Action: "labs_sre.exec_pod", Status: automation.Running, Summary: "pod leaky",
			Rule: "labs_sre.generate_pprof_with_webhook", Event: event.ID, CreatedAt: now,
		},
		Parameters: json.RawMessage(`{"pod":"leaky-7d9f","namespace":"dm-demo-app"}`), MaxAttempts: 1,
	}
	verdict := automation.Verdict{
		Event: event.ID, Rule: execution.Rule, Outcome: automation.Matched, Held: 1, Total: 1, Execution: execution.ID,
		Criteria: []automation.CriterionResult{{
			Key: "trigger.body.alerts[0].labels.alertname", Operator: "startswith",
			Pattern: "Pod Memory Limit", Actual: "Pod Memory Limit 70%", Matched: true,
		}},
	}
	return store.Acceptance{
		Event: &event, Verdicts: []automation.Verdict{verdict}, Executions: []automation.Execution{execution},
	}
}

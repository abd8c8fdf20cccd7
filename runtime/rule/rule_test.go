package rule

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

func decodeFile(t testing.TB, name string) any {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	v, err := expr.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func alert(t testing.TB) Input {
	return Input{
		Trigger:    WebhookTrigger,
		Parameters: map[string]any{"url": "pprof"},
		Payload:    map[string]any{"body": decodeFile(t, "testdata/alertmanager.json"), "headers": map[string]any{}},
		Now:        time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC),
	}
}

// pprofRule takes a heap dump of the Pod that an alert names.
func pprofRule() automation.Rule {
	return automation.Rule{
		Pack: "labs_sre", Name: "generate_pprof_with_webhook", Enabled: true,
		Trigger: automation.TriggerSpec{Type: WebhookTrigger, Parameters: map[string]any{"url": "pprof"}},
		Criteria: []automation.Criterion{{
			Key: "trigger.body.alerts[0].labels.alertname", Operator: "startswith", Pattern: "Pod Memory Limit",
			Position: automation.Position{File: "rules/pprof.yaml", Line: 10, Column: 5},
		}},
		Action: automation.ActionCall{Ref: "labs_sre.exec_pod", Parameters: map[string]any{
			"pod": "{{trigger.body.alerts[0].labels.pod}}", "namespace": "dm-demo-app",
		}},
		Position: automation.Position{File: "rules/pprof.yaml", Line: 1, Column: 1},
	}
}

func mustCompile(t testing.TB, rules ...automation.Rule) *Set {
	t.Helper()
	set, err := Compile(rules)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestAnAlertSetsOffTheHeapDump(t *testing.T) {
	t.Parallel()
	matches := mustCompile(t, pprofRule()).Match(alert(t))
	if len(matches) != 1 {
		t.Fatalf("%d rules looked, want 1", len(matches))
	}
	want := automation.Verdict{
		Rule: "labs_sre.generate_pprof_with_webhook", Outcome: automation.Matched, Held: 1, Total: 1,
		Criteria: []automation.CriterionResult{{
			Key: "trigger.body.alerts[0].labels.alertname", Operator: "startswith",
			Pattern: "Pod Memory Limit", Actual: "Pod Memory Limit Near", Matched: true,
		}},
	}
	if diff := cmp.Diff(want, matches[0].Verdict); diff != "" {
		t.Errorf("verdict (-want +got):\n%s", diff)
	}
	parameters := map[string]any{"pod": "leaky", "namespace": "dm-demo-app"}
	if diff := cmp.Diff(parameters, matches[0].Parameters); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
}

package engine

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/runner"
)

func fallback(template string) automation.Parameter {
	return automation.Parameter{Type: "string", HasDefault: true, Default: template}
}

// withDefaults serves an action with more parameters than its text.
func withDefaults(t *testing.T, more map[string]automation.Parameter) func(*Options) {
	a := echoAction()
	for name, p := range more {
		a.Parameters[name] = p
	}
	c := newCatalogue(t, a)
	return func(o *Options) { o.Catalogue = func() Catalogue { return c } }
}

func parametersOf(t *testing.T, x automation.Execution) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(x.Parameters, &m); err != nil || x.Code != "" {
		t.Fatalf("%s %s: %v", x.Code, x.Message, err)
	}
	return m
}

func TestDefaultsKnowWhoAskedAndThePacksConfiguration(t *testing.T) {
	t.Parallel()
	token := fallback("{{ config_context.token }}")
	token.Secret = true
	b := start(t, succeeding(), withDefaults(t, map[string]automation.Parameter{
		"who": fallback("{{ action_context.user }} of {{ action_context.pack }}"), "why": fallback("{{ (action_context.rule | default({'name': 'nobody'})).name }}"),
		"room": fallback("{{ config_context.room }}"), "token": token,
	}))
	x := b.final(b.ingest("echo", "x").Executions[0])
	want := map[string]any{"text": "x", "who": "system of test", "why": "test.do_echo", "room": "sre", "token": "hunter2"}
	if diff := cmp.Diff(want, parametersOf(t, x)); diff != "" || x.Rule != "test.do_echo" || x.Event == "" {
		t.Errorf("by a rule: %+v (-want +got):\n%s", x.ExecutionSummary, diff)
	}
	x, err := b.Submit(t.Context(), automation.RunRequest{Action: "test.echo", Parameters: map[string]any{"text": "y"}, User: "eve"})
	want["text"], want["who"], want["why"] = "y", "eve of test", "nobody"
	if diff := cmp.Diff(want, parametersOf(t, x)); err != nil || diff != "" || x.StartedBy != "eve" {
		t.Errorf("by a person: %v (-want +got):\n%s", err, diff)
	}
}

func TestASecretOfTheConfigurationIsNotForEveryParameter(t *testing.T) {
	t.Parallel()
	b := start(t, succeeding(), withDefaults(t, map[string]automation.Parameter{"open": fallback("{{ config_context.token }}")}))
	_, err := b.Submit(t.Context(), automation.RunRequest{Action: "test.echo", Parameters: map[string]any{"text": "y"}})
	if err == nil || !strings.Contains(err.Error(), "open") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestAListThatARuleRendersIsPrintedForATextParameter(t *testing.T) {
	t.Parallel()
	b := start(t, succeeding(), nil)
	ev := webhook("echo", "")
	ev.Payload = json.RawMessage(`{"body": {"do": "echo", "text": ["a", {"b": 1}]}}`)
	a, err := b.Ingest(t.Context(), ev)
	if err != nil {
		t.Fatal(err)
	}
	if got := parametersOf(t, b.final(a.Executions[0]))["text"]; got != "['a', {'b': 1}]" {
		t.Errorf("text is %v", got)
	}
	if _, err := b.Submit(t.Context(), automation.RunRequest{Action: "test.echo", Parameters: map[string]any{"text": []any{"a"}}}); err == nil {
		t.Error("a person's list is taken for a text")
	}
}

func succeeding() runnerFunc {
	return func(context.Context, runner.Job) (runner.Result, error) { return runner.Result{}, nil }
}

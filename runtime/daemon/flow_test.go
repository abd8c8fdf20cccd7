package daemon

import (
	"strings"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
)

// flowPack adds rules that act seldom to a pack of tiny actions.
func flowPack(t *testing.T) map[string]string {
	t.Helper()
	files := behavePack(t)
	for name, control := range map[string]string{
		"once":  `dedupe: {key: "{{ trigger.body.pod }}", window: 1h}`,
		"burst": "debounce: {for: 500ms}",
		"watch": "mode: observe",
	} {
		files["rules/"+name+".yaml"] = "name: " + name + "\nenabled: true\ntrigger: {type: core.st2.webhook, parameters: {url: " + name + "}}\n" +
			control + "\naction: {ref: behave.silent}\n"
	}
	return files
}

// send posts to a webhook that one rule listens to.
func (h *harness) send(webhook, body string) (automation.Accepted, automation.Verdict) {
	h.t.Helper()
	a, err := h.Webhook(h.t.Context(), webhook, "application/json", strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	_, v := h.verdict(a.Event)
	return a, v
}

// verdict reads an event that one rule looked at.
func (h *harness) verdict(event string) (automation.Event, automation.Verdict) {
	h.t.Helper()
	e, err := h.Event(h.t.Context(), event)
	if err != nil || len(e.Verdicts) != 1 {
		h.t.Fatalf("event %s: %+v, %v", event, e.Verdicts, err)
	}
	return e, e.Verdicts[0]
}

// What a rule's controls remember outlives the server, and what they held back can
// be let pass by hand, once.
func TestControlsOutliveTheServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePack(t, dir, "behave", flowPack(t))
	h := serve(t, dir, nil)
	if first, v := h.send("once", `{"pod":"leaky"}`); v.Outcome != automation.Matched || len(first.Executions) != 1 {
		t.Fatalf("the first event: %+v", v)
	}
	burst, v := h.send("burst", `{"n":1}`)
	if v.Control != automation.ControlDebounce || len(burst.Executions) != 0 {
		t.Errorf("a burst that has begun: %+v", v)
	}
	h.stop()

	h = serve(t, dir, nil)
	second, v := h.send("once", `{"pod":"leaky"}`)
	if v.Outcome != automation.Suppressed || v.Control != automation.ControlDedupe || v.Reason == "" || len(second.Executions) != 0 {
		t.Errorf("an equal event after a restart: %+v", v)
	}
	if other, v := h.send("once", `{"pod":"calm"}`); v.Outcome != automation.Matched || len(other.Executions) != 1 {
		t.Errorf("another key: %+v", v)
	}
	eventually(t, "the burst is released after the restart", func() bool {
		_, v := h.verdict(burst.Event)
		return v.ReleasedBy == "debounce" && v.Execution != ""
	})

	x, err := h.Release(t.Context(), second.Event, "behave.once", nil)
	if err != nil || x.Event != second.Event || x.Rule != "behave.once" {
		t.Fatalf("release: %+v, %v", x, err)
	}
	if e, v := h.verdict(second.Event); v.Execution != x.ID || v.ReleasedBy == "" || len(e.Executions) != 1 {
		t.Errorf("the released verdict: %+v", v)
	}
	if _, err := h.Release(t.Context(), second.Event, "behave.once", nil); automation.KindOf(err) != "conflict" {
		t.Errorf("released again: %v, want conflict", err)
	}
}

func TestARuleThatOnlyObservesStartsNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePack(t, dir, "behave", flowPack(t))
	h := serve(t, dir, nil)
	a, v := h.send("watch", `{}`)
	if v.Outcome != automation.Matched || !v.Observed || v.Execution != "" || len(a.Executions) != 0 {
		t.Errorf("verdict = %+v, started %v", v, a.Executions)
	}
}

package daemon

import (
	"errors"
	"strings"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

const tickRule = `name: tick
enabled: true
trigger: {type: core.st2.IntervalTimer, parameters: {unit: seconds, delta: 1}}
action: {ref: behave.silent}
`

func TestATimerStartsAnActionAndGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := behavePack(t)
	files["rules/tick.yaml"] = tickRule
	writePack(t, dir, "behave", files)
	h := serve(t, dir, nil)
	ticks := func() []automation.Event {
		list, err := h.Events(t.Context(), client.EventQuery{Trigger: "core.st2.IntervalTimer"})
		if err != nil {
			t.Fatal(err)
		}
		return list.Items
	}
	eventually(t, "the timer fires", func() bool { return len(ticks()) > 0 })
	first := ticks()[0]
	if x := h.executionOf(first.ID); x.Action != "behave.silent" || x.Rule != "behave.tick" {
		t.Errorf("execution = %+v", x)
	}
	sources, err := h.Sources(t.Context(), "timer")
	if err != nil || len(sources.Items) != 1 || sources.Items[0].State != automation.SourceRunning || sources.Items[0].Description != "every second" {
		t.Errorf("sources = %+v, err %v", sources.Items, err)
	}
	h.stop()
	before := first.ID
	h = serve(t, dir, nil)
	eventually(t, "the timer goes on", func() bool { return ticks()[0].ID > before })
}

func (h *harness) executionOf(event string) automation.ExecutionSummary {
	h.t.Helper()
	ev, err := h.Event(h.t.Context(), event)
	if err != nil || len(ev.Executions) != 1 {
		h.t.Fatalf("event %s has executions %v, err %v", event, ev.Executions, err)
	}
	return ev.Executions[0]
}

func TestARuleWhoseTimerCanNotFireIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := behavePack(t)
	files["rules/tick.yaml"] = strings.Replace(tickRule, "delta: 1", "delta: 0", 1)
	writePack(t, dir, "behave", files)
	h := serve(t, dir, nil)
	if p := h.pack("behave"); p.InService || !strings.Contains(p.Error, "rules/tick.yaml:1:1") || !strings.Contains(p.Error, "delta") {
		t.Errorf("pack = in service %v, error %q", p.InService, p.Error)
	}
}

func TestASourceIsFoundByItsId(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := behavePack(t)
	files["rules/often.yaml"] = strings.Replace(tickRule, "core.st2.IntervalTimer, parameters: {unit: seconds, delta: 1}", `core.st2.CronTimer, parameters: {minute: "*/50"}`, 1)
	writePack(t, dir, "behave", files)
	h := serve(t, dir, nil)
	list, err := h.Sources(t.Context(), "")
	if err != nil || len(list.Items) != 1 || !strings.Contains(list.Items[0].ID, `"*/50"`) {
		t.Fatalf("sources = %+v, err %v", list.Items, err)
	}
	id := list.Items[0].ID
	for _, kind := range []string{"", "timer"} {
		if s, err := h.Source(t.Context(), kind, id); err != nil || s.ID != id || len(s.Rules) != 1 {
			t.Errorf("of kind %q: %+v, %v", kind, s, err)
		}
	}
	for _, missing := range [][2]string{{"watch", id}, {"", "core.nothing"}} {
		if _, err := h.Source(t.Context(), missing[0], missing[1]); !errors.Is(err, automation.ErrNotFound) {
			t.Errorf("%v: %v", missing, err)
		}
	}
}

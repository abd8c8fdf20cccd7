package rule

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
)

func TestAMatchCarriesTheKeysOfItsControls(t *testing.T) {
	t.Parallel()
	r := pprofRule()
	r.Flow = automation.Flow{
		Dedupe:   &automation.Dedupe{Key: "{{ trigger.body.alerts[0].labels.pod }}"},
		Throttle: &automation.Throttle{},
		Count:    &automation.Count{Key: "all"},
	}
	in := alert(t)
	m := mustCompile(t, r).Match(in)[0]
	want := map[automation.Control]string{
		automation.ControlDedupe: m.Parameters["pod"].(string), automation.ControlThrottle: "", automation.ControlCount: "all",
	}
	if diff := cmp.Diff(want, m.Keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	in.Payload = map[string]any{"body": map[string]any{}}
	if m := mustCompile(t, r).Match(in)[0]; m.Keys != nil {
		t.Errorf("keys of a rule that does not match: %v", m.Keys)
	}
}

func TestAKeyThatCanNotBeRenderedIsAnError(t *testing.T) {
	t.Parallel()
	r := pprofRule()
	r.Flow.Debounce = &automation.Debounce{Key: "{{ trigger.nope }}"}
	m := mustCompile(t, r).Match(alert(t))[0]
	if m.Verdict.Outcome != automation.Errored || m.Parameters != nil || !strings.Contains(m.Verdict.Error, "debounce key: ") {
		t.Errorf("got %+v", m)
	}
	r.Flow.Debounce.Key = "{{ x | nope }}"
	if _, err := Compile([]automation.Rule{r}); err == nil || !strings.Contains(err.Error(), "debounce key: ") {
		t.Errorf("got %v", err)
	}
}

func TestAnObservingRuleSaysSo(t *testing.T) {
	t.Parallel()
	r := pprofRule()
	r.Mode = automation.ModeObserve
	if v := mustCompile(t, r).Match(alert(t))[0].Verdict; v.Outcome != automation.Matched || !v.Observed {
		t.Errorf("got %+v", v)
	}
}

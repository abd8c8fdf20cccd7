package packs

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
)

const leakRule = `
name: leak
trigger: {type: core.st2.webhook, parameters: {url: pprof}}
criteria:
  trigger.body.zebra: {type: equals, pattern: 12345678901234567890}
  trigger.body.alert#first: {type: startswith, pattern: Pod}
  trigger.body.alert#second: {type: exists}
action: {ref: labs_sre.exec_pod, parameters: {pod: "{{ trigger.body.pod }}", list: [1, 2.5, yes, 2030-01-02, null]}}
`

func TestARuleOutsideAPackBelongsToTheDefaultPack(t *testing.T) {
	t.Parallel()
	r, err := ReadRule("leak.yaml", []byte(leakRule))
	if err != nil {
		t.Fatal(err)
	}
	if r.Ref() != "default.leak" || r.Enabled {
		t.Errorf("ref %s, enabled %v; want default.leak, disabled", r.Ref(), r.Enabled)
	}
	r, err = ReadRule("leak.yaml", []byte("pack: mine"+leakRule))
	if err != nil || r.Ref() != "mine.leak" {
		t.Errorf("ref %s, err %v", r.Ref(), err)
	}
}

func TestCriteriaKeepTheirOrderAndPlace(t *testing.T) {
	t.Parallel()
	r, err := ReadRule("leak.yaml", []byte(leakRule))
	if err != nil {
		t.Fatal(err)
	}
	at := func(line int) automation.Position {
		return automation.Position{File: "leak.yaml", Line: line, Column: 3}
	}
	want := []automation.Criterion{
		{Key: "trigger.body.zebra", Operator: "equals", Pattern: json.Number("12345678901234567890"), Position: at(5)},
		{Key: "trigger.body.alert#first", Operator: "startswith", Pattern: "Pod", Position: at(6)},
		{Key: "trigger.body.alert#second", Operator: "exists", Position: at(7)},
	}
	if diff := cmp.Diff(want, r.Criteria); diff != "" {
		t.Errorf("criteria (-want +got):\n%s", diff)
	}
	wantList := []any{int64(1), 2.5, "yes", "2030-01-02", nil}
	if diff := cmp.Diff(wantList, r.Action.Parameters["list"]); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

func TestARuleIsTestedWithoutAServer(t *testing.T) {
	t.Parallel()
	payload := `{"body": {"zebra": 12345678901234567890, "alert": "Pod Memory", "pod": "leaky"}}`
	got, err := TestRule("leak.yaml", []byte(leakRule), []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	if !got.Matched || got.Parameters["pod"] != "leaky" || len(got.Criteria) != 3 {
		t.Errorf("got %+v", got)
	}
	got, err = TestRule("leak.yaml", []byte(leakRule), []byte("body: {zebra: 1, alert: Node}"))
	if err != nil || got.Matched || got.Criteria[1].Actual != "Node" {
		t.Errorf("a payload in YAML that does not match: %+v, %v", got, err)
	}
}

func TestWhatCanNotBeTestedIsInvalid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, rule, payload string }{
		{"a rule that is not YAML", "name: [", "{}"},
		{"a rule with an unknown key", "nme: x", "{}"},
		{"a rule with an unknown operator", "name: x\ntrigger: {type: a.b}\ncriteria: {trigger.x: {type: sounds_like, pattern: y}}\naction: {ref: a.b}", "{}"},
		{"a payload that is neither JSON nor YAML", leakRule, "{"},
		{"an empty payload", leakRule, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := TestRule("r.yaml", []byte(c.rule), []byte(c.payload)); !errors.Is(err, automation.ErrInvalid) {
				t.Errorf("err = %v", err)
			}
		})
	}
}

package packs

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
)

const stormRule = `
name: storm
type: {ref: backstop}
trigger: {type: core.st2.webhook}
mode: observe
foreach: trigger.body.alerts
any:
  - item.a: {type: equals, pattern: 1}
    item.b: {type: exists}
  - not: {item.c: {type: exists}}
  - all:
      - item.d: {type: exists}
not:
  item.e: {type: exists}
when: |
  item.n > 3 &&
    index < 2
dedupe: {key: "{{ item.a }}", window: 10m}
throttle: {limit: 3, per: 1h30m}
debounce: {for: 30, max: 90.5}
count: {key: all, at_least: 5, within: 5m}
action: {ref: labs_sre.exec_pod}
`

func TestARuleMayGroupLimitAndGoThroughLists(t *testing.T) {
	t.Parallel()
	got, err := ReadRule("storm.yaml", []byte(stormRule))
	if err != nil {
		t.Fatal(err)
	}
	at := func(line, column int) automation.Position {
		return automation.Position{File: "storm.yaml", Line: line, Column: column}
	}
	one := func(key, operator string, pattern any, line, column int) automation.Member {
		return automation.Member{Criterion: &automation.Criterion{Key: key, Operator: operator, Pattern: pattern, Position: at(line, column)}}
	}
	all := func(kind automation.GroupKind, p automation.Position, members ...automation.Member) automation.Member {
		return automation.Member{Group: &automation.Group{Kind: kind, Members: members, Position: p}}
	}
	want := automation.Rule{
		Pack: "default", Name: "storm", Backstop: true, Mode: automation.ModeObserve, Foreach: "trigger.body.alerts",
		Trigger: automation.TriggerSpec{Type: "core.st2.webhook"}, Criteria: []automation.Criterion{},
		Groups: []automation.Group{
			*all(automation.GroupAny, at(8, 3),
				all(automation.GroupAll, at(8, 5), one("item.a", "equals", int64(1), 8, 5), one("item.b", "exists", nil, 9, 5)),
				all(automation.GroupNot, at(10, 10), one("item.c", "exists", nil, 10, 11)),
				all(automation.GroupAll, at(12, 7), one("item.d", "exists", nil, 12, 9)),
			).Group,
			*all(automation.GroupNot, at(14, 3), one("item.e", "exists", nil, 14, 3)).Group,
		},
		When: "item.n > 3 &&\n  index < 2", WhenPosition: at(16, 3),
		Flow: automation.Flow{
			Dedupe:   &automation.Dedupe{Key: "{{ item.a }}", Window: automation.Duration(10 * time.Minute)},
			Throttle: &automation.Throttle{Limit: 3, Per: automation.Duration(90 * time.Minute)},
			Debounce: &automation.Debounce{For: automation.Duration(30 * time.Second), Max: automation.Duration(90*time.Second + 500*time.Millisecond)},
			Count:    &automation.Count{Key: "all", AtLeast: 5, Within: automation.Duration(5 * time.Minute)},
		},
		Action: automation.ActionCall{Ref: "labs_sre.exec_pod"}, Position: at(2, 1),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rule (-want +got):\n%s", diff)
	}
}

func TestTheStandardTypeAndModeMayBeWritten(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"type: standard\nmode: act", "type: {ref: standard, parameters: {}}\nmode:", "type:"} {
		r, err := ReadRule("r.yaml", []byte(text+leakRule))
		if err != nil || r.Backstop || r.Mode != automation.ModeAct {
			t.Errorf("%q: %+v, %v", text, r, err)
		}
	}
}

func TestGroupsThatRunInCirclesAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := ReadRule("r.yaml", []byte("any: &a [{all: *a}]"+leakRule)); err == nil {
		t.Error("a group in itself is accepted")
	}
}

func TestARuleWithGroupsIsTestedWithoutAServer(t *testing.T) {
	t.Parallel()
	payload := `{"body": {"alerts": [{"n": 1}, {"a": 1, "b": 2, "n": 4}]}}`
	got, err := TestRule("storm.yaml", []byte(stormRule), []byte(payload))
	if err != nil || !got.Matched || len(got.Criteria) != 3 || len(got.Criteria[0].Members) != 3 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestTheDocumentedRuleIsValid(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../web/docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	text, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the page shows no rule")
	}
	event := `{"body": {"alerts": [{"fingerprint": "f", "labels": {"alertname": "Pod Memory Limit Near", "severity": "page", "pod": "a"}, "annotations": {"restarts": "2"}, "status": "firing"}]}}`
	got, err := TestRule("rules.md", []byte(text), []byte(event))
	if err != nil || !got.Matched || got.Parameters["pod"] != "a" {
		t.Errorf("got %+v, %v", got, err)
	}
}

package rule

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

func TestCompileReportsAllProblemsWithTheirPlaces(t *testing.T) {
	t.Parallel()
	r := pprofRule()
	r.Action.Parameters = map[string]any{"pod": "{{ x | nope }}"}
	r.Criteria = append(r.Criteria,
		automation.Criterion{Key: "trigger.n", Operator: "startwith", Pattern: "x", Position: automation.Position{File: "rules/pprof.yaml", Line: 13, Column: 5}},
		automation.Criterion{Key: "trigger.with blank", Operator: "eq", Pattern: "x"},
		automation.Criterion{Key: "trigger.r", Operator: "regex", Pattern: "("},
		automation.Criterion{Key: "trigger.p", Operator: "eq"},
		automation.Criterion{Key: "trigger.r", Operator: "search", Condition: "some", Pattern: map[string]any{"item": map[string]any{"type": "nope"}}},
	)
	_, err := Compile([]automation.Rule{r, pprofRule()})
	if !errors.Is(err, automation.ErrInvalid) {
		t.Fatalf("got %v, want an error of kind invalid", err)
	}
	for _, want := range []string{
		"rules/pprof.yaml:13:5: rule labs_sre.generate_pprof_with_webhook: criterion trigger.n: unknown operator \"startwith\"",
		"criterion trigger.with blank: key path",
		"the regular expression \"(\" is not valid",
		"operator equals needs a pattern",
		"search has the condition \"some\"",
		"unknown operator \"nope\"",
		"criterion trigger.r stands here twice",
		"action parameter pod: ",
		"rules/pprof.yaml:1:1: rule labs_sre.generate_pprof_with_webhook: there is another rule of this name in rules/pprof.yaml:1:1",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in:\n%v", want, err)
		}
	}
	if got := automation.HintOf(err); got != "did you mean startswith?" {
		t.Errorf("hint %q", got)
	}
}

func TestOnlyRulesOfTheTriggerLook(t *testing.T) {
	t.Parallel()
	named := func(name, url string) automation.Rule {
		r := pprofRule()
		r.Name, r.Trigger.Parameters = name, map[string]any{"url": url}
		return r
	}
	disabled, timer, every := named("disabled", "pprof"), named("timer", "pprof"), named("every", "")
	disabled.Enabled, timer.Trigger.Type, every.Trigger.Parameters = false, "core.st2.IntervalTimer", nil
	set := mustCompile(t, named("c", "/pprof/"), disabled, timer, named("other", "other"), every, named("a", "pprof"))
	in := alert(t)
	in.Parameters = map[string]any{"url": "pprof/", "more": 1}
	var names []string
	for _, m := range set.Match(in) {
		names = append(names, m.Rule.Name)
	}
	if diff := cmp.Diff([]string{"c", "every", "a"}, names); diff != "" {
		t.Errorf("looking (-want +got):\n%s", diff)
	}
	want := map[string][]automation.Ref{"pprof": {"labs_sre.c", "labs_sre.a"}, "other": {"labs_sre.other"}}
	if diff := cmp.Diff(want, set.Webhooks()); diff != "" {
		t.Errorf("webhooks (-want +got):\n%s", diff)
	}
	if !set.HasTrigger("core.st2.IntervalTimer") || set.HasTrigger("core.st2.CronTimer") {
		t.Error("HasTrigger is wrong")
	}
	if _, ok := set.Rule("labs_sre.disabled"); !ok || len(set.Rules()) != 6 {
		t.Error("disabled rules are not listed")
	}
}

func TestANearMissShowsAllCriteria(t *testing.T) {
	t.Parallel()
	r := pprofRule()
	r.Criteria = []automation.Criterion{
		{Key: "trigger.body.status", Operator: "eq", Pattern: "resolved"},
		{Key: "trigger.body.nope", Operator: "contains", Pattern: "x"},
		{Key: "trigger.body.version", Operator: "eq", Pattern: "4"},
	}
	v := mustCompile(t, r).Match(alert(t))[0].Verdict
	if v.Outcome != automation.NotMatched || v.Held != 1 || v.Total != 3 || len(v.Criteria) != 3 || v.Criteria[1].Error == "" {
		t.Errorf("got %+v", v)
	}
	r.Criteria = r.Criteria[1:]
	v = mustCompile(t, r).Match(alert(t))[0].Verdict
	if v.Outcome != automation.Errored || !strings.Contains(v.Error, "criterion trigger.body.nope: ") {
		t.Errorf("got %+v", v)
	}
}

func TestParametersThatCannotBeRenderedSayWhy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		parameters map[string]any
		want       string
	}{
		{"a missing label", map[string]any{"pod": "{{ trigger.body.alerts[0].labels.pdo }}"},
			`action parameter pod: trigger.body.alerts[0].labels.pdo: no key "pdo" in labels`},
		{"a text inside of a list", map[string]any{"o": map[string]any{"l": []any{"{{ trigger.nope }}"}}},
			`action parameter o: l[0]: trigger.nope: no key "nope" in trigger`},
		{"parameters in a circle", map[string]any{"a": "{{ b }}", "b": "{{ a }}"}, "refers to itself"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := pprofRule()
			r.Action.Parameters = c.parameters
			m := mustCompile(t, r).Match(alert(t))[0]
			if m.Verdict.Outcome != automation.Errored || m.Parameters != nil || !strings.Contains(m.Verdict.Error, c.want) {
				t.Errorf("got %s, parameters %v, error %q, want %q", m.Verdict.Outcome, m.Parameters, m.Verdict.Error, c.want)
			}
		})
	}
}

func TestParametersMayReferToEachOther(t *testing.T) {
	t.Parallel()
	r := pprofRule()
	r.Action.Parameters = map[string]any{"a": "{{ b }}-{{ c }}", "b": "{{ c | upper }}", "c": "x"}
	got, err := Test(r, alert(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"a": "X-x", "b": "X", "c": "x"}, got.Parameters); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTestIgnoresTriggerAndEnabled(t *testing.T) {
	t.Parallel()
	r := pprofRule()
	r.Enabled, r.Criteria = false, nil
	got, err := Test(r, Input{Trigger: "core.other", Payload: map[string]any{}})
	if err != nil || got.Criteria == nil || got.Matched {
		// an empty payload does not matter to a rule without criteria, but its pod does
		t.Errorf("got %+v, %v", got, err)
	}
	r.Name = ""
	if got, err := Test(r, Input{}); err == nil || got.Criteria == nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestBigNumbersSurviveFromPayloadToParameter(t *testing.T) {
	t.Parallel()
	r := pprofRule()
	r.Criteria = []automation.Criterion{{Key: "trigger.n", Operator: "gt", Pattern: 9007199254740992.0}}
	r.Action.Parameters = map[string]any{"n": "{{ trigger.n }}"}
	payload, err := expr.Decode([]byte(`{"n": 9007199254740993}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Test(r, Input{Payload: payload})
	if err != nil || !got.Matched || got.Parameters["n"] != int64(9007199254740993) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestVerdictsAreSmall(t *testing.T) {
	t.Parallel()
	r := pprofRule()
	r.Criteria = nil
	for i := range 300 {
		r.Criteria = append(r.Criteria, automation.Criterion{
			Key: fmt.Sprintf("trigger.long#%d", i), Operator: "neq", Pattern: strings.Repeat("\u0001", 5000)})
	}
	r.Action.Parameters = nil
	long := []any{}
	for range 100_000 {
		long = append(long, map[string]any{"k": "<é>"})
	}
	in := alert(t)
	in.Payload = map[string]any{"long": long}
	v := mustCompile(t, r).Match(in)[0].Verdict
	data, err := json.Marshal(v)
	if err != nil || len(data) > maxVerdictBytes {
		t.Errorf("verdict of %d bytes, %v", len(data), err)
	}
	text, ok := v.Criteria[0].Actual.(string)
	if !ok || !strings.HasPrefix(text, `[{"k":`) || !strings.HasSuffix(text, cutMark) {
		t.Errorf("actual is %.60v", v.Criteria[0].Actual)
	}
	if v.Held != 300 || v.Total != 300 {
		t.Errorf("%d of %d", v.Held, v.Total)
	}
}

func TestABadRegularExpressionDoesNotHang(t *testing.T) {
	t.Parallel()
	r := pprofRule()
	r.Criteria = []automation.Criterion{{Key: "trigger.s", Operator: "regex", Pattern: `(?=a)(a+)+$`}}
	got, err := Test(r, Input{Payload: map[string]any{"s": strings.Repeat("a", 40) + "!"}})
	if err != nil || got.Matched || !strings.Contains(got.Criteria[0].Error, "takes longer") {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestEveryOperatorIsDocumentedOnce(t *testing.T) {
	t.Parallel()
	var names []string
	for _, o := range Operators() {
		if o.Doc == "" || o.prepare == nil {
			t.Errorf("%s is not complete", o.Name)
		}
		names = append(append(names, o.Name), o.Aliases...)
	}
	slices.Sort(names)
	if len(slices.Compact(names)) != len(names) {
		t.Errorf("a name stands twice in %v", names)
	}
}

func FuzzMatch(f *testing.F) {
	for _, o := range Operators() {
		f.Add("trigger.a[0].b", o.Name, `"x"`, "all", `{"a": [{"b": "xyz"}]}`)
		f.Add("trigger..b#2", o.Name, `{"item": {"type": "eq", "pattern": 1}}`, "any2any", `{"a": [{"b": [1, null, {}]}]}`)
	}
	f.Fuzz(func(t *testing.T, key, operator, pattern, condition, payload string) {
		p, err := expr.Decode([]byte(pattern))
		if err != nil {
			p = pattern
		}
		v, err := expr.Decode([]byte(payload))
		if err != nil {
			return
		}
		r := pprofRule()
		r.Criteria = []automation.Criterion{{Key: key, Operator: operator, Pattern: p, Condition: condition}}
		got, err := Test(r, Input{Payload: v})
		if err != nil {
			return
		}
		data, err := json.Marshal(got.Criteria)
		if err != nil || len(data) > maxVerdictBytes {
			t.Errorf("criteria of %d bytes: %v", len(data), err)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprintf("%d rules", n), func(b *testing.B) {
			rules := []automation.Rule{pprofRule()}
			for i := 1; i < n; i++ {
				r := pprofRule()
				r.Name, r.Trigger.Parameters = fmt.Sprintf("r%d", i), map[string]any{"url": fmt.Sprint("other", i%7)}
				rules = append(rules, r)
			}
			set, in := mustCompile(b, rules...), alert(b)
			b.ReportAllocs()
			for b.Loop() {
				if len(set.Match(in)) != 1 {
					b.Fatal("the rule did not look")
				}
			}
		})
	}
}

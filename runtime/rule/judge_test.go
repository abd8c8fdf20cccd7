package rule

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
)

func named(name string, r automation.Rule) automation.Rule {
	r.Name = name
	return r
}

// outcomes is a verdict of each match: "a:matched b:not_matched".
func outcomes(matches []Match) string {
	var all []string
	for _, m := range matches {
		s := m.Rule.Name + ":" + string(m.Verdict.Outcome)
		if m.Verdict.Item != nil {
			s = fmt.Sprintf("%s[%d]", s, *m.Verdict.Item)
		}
		all = append(all, s)
	}
	return strings.Join(all, " ")
}

func TestARuleIsJudgedForEachItem(t *testing.T) {
	t.Parallel()
	r := ruleOf(is("item.labels.severity", "equals", "{{ trigger.wanted }}"), combine(automation.GroupNot, is("item.status", "equals", "resolved")))
	r.Foreach = "trigger.alerts"
	r.Action.Parameters = map[string]any{"pod": "{{ item.labels.pod }}", "n": "{{ index }}"}
	r.Flow.Dedupe = &automation.Dedupe{Key: "{{ item.labels.pod }}/{{ index }}"}
	matches := mustCompile(t, r).Match(eventOf(t, `{"wanted": "page", "alerts": [
		{"status": "firing", "labels": {"severity": "page", "pod": "a"}},
		{"status": "firing", "labels": {"severity": "info", "pod": "b"}},
		{"status": "firing", "labels": {"severity": "page", "pod": "c"}},
		{"status": "firing", "labels": {"severity": "page"}}]}`))
	if got, want := outcomes(matches), "rule:matched[0] rule:not_matched[1] rule:matched[2] rule:error[3]"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
	if diff := cmp.Diff(map[string]any{"pod": "c", "n": int64(2)}, matches[2].Parameters); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
	if got := matches[2].Keys[automation.ControlDedupe]; got != "c/2" {
		t.Errorf("key %q", got)
	}
}

func TestWhatForeachCanNotGoThroughIsSaid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, payload string
		want          automation.Outcome
		words         string
	}{
		{"a missing list", `{"a": 1}`, automation.NotMatched, "there is no list at trigger.l"},
		{"an empty payload", `{}`, automation.NotMatched, "there is no list at trigger.l"},
		{"null", `{"l": null}`, automation.NotMatched, "there is no list at trigger.l"},
		{"an empty list", `{"l": []}`, automation.NotMatched, "is empty"},
		{"a map", `{"l": {"a": 1}}`, automation.Errored, "is a map, not a list"},
		{"too many items", `{"l": [` + strings.Repeat("1,", maxItems) + `1]}`, automation.Errored, "1001 items, and 1000 is the most"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := ruleOf(is("item", "equals", 1))
			r.Foreach = "trigger.l"
			v := verdictOf(t, r, c.payload)
			if v.Outcome != c.want || !strings.Contains(v.Reason+v.Error, c.words) || v.Total != 1 || v.Criteria == nil || v.Item != nil {
				t.Errorf("got %+v", v)
			}
		})
	}
	r := ruleOf()
	for path, want := range map[string]string{"body.l": "does not lead into the event", "trigger[": "key path"} {
		r.Foreach = path
		if _, err := Compile([]automation.Rule{r}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("foreach %q: %v", path, err)
		}
	}
}

func TestBackstopsLookWhenNothingElseActs(t *testing.T) {
	t.Parallel()
	backstop := named("last", ruleOf())
	backstop.Backstop = true
	other := named("other", ruleOf(is("a", "equals", 9)))
	other.Backstop = true
	one := named("one", ruleOf(is("a", "equals", 1)))
	observer := named("observer", ruleOf(is("a", "equals", 2)))
	observer.Mode = automation.ModeObserve
	set := mustCompile(t, backstop, one, other, observer)
	for _, c := range []struct {
		payload, want string
		looked        int
	}{
		{`{"a": 1}`, "one:matched observer:not_matched", 2},
		{`{"a": 2}`, "one:not_matched observer:matched last:matched other:not_matched", 4},
		{`{"a": 3}`, "one:not_matched observer:not_matched last:matched other:not_matched", 4},
	} {
		got := set.Judge(eventOf(t, c.payload))
		if outcomes(got.Matches) != c.want || got.Looked != c.looked {
			t.Errorf("%s: %d looked, %s; want %d, %s", c.payload, got.Looked, outcomes(got.Matches), c.looked, c.want)
		}
	}
}

func TestOfVeryManyVerdictsTheTellingOnesAreKept(t *testing.T) {
	t.Parallel()
	far := ruleOf(is("item", "equals", 1), is("a", "equals", 1), is("b", "equals", 1))
	far.Name, far.Foreach = "far", "trigger.l"
	near := named("near", ruleOf(is("item", "equals", 2)))
	near.Foreach = "trigger.l"
	fails := named("fails", ruleOf(is("item", "startswith", "x")))
	fails.Foreach = "trigger.few"
	in := eventOf(t, `{"few": [1, 2], "l": [`+strings.Repeat("3, ", 149)+`2]}`)
	counts := map[string]int{}
	for _, m := range mustCompile(t, far, near, fails).Judge(in).Matches {
		counts[m.Rule.Name+" "+string(m.Verdict.Outcome)]++
	}
	want := map[string]int{"far not_matched": 1, "near not_matched": 97, "near matched": 1, "fails error": 2}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}

func TestOfManyRulesThoseThatCanNotMatchAreOnlyCounted(t *testing.T) {
	t.Parallel()
	var rules []automation.Rule
	for i := range 300 {
		rules = append(rules, named(fmt.Sprint("r", i), ruleOf(is("kind", "equals", i), is("a", "equals", 1))))
	}
	got := mustCompile(t, rules...).Judge(eventOf(t, `{"kind": 7, "a": 2}`))
	if outcomes(got.Matches) != "r7:not_matched" || got.Looked != 300 || got.Matches[0].Verdict.Held != 1 {
		t.Errorf("%d looked, %s", got.Looked, outcomes(got.Matches))
	}
	got = mustCompile(t, rules[:fewRules]...).Judge(eventOf(t, `{"kind": 7, "a": 2}`))
	if len(got.Matches) != fewRules || got.Looked != fewRules {
		t.Errorf("of few rules %d left a verdict", len(got.Matches))
	}
}

func TestASetIsMatchedByManyAtOnce(t *testing.T) {
	t.Parallel()
	g := &generator{rand.New(rand.NewPCG(3, 3))}
	rules := make([]automation.Rule, 150)
	for i := range rules {
		rules[i] = g.rule(i)
		rules[i].When = "trigger != null && size(event.id) == 0"
	}
	set := mustCompile(t, rules...)
	in := eventOf(t, `{"a": 1, "b": "x", "l": [1, "x", {"k": "xy"}], "m": {"k": "x"}}`)
	want := set.Judge(in)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 20 {
				if got := set.Judge(in); !reflect.DeepEqual(want, got) {
					t.Errorf("judged otherwise: %s, want %s", outcomes(got.Matches), outcomes(want.Matches))
					return
				}
			}
		})
	}
	wait.Wait()
}

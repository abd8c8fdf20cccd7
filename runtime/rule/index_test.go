package rule

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
)

// generator makes rules and events from few names and values, so that they meet.
type generator struct{ *rand.Rand }

func pick[T any](g *generator, list ...T) T { return list[g.IntN(len(list))] }

func (g *generator) rule(i int) automation.Rule {
	r := ruleOf()
	r.Name, r.Backstop = fmt.Sprint("r", i), g.IntN(8) == 0
	if g.IntN(6) == 0 {
		r.Mode = automation.ModeObserve
	}
	if g.IntN(4) == 0 {
		r.Foreach = pick(g, "trigger.l", "trigger.a", "trigger.m.l")
	}
	if g.IntN(4) == 0 {
		r.Trigger.Parameters = map[string]any{"url": pick(g, "x", "y/"), "n": 1}
	}
	for j := range g.IntN(4) {
		c := g.criterion(r.Foreach != "").Criterion
		c.Key += fmt.Sprint("#", j)
		r.Criteria = append(r.Criteria, *c)
	}
	for range g.IntN(3) {
		r.Groups = append(r.Groups, *g.group(r.Foreach != "", 2).Group)
	}
	if g.IntN(5) == 0 {
		r.When = pick(g, "true", "trigger.a == 1", `kv("on") == "1"`)
	}
	return r
}

func (g *generator) criterion(item bool) automation.Member {
	key := pick(g, "a", "b", "m.k", "l[0]", "missing")
	if item && g.IntN(2) == 0 {
		key = pick(g, "item", "item.k", "item.missing")
	}
	operator := pick(g, "equals", "equals", "eq", "iequals", "startswith", "inside", "exists", "nexists", "nequals", "contains", "ninside")
	return is(key, operator, g.pattern(operator))
}

func (g *generator) pattern(operator string) any {
	switch operator {
	case "iequals", "startswith":
		return pick[any](g, "", "x", "X", "xy", "éa", "{{ trigger.b }}")
	case "inside", "ninside":
		return pick[any](g, []any{}, []any{"x", 1, true}, []any{2.5, "xy"}, "xyz", []any{[]any{1}})
	case "contains":
		return pick[any](g, "x", 1)
	}
	return pick[any](g, 0, 1, 1.0, 2.5, true, false, "x", "xy", "1", "{{ trigger.b }}", []any{1}, json.Number("18446744073709551616"))
}

func (g *generator) group(item bool, depth int) automation.Member {
	m := combine(pick(g, automation.GroupAll, automation.GroupAny, automation.GroupNot))
	for range 1 + g.IntN(3) {
		if depth > 0 && g.IntN(3) == 0 {
			m.Group.Members = append(m.Group.Members, g.group(item, depth-1))
			continue
		}
		m.Group.Members = append(m.Group.Members, g.criterion(item))
	}
	return m
}

func (g *generator) value() any {
	return pick[any](g, nil, int64(0), int64(1), 1.0, 2.5, true, false, "", "x", "X", "xy", "XYZ", "Éa", "1", []any{int64(1)}, map[string]any{"k": "x"},
		json.Number("18446744073709551616"), json.Number("1.0"))
}

func (g *generator) payload() any {
	if g.IntN(20) == 0 {
		return pick[any](g, nil, map[string]any{}, []any{}, "", "text")
	}
	p := map[string]any{"m": map[string]any{"k": g.value()}}
	for _, key := range []string{"a", "b"} {
		if g.IntN(4) > 0 {
			p[key] = g.value()
		}
	}
	var list []any
	for range g.IntN(4) {
		list = append(list, pick[any](g, g.value(), map[string]any{"k": g.value()}))
	}
	p["l"] = pick[any](g, list, list, list, g.value(), slices.Repeat([]any{int64(1)}, pick(g, 5, maxItems+1)))
	return p
}

// naive judges as if there were no index and no bound.
func naive(s *Set, in Input) (matches []Match, looked int) {
	ask := func(backstop bool) {
		for _, r := range s.rules {
			if t := (&tribe{parameters: r.trigger}); r.Enabled && r.Backstop == backstop && r.Trigger.Type == in.Trigger && t.looksAt(in.Parameters) {
				matches = append(matches, r.decide(&in, eventScope(&in))...)
				looked++
			}
		}
	}
	ask(false)
	if !slices.ContainsFunc(matches, acts) {
		ask(true)
	}
	for i := range matches {
		matches[i].bound()
	}
	return matches, looked
}

func TestTheIndexDecidesAsIfThereWereNone(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		g := &generator{rand.New(rand.NewPCG(seed, 7))}
		rules := make([]automation.Rule, pick(g, 20, 150, 250))
		for i := range rules {
			rules[i] = g.rule(i)
			rules[i].Enabled = g.IntN(10) > 0
		}
		set := mustCompile(t, rules...)
		for range 20 {
			in := Input{Trigger: "test.event", Payload: g.payload(), KV: storeOf(map[string]string{"system/on": pick(g, "0", "1")}),
				Parameters: pick(g, nil, map[string]any{"url": "/x", "n": 1.0}, map[string]any{"url": "y", "n": 1, "m": 2})}
			compareJudgements(t, seed, set, in)
		}
	}
}

// compareJudgements asks for every match, and as many of the others as are kept:
// the same errors first, and nothing that is not so.
func compareJudgements(t *testing.T, seed uint64, set *Set, in Input) {
	t.Helper()
	want, looked := naive(set, in)
	got := set.Judge(in)
	if got.Looked != looked {
		t.Fatalf("seed %d, payload %v: %d rules looked, want %d", seed, in.Payload, got.Looked, looked)
	}
	byName := map[string]Match{}
	for _, m := range want {
		byName[nameOf(m)] = m
	}
	kept := map[string]bool{}
	for _, m := range got.Matches {
		kept[nameOf(m)] = true
		if !reflect.DeepEqual(byName[nameOf(m)], m) {
			t.Fatalf("seed %d, payload %v, rule %s (-want +got):\n%s", seed, in.Payload, nameOf(m), cmp.Diff(byName[nameOf(m)], m))
		}
	}
	misses := len(got.Matches) - len(only(got.Matches, automation.Matched))
	if misses > maxMisses {
		t.Fatalf("seed %d: %d misses are kept", seed, misses)
	}
	must := only(want, automation.Matched)
	if misses < maxMisses { // then there is room for every error
		must = append(must, only(want, automation.Errored)...)
	}
	for _, m := range must {
		if !kept[nameOf(m)] {
			t.Fatalf("seed %d, payload %v: the %s of %s is missing", seed, in.Payload, m.Verdict.Outcome, nameOf(m))
		}
	}
}

func nameOf(m Match) string {
	if m.Verdict.Item == nil {
		return m.Rule.Name
	}
	return fmt.Sprintf("%s[%d]", m.Rule.Name, *m.Verdict.Item)
}

func only(matches []Match, outcome automation.Outcome) []Match {
	return slices.DeleteFunc(slices.Clone(matches), func(m Match) bool { return m.Verdict.Outcome != outcome })
}

func TestARuleIsFoundByTheRarestOfItsConstants(t *testing.T) {
	t.Parallel()
	var rules []automation.Rule
	for i := range 200 {
		rules = append(rules, named(fmt.Sprint("r", i), ruleOf(is("status", "equals", "firing"), combine(automation.GroupAny, is("pod", "startswith", fmt.Sprint("pod", i, "-")), is("pod", "iequals", fmt.Sprint("POD", i))))))
	}
	set := mustCompile(t, rules...)
	for payload, want := range map[string]string{
		`{"status": "firing", "pod": "pod17-a"}`:  "r17:matched",
		`{"status": "firing", "pod": "Pod17"}`:    "r17:matched",
		`{"status": "resolved", "pod": "pod17-"}`: "r17:not_matched",
		`{"status": "firing", "pod": "pod"}`:      "",
	} {
		if got := outcomes(set.Match(eventOf(t, payload))); got != want {
			t.Errorf("%s: got %q, want %q", payload, got, want)
		}
	}
}

func TestTheMissesThatTheIndexPassesOverAreAskedAgain(t *testing.T) {
	t.Parallel()
	rules := make([]automation.Rule, 3*fewRules)
	for i := range rules {
		rules[i] = ruleOf(is("n", "equals", i), is("kind", "equals", i%2))
		rules[i].Name, rules[i].Backstop = fmt.Sprint("r", i), i == 3
	}
	set, in := mustCompile(t, rules...), eventOf(t, `{"n": 7, "kind": 1}`)
	seen := map[automation.Ref]bool{}
	for _, m := range set.Judge(in).Matches {
		seen[m.Rule.Ref()] = true
	}
	nearest, total := set.Misses(in, func(ref automation.Ref) bool { return seen[ref] })
	if !seen["test.r7"] || total != len(rules)-len(seen) || len(nearest) != maxMisses {
		t.Fatalf("%d of %d misses, %d seen", len(nearest), total, len(seen))
	}
	for _, m := range nearest {
		if v := m.Verdict; v.Outcome != automation.NotMatched || v.Held != 1 || v.Total != 2 || len(v.Criteria) != 2 || seen[v.Rule] {
			t.Errorf("%+v is none of the nearest", v)
		}
	}
	if nearest[1].Verdict.Rule != "test.r3" {
		t.Errorf("the backstop is not asked: %s", nearest[1].Verdict.Rule)
	}
	nearest, total = set.Misses(in, func(automation.Ref) bool { return false })
	if total != len(rules) || nearest[0].Verdict.Outcome != automation.Matched {
		t.Errorf("of %d: a match comes first, not %+v", total, nearest[0].Verdict)
	}
}

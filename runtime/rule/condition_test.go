package rule

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
)

// is makes a criterion: is("a", "equals", 1) tests trigger.a.
func is(key, operator string, pattern any) automation.Member {
	if !strings.HasPrefix(key, "item") {
		key = "trigger." + key
	}
	return automation.Member{Criterion: &automation.Criterion{Key: key, Operator: operator, Pattern: pattern}}
}

func combine(kind automation.GroupKind, members ...automation.Member) automation.Member {
	return automation.Member{Group: &automation.Group{Kind: kind, Members: members}}
}

// ruleOf has the given groups as its only conditions.
func ruleOf(groups ...automation.Member) automation.Rule {
	r := automation.Rule{Pack: "test", Name: "rule", Enabled: true,
		Trigger: automation.TriggerSpec{Type: "test.event"}, Action: automation.ActionCall{Ref: "test.act"}}
	for _, g := range groups {
		if g.Criterion != nil {
			r.Criteria = append(r.Criteria, *g.Criterion)
			continue
		}
		r.Groups = append(r.Groups, *g.Group)
	}
	return r
}

func eventOf(t testing.TB, payload string) Input {
	t.Helper()
	return Input{Trigger: "test.event", Payload: decode(t, payload)}
}

func verdictOf(t testing.TB, r automation.Rule, payload string) automation.Verdict {
	t.Helper()
	return mustCompile(t, r).Match(eventOf(t, payload))[0].Verdict
}

func TestGroupsCombineCriteria(t *testing.T) {
	t.Parallel()
	yes, no := is("a", "equals", 1), is("a", "equals", 2)
	fails := is("a", "startswith", "x") // a is no text
	const all, any, not = automation.GroupAll, automation.GroupAny, automation.GroupNot
	for _, c := range []struct {
		name   string
		groups []automation.Member
		want   automation.Outcome
		held   string
	}{
		{"all of what holds", []automation.Member{combine(all, yes, yes)}, automation.Matched, "2 of 2"},
		{"all with a miss", []automation.Member{combine(all, yes, no)}, automation.NotMatched, "1 of 2"},
		{"any with one that holds", []automation.Member{combine(any, no, yes, no)}, automation.Matched, "3 of 3"},
		{"any without", []automation.Member{combine(any, no, no)}, automation.NotMatched, "0 of 2"},
		{"not of misses", []automation.Member{combine(not, no, no)}, automation.Matched, "2 of 2"},
		{"not with one that holds", []automation.Member{combine(not, no, yes)}, automation.NotMatched, "1 of 2"},
		{"an error beside a miss does not decide all", []automation.Member{combine(all, fails, no)}, automation.NotMatched, "0 of 2"},
		{"an error decides all", []automation.Member{combine(all, yes, fails)}, automation.Errored, "1 of 2"},
		{"an error beside a hit does not decide any", []automation.Member{combine(any, fails, yes)}, automation.Matched, "2 of 2"},
		{"an error decides any", []automation.Member{combine(any, no, fails)}, automation.Errored, "0 of 2"},
		{"an error beside a hit does not decide not", []automation.Member{combine(not, fails, yes)}, automation.NotMatched, "0 of 2"},
		{"an error decides not", []automation.Member{combine(not, fails, no)}, automation.Errored, "1 of 2"},
		{"groups in groups", []automation.Member{combine(any, no, combine(all, yes, combine(not, no)))}, automation.Matched, "3 of 3"},
		{"a near miss deep inside", []automation.Member{combine(not, combine(all, yes, yes), no)}, automation.NotMatched, "1 of 3"},
		{"criteria come before groups", []automation.Member{yes, combine(all, no), combine(any, fails)}, automation.NotMatched, "1 of 3"},
		{"the first group that does not hold decides", []automation.Member{combine(any, fails), combine(all, no)}, automation.Errored, "0 of 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := verdictOf(t, ruleOf(c.groups...), `{"a": 1}`)
			if got := fmt.Sprintf("%d of %d", v.Held, v.Total); v.Outcome != c.want || got != c.held {
				t.Errorf("got %s, held %s; want %s, %s", v.Outcome, got, c.want, c.held)
			}
			if (v.Outcome == automation.Errored) != (v.Error != "") {
				t.Errorf("%s with the error %q", v.Outcome, v.Error)
			}
		})
	}
}

func TestAGroupShowsItsMembers(t *testing.T) {
	t.Parallel()
	v := verdictOf(t, ruleOf(combine(automation.GroupAny, is("a", "equals", 2), combine(automation.GroupNot, is("b", "startswith", "x")))), `{"a": 1}`)
	want := []automation.CriterionResult{{Operator: "any", Error: `not: criterion trigger.b: the value is null or missing, not a text`,
		Members: []automation.CriterionResult{
			{Key: "trigger.a", Operator: "equals", Pattern: int64(2), Actual: int64(1)},
			{Operator: "not", Error: "criterion trigger.b: the value is null or missing, not a text", Members: []automation.CriterionResult{
				{Key: "trigger.b", Operator: "startswith", Pattern: "x", Error: "the value is null or missing, not a text"},
			}},
		}}}
	if diff := cmp.Diff(want, v.Criteria); diff != "" {
		t.Errorf("criteria (-want +got):\n%s", diff)
	}
	if v.Outcome != automation.Errored || !strings.HasPrefix(v.Error, "any: not: criterion trigger.b: ") {
		t.Errorf("got %s, %q", v.Outcome, v.Error)
	}
}

func TestNoGroupHoldsForAnEmptyPayload(t *testing.T) {
	t.Parallel()
	v := verdictOf(t, ruleOf(combine(automation.GroupNot, is("a", "exists", nil))), `{}`)
	if v.Outcome != automation.NotMatched || v.Error != "" || v.Held != 0 {
		t.Errorf("got %+v", v)
	}
}

func TestGroupsThatCanNotBeAreRefused(t *testing.T) {
	t.Parallel()
	deep := is("a", "exists", nil)
	for range MaxGroupDepth + 1 {
		deep = combine(automation.GroupAll, deep)
	}
	for _, c := range []struct {
		name, want string
		group      automation.Member
	}{
		{"an unknown kind", `a group is of kind "some"`, combine("some", is("a", "exists", nil))},
		{"a group without members", "any has no members", combine(automation.GroupAny)},
		{"a member that is nothing", "must be a criterion or a group", combine(automation.GroupAny, automation.Member{})},
		{"a bad criterion deep inside", `criterion trigger.a: unknown operator "equal"`, combine(automation.GroupAny, combine(automation.GroupNot, is("a", "equal", 1)))},
		{"groups without end", "groups nest deeper", deep},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Compile([]automation.Rule{ruleOf(c.group)})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestAllCriteriaAreHeldExactlyWhenARuleMatches(t *testing.T) {
	t.Parallel()
	g := &generator{rand.New(rand.NewPCG(1, 2))}
	seen := map[automation.Outcome]int{}
	for range 3000 {
		r := g.rule(0)
		r.Foreach = ""
		v := mustCompile(t, r).Match(Input{Trigger: r.Trigger.Type, Parameters: r.Trigger.Parameters, Payload: g.payload()})[0].Verdict
		seen[v.Outcome]++
		if matched := v.Outcome == automation.Matched; matched != (v.Held == v.Total) || v.Held > v.Total {
			t.Fatalf("%s with %d of %d: %+v", v.Outcome, v.Held, v.Total, v)
		}
	}
	if len(seen) < 3 {
		t.Errorf("not every outcome was seen: %v", seen)
	}
}

func TestAVerdictWithManyMembersIsSmall(t *testing.T) {
	t.Parallel()
	var members []automation.Member
	for i := range 400 {
		members = append(members, combine(automation.GroupNot, is(fmt.Sprint("a.b", i), "equals", strings.Repeat("x", 5000))))
	}
	v := verdictOf(t, ruleOf(combine(automation.GroupAny, members...)), `{"a": 1}`)
	data, err := json.Marshal(v)
	if err != nil || len(data) > maxVerdictBytes || v.Total != 400 || v.Held != 400 {
		t.Errorf("%d bytes, held %d of %d, %v", len(data), v.Held, v.Total, err)
	}
}

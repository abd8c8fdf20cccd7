package rule

import (
	"fmt"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
)

// searching is a rule with one search of the condition "any" in the list "l".
func searching(operator string, children map[string]any) automation.Rule {
	r := ruleOf(is("l", operator, children))
	r.Criteria[0].Condition = "any"
	return r
}

func child(operator string, pattern any) map[string]any {
	return map[string]any{"type": operator, "pattern": pattern}
}

func TestTheChildrenOfASearchReadTheKeyValueStore(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"{{ system.team }}", "{{ st2kv.system.team }}"} {
		r := searching("search", map[string]any{
			"item.parts": map[string]any{"type": "search", "condition": "all", "pattern": map[string]any{"item.team": child("equals", pattern)}},
		})
		in := eventOf(t, `{"l": [{"parts": [{"team": "shop"}]}]}`)
		in.KV = storeOf(map[string]string{"system/team": "shop"})
		if v := mustCompile(t, r).Match(in)[0].Verdict; v.Outcome != automation.Matched {
			t.Errorf("%s: %+v", pattern, v)
		}
	}
}

func TestTheChildrenOfASearchDoNotSeeTheEvent(t *testing.T) {
	t.Parallel()
	r := searching("search", map[string]any{"item.team": child("equals", "{{ trigger.team }}")})
	if v := verdictOf(t, r, `{"team": "shop", "l": [{"team": "shop"}]}`); v.Outcome != automation.Errored {
		t.Errorf("got %+v", v)
	}
}

func TestOperatorsIgnoreCaseEverywhere(t *testing.T) {
	t.Parallel()
	for _, operator := range []string{"search", "Search", "SEARCH"} {
		r := searching(operator, map[string]any{"item.team": child("EQuals", "shop")})
		if v := verdictOf(t, r, `{"l": [{"team": "shop"}]}`); v.Outcome != automation.Matched {
			t.Errorf("%s: %+v", operator, v)
		}
	}
	// The index knows an operator by its row, not by how it is written.
	rules := make([]automation.Rule, 2*fewRules)
	for i := range rules {
		rules[i] = ruleOf(is("n", "Equals", i))
		rules[i].Name = fmt.Sprint("r", i)
	}
	if j := mustCompile(t, rules...).Judge(eventOf(t, `{"n": 7}`)); len(j.Matches) != 1 || j.Matches[0].Verdict.Outcome != automation.Matched {
		t.Errorf("the index lets %d rules through", len(j.Matches))
	}
}

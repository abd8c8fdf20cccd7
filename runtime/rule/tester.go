package rule

import (
	"errors"

	"github.com/squall-dev/squall/runtime/automation"
)

// Tester is a rule compiled to be tried on many events, whether or not it is
// enabled. It is for one goroutine.
type Tester struct {
	rule *compiled
	keys automation.KeysRead
}

// Keys tells how the tests so far have read keys; empty when none of them did.
func (t *Tester) Keys() automation.KeysRead { return t.keys }

// NewTester compiles a rule. The error joins everything that is wrong with it.
func NewTester(r automation.Rule) (*Tester, error) {
	c, problems := compile(r, &dialect{})
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return &Tester{rule: c}, nil
}

// Looks tells whether the rule looks at events of that type with those parameters.
func (t *Tester) Looks(trigger automation.Ref, parameters map[string]any) bool {
	return t.rule.Trigger.Type == trigger && (&tribe{parameters: t.rule.trigger}).looksAt(parameters)
}

// Test tells what the rule decides about an event, its controls aside. Of a rule
// with foreach it is the verdict that says most; items counts those that matched.
func (t *Tester) Test(in Input) (m Match, items int) {
	keys := watchKeys(&in)
	defer func() {
		if *keys != "" {
			t.keys = *keys
		}
	}()
	all := t.rule.decide(&in, eventScope(&in))
	for i := range all {
		if all[i].Verdict.Outcome == automation.Matched {
			items++
		}
	}
	m = best(all)
	m.bound()
	return m, items
}

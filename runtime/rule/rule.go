// Package rule compiles rules and decides which of them an event sets off, and
// says why for each.
//
// The package is pure: it reads no clock, file or network, starts nothing and
// keeps nothing. A [Set] never changes after [Compile], so any number of
// goroutines may match against it while a new one is being compiled.
//
// What it is not: it stores no verdict, starts no action and casts no parameter
// to the action's types; package parameter does that when the action is known.
//
//	set, err := rule.Compile(rules)
//	for _, m := range set.Match(rule.Input{Trigger: "core.st2.webhook", Payload: payload}) {
//		if m.Verdict.Outcome == automation.Matched { ... m.Parameters ... }
//	}
//
// The operators that criteria may use are the rows of one table; [Operators]
// prints it.
package rule

import (
	"errors"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// WebhookTrigger is the trigger type of webhooks, whose parameter "url" says
// which path they listen on.
const WebhookTrigger automation.Ref = "core.st2.webhook"

// Input is an event as rules see it.
type Input struct {
	Trigger    automation.Ref
	Parameters map[string]any
	// Payload is what "trigger" refers to, as [expr.Decode] gives it. Matching
	// never changes it, but verdicts and parameters may share parts of it.
	Payload any
	// Now is what ages are measured against.
	Now time.Time
	// Event is what a rule's "when" sees as "event": its id, trigger, parameters,
	// received_at.
	Event automation.Event
	// KV reads the key-value store; nil means that it is empty. An unknown key is
	// ok = false.
	KV func(scope, name string) (value string, ok bool, err error)
}

// Match is what one rule decided.
type Match struct {
	Rule *automation.Rule
	// Verdict has neither Event nor Execution: the caller knows them. It is Observed
	// when the rule matched and must not act.
	Verdict automation.Verdict
	// Parameters are the action's, rendered; nil unless the rule matched.
	Parameters map[string]any
	// Keys are the rendered keys of the controls in the rule's flow, one for each
	// control that is set; nil unless the rule matched.
	Keys map[automation.Control]string
}

// Set is a compiled collection of rules. The zero value has none.
type Set struct {
	rules []*compiled
	byRef map[automation.Ref]*compiled
	index map[automation.Ref]*candidates // enabled rules by trigger type
}

// Rules returns all rules in the order they were compiled.
func (s *Set) Rules() []automation.Rule {
	rules := make([]automation.Rule, len(s.rules))
	for i, r := range s.rules {
		rules[i] = r.Rule
	}
	return rules
}

// Rule returns the rule with that name.
func (s *Set) Rule(ref automation.Ref) (automation.Rule, bool) {
	r, ok := s.byRef[ref]
	if !ok {
		return automation.Rule{}, false
	}
	return r.Rule, true
}

// HasTrigger reports whether an enabled rule looks at events of that type.
func (s *Set) HasTrigger(trigger automation.Ref) bool {
	_, ok := s.index[trigger]
	return ok
}

// Wanted lists the triggers that enabled rules look at: each type and set of
// parameters once, in the order of the rules.
func (s *Set) Wanted() []automation.Wanted {
	var all []automation.Wanted
	known := map[string]int{}
	for _, r := range s.rules {
		if !r.Enabled {
			continue
		}
		key := string(r.Trigger.Type) + " " + parametersKey(r)
		i, ok := known[key]
		if !ok {
			i = len(all)
			known[key] = i
			all = append(all, automation.Wanted{Trigger: r.Trigger.Type, Parameters: r.trigger})
		}
		all[i].Rules = append(all[i].Rules, r.Ref())
	}
	return all
}

// Webhooks lists the enabled webhook rules by their path, without slashes at the
// ends.
func (s *Set) Webhooks() map[string][]automation.Ref {
	hooks := map[string][]automation.Ref{}
	for _, r := range s.rules {
		if url, ok := r.url(); ok && r.Enabled && r.Trigger.Type == WebhookTrigger {
			hooks[url] = append(hooks[url], r.Ref())
		}
	}
	return hooks
}

// Test tells what r would decide about in, whether or not r is enabled and
// whatever its trigger. Of a rule with foreach it shows one item. The error is for a
// rule that is not valid.
func Test(r automation.Rule, in Input) (automation.RuleTest, error) {
	c, problems := compile(r, &dialect{})
	if err := errors.Join(problems...); err != nil {
		return automation.RuleTest{Criteria: []automation.CriterionResult{}}, err
	}
	keys := watchKeys(&in)
	m := best(c.decide(&in, eventScope(&in)))
	m.bound()
	return automation.RuleTest{
		Matched:    m.Verdict.Outcome == automation.Matched,
		Criteria:   m.Verdict.Criteria,
		Parameters: m.Parameters,
		Error:      m.Verdict.Error,
		Item:       m.Verdict.Item,
		Reason:     m.Verdict.Reason,
		Keys:       *keys,
	}, nil
}

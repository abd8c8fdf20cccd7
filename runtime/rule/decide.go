package rule

import (
	"maps"
	"slices"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

// decide evaluates all criteria, without a short cut, and renders the action's
// parameters if all of them hold.
func (c *compiled) decide(in Input) Match {
	m := Match{Rule: &c.Rule, Verdict: automation.Verdict{Rule: c.Ref(), Total: len(c.criteria)}}
	results := c.evaluate(in)
	m.Verdict.Held = held(results)
	m.Verdict.Outcome, m.Verdict.Error = outcome(results)
	m.Verdict.Criteria = boundCriteria(results)
	if m.Verdict.Outcome == automation.Matched {
		m.Parameters, m.Verdict.Error = c.render(in)
		if m.Verdict.Error == "" {
			m.Keys, m.Verdict.Error = c.renderKeys(map[string]any{"trigger": in.Payload})
		}
		if m.Verdict.Error != "" {
			m.Verdict.Outcome, m.Parameters = automation.Errored, nil
		}
		m.Verdict.Observed = m.Verdict.Error == "" && c.Mode == automation.ModeObserve
	}
	m.Verdict.Error = cut(m.Verdict.Error)
	return m
}

func (c *compiled) evaluate(in Input) []automation.CriterionResult {
	results := make([]automation.CriterionResult, len(c.criteria))
	s := scope{names: map[string]any{"trigger": in.Payload}, now: in.Now}
	for i := range c.criteria {
		if empty(in.Payload) {
			results[i] = c.criteria[i].unseen()
			continue
		}
		results[i] = c.criteria[i].evaluate(s)
	}
	return results
}

// empty reports whether there is nothing to look at: then no criterion holds,
// not even nexists.
func empty(payload any) bool {
	switch p := payload.(type) {
	case nil:
		return true
	case map[string]any:
		return len(p) == 0
	case []any:
		return len(p) == 0
	case string:
		return p == ""
	}
	return false
}

func held(results []automation.CriterionResult) int {
	n := 0
	for _, r := range results {
		if r.Matched {
			n++
		}
	}
	return n
}

// outcome is decided by the first criterion that does not hold: when it could
// not be evaluated, somebody has to look at the rule.
func outcome(results []automation.CriterionResult) (automation.Outcome, string) {
	for _, r := range results {
		switch {
		case r.Matched:
		case r.Error != "" && r.Error != errEmptyPayload:
			return automation.Errored, "criterion " + r.Key + ": " + r.Error
		default:
			return automation.NotMatched, ""
		}
	}
	return automation.Matched, ""
}

// render renders the action's parameters. They may refer to each other.
func (c *compiled) render(in Input) (map[string]any, string) {
	out := make(map[string]any, len(c.parameters))
	r := renderer{rule: c, in: in, done: out, busy: map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(c.parameters)) {
		if _, err := r.parameter(name); err != nil {
			return nil, "action parameter " + name + ": " + err.Error()
		}
	}
	return out, ""
}

// renderer renders parameters in the order in which they need each other.
type renderer struct {
	rule *compiled
	in   Input
	done map[string]any
	busy map[string]bool // being rendered: meeting one again is a circle
}

func (r *renderer) parameter(name string) (any, error) {
	if v, ok := r.done[name]; ok {
		return v, nil
	}
	if r.busy[name] {
		return nil, automation.Invalid("parameter %s refers to itself", name)
	}
	r.busy[name] = true
	v, err := r.rule.parameters[name].Eval(r.scope())
	if err == nil {
		r.done[name] = v
	}
	return v, err
}

// scope names the payload and, to be rendered when they are asked for, the other
// parameters. The payload wins over a parameter called trigger.
func (r *renderer) scope() map[string]any {
	names := make(map[string]any, len(r.rule.parameters)+1)
	for name := range r.rule.parameters {
		names[name] = expr.Lazy(func() (any, error) { return r.parameter(name) })
	}
	names["trigger"] = r.in.Payload
	return names
}

package rule

import (
	"maps"
	"slices"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

// triggerName is what rules call the payload.
const triggerName = "trigger"

// decide judges an event, once or for each item of a list. The values in the
// verdicts are not bounded yet: [Match.bound] does that for those that are kept.
func (c *compiled) decide(in *Input, names map[string]any) []Match {
	names = c.withKeys(in, names)
	if c.foreach != nil {
		return c.decideItems(in, names)
	}
	return []Match{c.decideMoment(&moment{in: in, names: names})}
}

// undecided is the beginning of every match.
func (c *compiled) undecided() Match {
	return Match{Rule: &c.Rule, Verdict: automation.Verdict{Rule: c.Ref(), Total: c.total, Criteria: []automation.CriterionResult{}}}
}

// decideMoment evaluates all conditions, without a short cut, and renders what the
// action and the flow need if all of them hold.
func (c *compiled) decideMoment(at *moment) Match {
	m := c.undecided()
	v := &m.Verdict
	v.Item, v.Criteria = at.item, make([]automation.CriterionResult, len(c.conditions))
	for i, condition := range c.conditions {
		v.Criteria[i] = condition.judge(at)
		v.Held += held(&v.Criteria[i], true)
	}
	v.Outcome, v.Error = outcome(v.Criteria)
	if v.Outcome == automation.Matched {
		c.complete(&m, at)
	}
	return m
}

// complete renders what a match carries.
func (c *compiled) complete(m *Match, at *moment) {
	v := &m.Verdict
	m.Parameters, v.Error = c.render(at.names)
	if v.Error == "" {
		m.Keys, v.Error = c.renderKeys(at.names)
	}
	if v.Error != "" {
		v.Outcome, m.Parameters = automation.Errored, nil
		return
	}
	v.Observed = c.Mode == automation.ModeObserve
}

// bound makes a match small enough to be stored.
func (m *Match) bound() {
	m.Verdict.Criteria = boundCriteria(m.Verdict.Criteria)
	m.Verdict.Error, m.Verdict.Reason = cut(m.Verdict.Error), cut(m.Verdict.Reason)
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

// outcome is decided by the first condition that does not hold: when it could
// not be evaluated, somebody has to look at the rule.
func outcome(results []automation.CriterionResult) (automation.Outcome, string) {
	for i := range results {
		r := &results[i]
		switch {
		case r.Matched:
		case r.Error != "" && r.Error != errEmptyPayload:
			return automation.Errored, explain(r)
		default:
			return automation.NotMatched, ""
		}
	}
	return automation.Matched, ""
}

// render renders the action's parameters. They may refer to each other.
func (c *compiled) render(names map[string]any) (map[string]any, string) {
	out := make(map[string]any, len(c.parameters))
	r := renderer{rule: c, names: names, done: out, busy: map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(c.parameters)) {
		if _, err := r.parameter(name); err != nil {
			return nil, "action parameter " + name + ": " + err.Error()
		}
	}
	return out, ""
}

// renderer renders parameters in the order in which they need each other.
type renderer struct {
	rule  *compiled
	names map[string]any // of the event and its item
	done  map[string]any
	busy  map[string]bool // being rendered: meeting one again is a circle
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

// scope names the event and, to be rendered when they are asked for, the other
// parameters. What the event names wins over a parameter called the same.
func (r *renderer) scope() map[string]any {
	names := make(map[string]any, len(r.rule.parameters)+len(r.names))
	for name := range r.rule.parameters {
		names[name] = expr.Lazy(func() (any, error) { return r.parameter(name) })
	}
	maps.Copy(names, r.names)
	return names
}

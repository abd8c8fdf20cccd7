package rule

import (
	"github.com/squall-dev/squall/runtime/automation"
)

// MaxGroupDepth bounds groups inside of each other.
const MaxGroupDepth = 16

// moment is what a rule's conditions look at: an event and, for a rule with
// foreach, one of its items.
type moment struct {
	in    *Input
	names map[string]any // what paths and templates may refer to
	item  *int
}

// condition is a part of a rule that holds, does not hold or can not be evaluated.
type condition interface {
	judge(m *moment) automation.CriterionResult
	// leaves counts the criteria in it.
	leaves() int
}

// leaf is a criterion as a condition.
type leaf struct{ criterion }

func (l *leaf) leaves() int { return 1 }

func (l *leaf) judge(m *moment) automation.CriterionResult {
	if empty(m.in.Payload) {
		return l.unseen()
	}
	return l.evaluate(scope{names: m.names, now: m.in.Now})
}

// group combines conditions.
type group struct {
	kind    automation.GroupKind
	members []condition
}

func (g *group) leaves() int {
	n := 0
	for _, member := range g.members {
		n += member.leaves()
	}
	return n
}

// judge evaluates every member, without a short cut. A member that can not be
// evaluated makes an error of the group only when the others do not decide it.
// With an empty payload no group holds, as no criterion does.
func (g *group) judge(m *moment) automation.CriterionResult {
	r := automation.CriterionResult{Operator: string(g.kind), Members: make([]automation.CriterionResult, len(g.members))}
	for i, member := range g.members {
		r.Members[i] = member.judge(m)
	}
	if empty(m.in.Payload) {
		r.Error = errEmptyPayload
		return r
	}
	decisive, unknown := g.decisive(r.Members)
	switch {
	case decisive:
		r.Matched = g.kind == automation.GroupAny
	case unknown != "":
		r.Error = unknown
	default:
		r.Matched = g.kind != automation.GroupAny
	}
	return r
}

// decisive reports whether one member decides the group by itself, and otherwise
// the first reason why the group can not be decided: a member that does not hold
// decides "all", one that holds decides "any" and "not".
func (g *group) decisive(members []automation.CriterionResult) (decisive bool, unknown string) {
	for i := range members {
		r := &members[i]
		switch {
		case r.Error != "":
			if unknown == "" {
				unknown = explain(r)
			}
		case r.Matched != (g.kind == automation.GroupAll):
			return true, ""
		}
	}
	return false, unknown
}

// explain puts the error of a result into words that stand by themselves.
func explain(r *automation.CriterionResult) string {
	switch {
	case len(r.Members) > 0:
		return r.Operator + ": " + r.Error
	case r.Operator == operatorCEL:
		return r.Key + ": " + r.Error
	}
	return "criterion " + r.Key + ": " + r.Error
}

// held counts how many of the criteria stand as their place in the rule asks:
// inside of a "not" that is not to hold. The criteria of a group that is as it
// should be all count, because none of them stands in the way; so a rule matches
// exactly when all are held.
func held(r *automation.CriterionResult, want bool) int {
	if r.Error == "" && r.Matched == want {
		return leavesOf(r)
	}
	if r.Operator == string(automation.GroupNot) && len(r.Members) > 0 {
		want = !want
	}
	n := 0
	for i := range r.Members {
		n += held(&r.Members[i], want)
	}
	return n
}

func leavesOf(r *automation.CriterionResult) int {
	if len(r.Members) == 0 {
		return 1
	}
	n := 0
	for i := range r.Members {
		n += leavesOf(&r.Members[i])
	}
	return n
}

package rule

import (
	"errors"

	"github.com/squall-dev/squall/runtime/automation"
)

// compileGroup compiles a group of a rule. What is wrong with a member names the
// member's place.
func compileGroup(r *automation.Rule, g *automation.Group, depth int) (*group, error) {
	out := &group{kind: g.Kind}
	switch {
	case g.Kind != automation.GroupAll && g.Kind != automation.GroupAny && g.Kind != automation.GroupNot:
		return out, problem(r, g.Position, "a group is of kind %q", g.Kind).WithHint("the kinds are all, any and not")
	case len(g.Members) == 0:
		return out, problem(r, g.Position, "%s has no members", g.Kind).WithHint("give it criteria, or remove it")
	case depth > MaxGroupDepth:
		return out, problem(r, g.Position, "groups nest deeper than %d", MaxGroupDepth)
	}
	var errs []error
	for i := range g.Members {
		member, err := compileMember(r, g, &g.Members[i], depth)
		errs = append(errs, err)
		if member != nil {
			out.members = append(out.members, member)
		}
	}
	return out, errors.Join(errs...)
}

func compileMember(r *automation.Rule, g *automation.Group, m *automation.Member, depth int) (condition, error) {
	switch {
	case m.Criterion != nil && m.Group == nil:
		return compileLeaf(r, m.Criterion)
	case m.Group != nil && m.Criterion == nil:
		return compileGroup(r, m.Group, depth+1)
	}
	return nil, problem(r, g.Position, "a member of %s must be a criterion or a group", g.Kind)
}

func compileLeaf(r *automation.Rule, c *automation.Criterion) (*leaf, error) {
	compiled, err := compileCriterion(*c)
	return &leaf{compiled}, errors.Join(wrap(r, c.Position, "criterion "+c.Key, err)...)
}

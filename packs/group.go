package packs

import (
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/rule"
)

// groupKinds are the keys under which a rule holds groups of criteria.
func groupKinds() []automation.GroupKind {
	return []automation.GroupKind{automation.GroupAll, automation.GroupAny, automation.GroupNot}
}

func groupKind(name string) (automation.GroupKind, bool) {
	kind := automation.GroupKind(name)
	return kind, slices.Contains(groupKinds(), kind)
}

// group reads a list whose items are mappings of criteria and groups, or one such
// mapping, of which then every entry is a member.
func (d *document) group(kind automation.GroupKind, n *yaml.Node, depth int) automation.Group {
	g := automation.Group{Kind: kind, Position: d.position(n)}
	if depth > rule.MaxGroupDepth {
		d.giveUp(n, "groups nest deeper than %d", rule.MaxGroupDepth)
		return g
	}
	before := len(d.errs)
	switch v := target(n); v.Kind {
	case yaml.SequenceNode:
		for _, item := range d.list(n) {
			g.Members = append(g.Members, d.member(item, depth)...)
		}
	case yaml.MappingNode:
		g.Members = d.members(n, depth)
	default:
		d.hinted(n, groupHint(kind), "%s must be a list of criteria, not %s", kind, kindName(v))
	}
	if len(g.Members) == 0 && len(d.errs) == before {
		d.hinted(n, groupHint(kind), "%s is empty", kind)
	}
	return g
}

func groupHint(kind automation.GroupKind) string {
	return "write it as\n" + string(kind) + ":\n  - trigger.body.status: {type: equals, pattern: firing}\n  - trigger.body.severity: {type: equals, pattern: page}"
}

// member reads one item of a group. All of what stands in one mapping must hold.
func (d *document) member(n *yaml.Node, depth int) []automation.Member {
	if v := target(n); v.Kind != yaml.MappingNode || len(v.Content) == 0 {
		d.problem(n, "a member must be a mapping of criteria, not %s", emptyOr(v))
		return nil
	}
	members := d.members(n, depth+1)
	if len(members) < 2 {
		return members
	}
	return []automation.Member{{Group: &automation.Group{Kind: automation.GroupAll, Members: members, Position: d.position(n)}}}
}

func emptyOr(n *yaml.Node) string {
	if n.Kind == yaml.MappingNode {
		return "an empty one"
	}
	return kindName(n)
}

// members reads the entries of a mapping.
func (d *document) members(n *yaml.Node, depth int) []automation.Member {
	var all []automation.Member
	for _, e := range d.object(n, "a group") {
		if kind, ok := groupKind(e.name); ok {
			g := d.group(kind, e.value, depth+1)
			all = append(all, automation.Member{Group: &g})
			continue
		}
		if target(e.value).Kind == yaml.SequenceNode {
			d.hinted(e.key, "groups are all, any and not", "there is no group %q%s", e.name, didYouMean(e.name, []string{"all", "any", "not"}))
			continue
		}
		c := d.criterion(e)
		all = append(all, automation.Member{Criterion: &c})
	}
	return all
}

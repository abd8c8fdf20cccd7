package rule

import (
	"maps"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

// maxItems bounds the list that a rule with foreach goes through.
const maxItems = 1000

// The names that a rule with foreach gives to an item and its index.
const (
	itemName  = "item"
	indexName = "index"
)

func (c *compiled) compileForeach() []error {
	if c.Foreach == "" {
		return nil
	}
	path, err := ParseForeach(c.Foreach)
	c.foreach = &path
	if err != nil {
		return []error{problem(&c.Rule, c.Position, "%v", err).WithHint("%s", automation.HintOf(err))}
	}
	return nil
}

// ParseForeach reads the path of the list that a rule goes through.
func ParseForeach(s string) (expr.Path, error) {
	path, err := expr.ParsePath(s)
	if err != nil {
		return path, automation.Invalid("foreach").Because(err).WithHint("%s", automation.HintOf(err))
	}
	if !within(s, triggerName) {
		return path, automation.Invalid("foreach %q does not lead into the event", s).
			WithHint("begin it with trigger: trigger.body.alerts")
	}
	return path, nil
}

// within reports whether a path begins with a name.
func within(path, name string) bool {
	if len(path) < len(name) || path[:len(name)] != name {
		return false
	}
	return len(path) == len(name) || path[len(name)] == '.' || path[len(name)] == '['
}

// items returns what foreach goes through. Without any, reason says why; an error
// is for what is no list.
func items(path *expr.Path, names map[string]any) (list []any, reason string, err error) {
	v, _ := path.Lookup(names)
	switch v := v.(type) {
	case nil:
		return nil, "there is no list at " + path.String(), nil
	case []any:
		if len(v) == 0 {
			return nil, "the list at " + path.String() + " is empty", nil
		}
		if len(v) > maxItems {
			return nil, "", automation.Invalid("foreach: the list at %s has %d items, and %d is the most", path, len(v), maxItems)
		}
		return v, "", nil
	}
	return nil, "", automation.Invalid("foreach: the value at %s is %s, not a list", path, describe(v))
}

// itemMoment looks at one item of a list.
func itemMoment(in *Input, names map[string]any, list []any, i int) *moment {
	inner := make(map[string]any, len(names)+2)
	maps.Copy(inner, names)
	inner[itemName], inner[indexName] = list[i], int64(i)
	return &moment{in: in, names: inner, item: &i}
}

// decideItems decides once for each item.
func (c *compiled) decideItems(in *Input, names map[string]any) []Match {
	list, reason, err := items(c.foreach, names)
	if len(list) == 0 {
		m := c.undecided()
		m.Verdict.Outcome, m.Verdict.Reason = automation.NotMatched, reason
		if err != nil {
			m.Verdict.Outcome, m.Verdict.Error = automation.Errored, err.Error()
		}
		return []Match{m}
	}
	matches := make([]Match, len(list))
	for i := range list {
		matches[i] = c.decideMoment(itemMoment(in, names, list, i))
	}
	return matches
}

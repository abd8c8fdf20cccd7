package rule

import (
	"math"
	"slices"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

// guard is a set of tests of which at least one must be true for the rule to be
// worth a look: without any the rule is sure to be not_matched, and never an
// error.
type guard []atom

// atom compares one value of the event with a constant.
type atom struct {
	field fieldKey
	path  expr.Path
	how   comparison
	// values are the constants, any of which will do.
	values []scalar
}

// fieldKey names a value of the event, or of each item of a list in it.
type fieldKey struct{ foreach, path string }

type comparison int

const (
	sameValue  comparison = iota // equals, inside a list
	sameFolded                   // iequals; can not be told of a value that is no text
	hasPrefix                    // startswith; likewise
)

// scalar is a value in a form that is the same for equal values: 1, 1.0 and true.
type scalar struct {
	text   string
	number int64
	isText bool
}

// scalarOf gives a value as a scalar. Without ok it equals no scalar, unless it is
// odd: then only a comparison can tell.
func scalarOf(v any) (s scalar, ok, odd bool) {
	switch v := v.(type) {
	case nil, []any, map[string]any:
		return s, false, false
	case string:
		return scalar{text: v, isText: true}, true, false
	case bool:
		if v {
			s.number = 1
		}
		return s, true, false
	case int:
		return scalar{number: int64(v)}, true, false
	case int64:
		return scalar{number: v}, true, false
	case float64:
		if v >= -(1<<63) && v < 1<<63 && v == math.Trunc(v) {
			return scalar{number: int64(v)}, true, false
		}
		return s, false, false
	}
	return s, false, true
}

// guards lists the ways to guard a rule. The outcome is decided by the first
// condition that does not hold, so a condition is a guard only when none before
// it can be an error.
func (c *compiled) guards() []guard {
	var all []guard
	for _, condition := range c.conditions {
		all = append(all, guardsOf(c.Foreach, condition)...)
		if !infallible(condition) {
			break
		}
	}
	return all
}

func guardsOf(foreach string, c condition) []guard {
	switch c := c.(type) {
	case *leaf:
		if a, ok := c.atom(foreach); ok {
			return []guard{{a}}
		}
	case *group:
		switch c.kind {
		case automation.GroupAll: // one member that does not hold decides it, whatever the others do
			var all []guard
			for _, member := range c.members {
				all = append(all, guardsOf(foreach, member)...)
			}
			return all
		case automation.GroupAny:
			return guardOfAny(foreach, c.members)
		}
	}
	return nil
}

// guardOfAny needs a guard of every member.
func guardOfAny(foreach string, members []condition) []guard {
	var union guard
	for _, member := range members {
		ways := guardsOf(foreach, member)
		if len(ways) == 0 {
			return nil
		}
		union = append(union, ways[0]...)
	}
	return []guard{union}
}

// atom gives a criterion as a test that an index can answer.
func (l *leaf) atom(foreach string) (atom, bool) {
	path, _, _ := strings.Cut(l.Key, "#")
	a := atom{field: fieldKey{foreach, path}, path: l.path}
	if l.template != nil {
		return a, false
	}
	switch l.operator.Name {
	case "equals":
		return a, a.add(l.Pattern)
	case "inside":
		list, ok := l.Pattern.([]any)
		return a, ok && !slices.ContainsFunc(list, func(v any) bool { return !a.add(v) })
	case "iequals":
		a.how = sameFolded
		s, ok := l.Pattern.(string)
		return a, ok && a.add(lower(s))
	case "startswith":
		a.how = hasPrefix
		s, ok := l.Pattern.(string)
		return a, ok && a.add(s)
	}
	return a, false
}

func (a *atom) add(v any) bool {
	s, ok, _ := scalarOf(v)
	if ok && !slices.Contains(a.values, s) {
		a.values = append(a.values, s)
	}
	return ok
}

// infallible reports whether a condition is never an error, whatever the event.
func infallible(c condition) bool {
	switch c := c.(type) {
	case *leaf:
		return c.template == nil && c.infallible()
	case *group:
		return !slices.ContainsFunc(c.members, func(m condition) bool { return !infallible(m) })
	}
	return false
}

func (l *leaf) infallible() bool {
	switch l.operator.Name {
	case "equals", "nequals", "exists", "nexists":
		return true
	case "inside", "ninside":
		_, ok := l.Pattern.([]any)
		return ok
	}
	return false
}

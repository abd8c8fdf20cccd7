package rule

import (
	"errors"
	"maps"
	"slices"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

// maxSearchTests bounds items times criteria of one search.
const maxSearchTests = 100_000

// prepareSearch compiles the criteria of a search whose place is not known.
func prepareSearch(pattern any, condition string) (predicate, error) {
	return prepareSearchAt(pattern, condition, nil)
}

func prepareSearchAt(pattern any, condition string, places map[string]automation.Place) (predicate, error) {
	combine, err := searchCondition(condition)
	children, errChildren := searchChildren(pattern, places)
	if err := errors.Join(err, errChildren); err != nil {
		return nil, err
	}
	return func(v any, s scope) (bool, error) {
		items, err := searchItems(v)
		if err != nil {
			return false, err
		}
		if len(items)*len(children) > maxSearchTests {
			return false, automation.Invalid("a search of %d items with %d criteria is too large", len(items), len(children))
		}
		return combine(len(items), len(children), searchCounts(items, children, s))
	}, nil
}

// combineFunc decides from how many children each item meets. The error of a
// child is carried along: the search may hold in spite of it.
type combineFunc func(items, children int, met func() ([]int, error)) (bool, error)

func searchCondition(name string) (combineFunc, error) {
	all := func(met, children int) bool { return met == children }
	some := func(met, _ int) bool { return met > 0 }
	switch name {
	case "all":
		return everyItem(all), nil
	case "any":
		return anyItem(all), nil
	case "all2any":
		return everyItem(some), nil
	case "any2any":
		return anyItem(some), nil
	}
	return nil, automation.Invalid("search has the condition %q", name).
		WithHint("condition is one of all, any, all2any, any2any")
}

func everyItem(meets func(met, children int) bool) combineFunc {
	return func(_, children int, met func() ([]int, error)) (bool, error) {
		counts, err := met()
		missed := slices.ContainsFunc(counts, func(n int) bool { return !meets(n, children) })
		return !missed, err
	}
}

func anyItem(meets func(met, children int) bool) combineFunc {
	return func(_, children int, met func() ([]int, error)) (bool, error) {
		counts, err := met()
		return slices.ContainsFunc(counts, func(n int) bool { return meets(n, children) }), err
	}
}

// searchCounts counts for each item how many children it meets.
func searchCounts(items []any, children []criterion, s scope) func() ([]int, error) {
	return func() ([]int, error) {
		var first error
		counts := make([]int, len(items))
		for i, item := range items {
			inner := s.inside(item)
			for j := range children {
				r := children[j].evaluate(inner)
				if r.Matched {
					counts[i]++
				}
				if r.Error != "" && first == nil {
					first = automation.Invalid("item %d, %s: %s", i, r.Key, r.Error)
				}
			}
		}
		return counts, first
	}
}

// inside is what the children of a search may refer to: the item and the key-value
// store, not the event.
func (s scope) inside(item any) scope {
	names := map[string]any{itemName: item}
	for _, name := range keyNames() {
		if v, ok := s.names[name]; ok {
			names[name] = v
		}
	}
	return scope{names: names, now: s.now}
}

func searchItems(v any) ([]any, error) {
	switch v := v.(type) {
	case []any:
		return v, nil
	case map[string]any:
		return []any{v}, nil
	case string:
		items := make([]any, 0, len(v))
		for _, r := range v {
			items = append(items, string(r))
		}
		return items, nil
	}
	return nil, automation.Invalid("the value is %s, not a list", describe(v))
}

func searchChildren(pattern any, places map[string]automation.Place) ([]criterion, error) {
	m, ok := pattern.(map[string]any)
	if !ok {
		return nil, automation.Invalid("the pattern of a search is %s, not a map of criteria", describe(pattern))
	}
	var children []criterion
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(m)) {
		child, err := searchChild(key, m[key], places[key].Children)
		for _, e := range split(err) {
			errs = append(errs, childProblem(key, places[key].Position, e))
		}
		children = append(children, child)
	}
	return children, errors.Join(errs...)
}

// misplaced is an error about a criterion inside a search, which stands elsewhere
// than the search.
type misplaced struct {
	at automation.Position
	error
}

func (m misplaced) Unwrap() error { return m.error }

// childProblem names the child; the innermost one says where.
func childProblem(key string, at automation.Position, err error) error {
	if err == nil {
		return nil
	}
	if inner := (misplaced{}); errors.As(err, &inner) && inner.at != (automation.Position{}) {
		at = inner.at
	}
	return misplaced{at, automation.Invalid("criterion %s", key).Because(err).WithHint("%s", automation.HintOf(err))}
}

func searchChild(key string, v any, places map[string]automation.Place) (criterion, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return criterion{}, automation.Invalid("it is %s, not a map with type and pattern", describe(v)).
			WithHint("write it as %s: {type: equals, pattern: firing}", key)
	}
	operator, errOperator := textIn(m, "type")
	condition, errCondition := textIn(m, "condition")
	errs := []error{errOperator, errCondition}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(childKeys(), name) {
			errs = append(errs, unknownKey(name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return criterion{}, err
	}
	return compileCriterion(automation.Criterion{
		Key: key, Operator: operator, Pattern: expr.Normal(m["pattern"]), Condition: condition, Children: places,
	})
}

func childKeys() []string { return []string{"type", "pattern", "condition"} }

func unknownKey(name string) error {
	err := automation.Invalid("unknown key %q", name)
	if c := automation.Closest(name, childKeys()); c != "" {
		return err.WithHint("did you mean %s?", c)
	}
	return err.WithHint("the keys are type, pattern, condition")
}

// textIn reads a text that may be left out.
func textIn(m map[string]any, name string) (string, error) {
	switch v := m[name].(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	default:
		return "", automation.Invalid("%s is %s, not a text", name, describe(v))
	}
}

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

// prepareSearch compiles the criteria of a search.
func prepareSearch(pattern any, condition string) (predicate, error) {
	combine, err := searchCondition(condition)
	children, errChildren := searchChildren(pattern)
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
			inner := scope{names: map[string]any{"item": item}, now: s.now}
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

func searchChildren(pattern any) ([]criterion, error) {
	m, ok := pattern.(map[string]any)
	if !ok {
		return nil, automation.Invalid("the pattern of a search is %s, not a map of criteria", describe(pattern))
	}
	var children []criterion
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(m)) {
		child, err := searchChild(key, m[key])
		if err != nil {
			errs = append(errs, automation.Invalid("criterion %s", key).Because(err).WithHint("%s", automation.HintOf(err)))
		}
		children = append(children, child)
	}
	return children, errors.Join(errs...)
}

func searchChild(key string, v any) (criterion, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return criterion{}, automation.Invalid("it is %s, not a map with type and pattern", describe(v))
	}
	operator, _ := m["type"].(string)
	condition, _ := m["condition"].(string)
	for name := range m {
		if name != "type" && name != "pattern" && name != "condition" {
			return criterion{}, automation.Invalid("unknown key %q", name).WithHint("the keys are type, pattern, condition")
		}
	}
	return compileCriterion(automation.Criterion{
		Key: key, Operator: operator, Pattern: expr.Normal(m["pattern"]), Condition: condition,
	})
}

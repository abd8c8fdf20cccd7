package expr

import (
	"maps"
	"slices"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

// filterFunc is one filter: it gets the value before the bar.
type filterFunc func(m *machine, v any, a *arguments) (any, error)

// filters is the table of filters.
func filters() map[string]filterFunc {
	table := map[string]filterFunc{}
	for _, part := range []map[string]filterFunc{
		textFilters(), listFilters(), numberFilters(), dataFilters(), restFilters(),
		regexFilters(), yamlFilters(), moreFilters()} {
		maps.Copy(table, part)
	}
	return table
}

// evalFilter sends a value through a filter.
func (m *machine) evalFilter(n *filterNode) (any, error) {
	v, err := m.evalOptional(n.of)
	if err != nil {
		return nil, err
	}
	a, err := m.arguments(&n.callArguments)
	if err != nil {
		return nil, err
	}
	return m.filterOptional(n.name, n.run, v, a)
}

func isDefault(name string) bool { return name == "default" || name == "d" }

// filterOptional also handles what is not there, which only the filter default
// may see.
func (m *machine) filterOptional(name string, run filterFunc, v any, a *arguments) (any, error) {
	u, missing := v.(undefined)
	if isDefault(name) {
		if missing || a.bool(1, "boolean", false) && !truth(v) {
			return a.value(0, "default_value", ""), nil
		}
		return v, nil
	}
	if missing {
		var err error
		if v, err = u.orText(); err != nil {
			return nil, err
		}
	}
	return m.runFilter(name, run, v, a)
}

// callFilter calls a filter by a name that only the evaluation knows.
func (m *machine) callFilter(name string, v any, a *arguments) (any, error) {
	if m.filters == nil {
		m.filters = filters()
	}
	run, ok := m.filters[name]
	if !ok && !isDefault(name) {
		return nil, errFilter(name)
	}
	return m.filterOptional(name, run, v, a)
}

func (m *machine) runFilter(name string, run filterFunc, v any, a *arguments) (any, error) {
	if err := m.spend(weight(v)); err != nil {
		return nil, err
	}
	out, err := run(m, v, a)
	out, err = firstError(out, a.err, err)
	if err != nil {
		return nil, automation.Invalid("filter %s", name).Because(err)
	}
	if s, ok := out.(string); ok {
		return m.text(s)
	}
	return out, nil
}

func errFilter(name string) error {
	names := append(slices.Collect(maps.Keys(filters())), "default")
	slices.Sort(names)
	return automation.Invalid("there is no filter %s", name).
		WithHint("the filters are %s", strings.Join(names, ", "))
}

func wantText(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", automation.Invalid("the value is a %s, not a text", TypeName(v))
	}
	return s, nil
}

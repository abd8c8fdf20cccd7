package expr

import (
	"maps"
	"slices"
	"strings"

	"github.com/nikolalohinski/gonja/v2/nodes"

	"github.com/squall-dev/squall/runtime/automation"
)

// filterFunc is one filter: it gets the value before the bar.
type filterFunc func(m *machine, v any, a *arguments) (any, error)

// filters is the table of filters.
func filters() map[string]filterFunc {
	table := map[string]filterFunc{}
	for _, part := range []map[string]filterFunc{textFilters(), listFilters(), numberFilters(), dataFilters(), restFilters()} {
		maps.Copy(table, part)
	}
	return table
}

// filter finds a filter. The table is built for the first one of an evaluation.
func (m *machine) filter(name string) (filterFunc, bool) {
	if m.filters == nil {
		m.filters = filters()
	}
	f, ok := m.filters[name]
	return f, ok
}

// evalFiltered sends a value through its filters.
func (m *machine) evalFiltered(n *nodes.FilteredExpression) (any, error) {
	v, err := m.evalOptional(n.Expression)
	if err != nil {
		return nil, err
	}
	for _, f := range n.Filters {
		a, err := m.arguments(f.Args, f.Kwargs)
		if err != nil {
			return nil, err
		}
		if v, err = m.filterOptional(f.Name, v, a); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// filterOptional also handles what is not there, which only the filter default
// may see.
func (m *machine) filterOptional(name string, v any, a *arguments) (any, error) {
	u, missing := v.(undefined)
	switch {
	case (name == "default" || name == "d") && (missing || a.bool(1, "boolean", false) && !truth(v)):
		return a.value(0, "default_value", ""), nil
	case name == "default" || name == "d":
		return v, nil
	case missing:
		var err error
		if v, err = u.orText(); err != nil {
			return nil, err
		}
	}
	return m.callFilter(name, v, a)
}

func (m *machine) callFilter(name string, v any, a *arguments) (any, error) {
	f, ok := m.filter(name)
	if !ok {
		return nil, errFilter(name)
	}
	if err := m.spend(weight(v)); err != nil {
		return nil, err
	}
	out, err := f(m, v, a)
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

package expr

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/squall-dev/squall/runtime/automation"
)

func listFilters() map[string]filterFunc {
	return map[string]filterFunc{
		"length":     filterLength,
		"count":      filterLength,
		"list":       func(m *machine, v any, _ *arguments) (any, error) { return asItems(m.items(v)) },
		"items":      filterItems,
		"first":      filterEnd(0),
		"last":       filterEnd(-1),
		"join":       filterJoin,
		"reverse":    filterReverse,
		"sort":       filterSort,
		"unique":     filterUnique,
		"sum":        filterSum,
		"min":        filterExtreme(-1),
		"max":        filterExtreme(1),
		"map":        filterMap,
		"select":     filterSelect(true, false),
		"reject":     filterSelect(false, false),
		"selectattr": filterSelect(true, true),
		"rejectattr": filterSelect(false, true),
		"batch":      filterBatch,
	}
}

func asItems(items []any, err error) (any, error) { return items, err }

func filterLength(_ *machine, v any, _ *arguments) (any, error) {
	switch v := v.(type) {
	case string:
		return int64(utf8.RuneCountInString(v)), nil
	case []any:
		return int64(len(v)), nil
	case map[string]any:
		return int64(len(v)), nil
	}
	return nil, automation.Invalid("a %s has no length", TypeName(v))
}

func filterItems(_ *machine, v any, _ *arguments) (any, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, automation.Invalid("the value is a %s, not a map", TypeName(v))
	}
	return pairs(m), nil
}

func filterEnd(index int) filterFunc {
	return func(m *machine, v any, _ *arguments) (any, error) {
		items, err := m.items(v)
		if err != nil {
			return nil, err
		}
		if len(items) == 0 {
			return undefined{message: "an empty " + TypeName(v) + " has neither first nor last"}, nil
		}
		if index < 0 {
			return items[len(items)-1], nil
		}
		return items[0], nil
	}
}

func filterJoin(m *machine, v any, a *arguments) (any, error) {
	items, err := m.attributes(v, a.value(1, "attribute", nil))
	if err != nil {
		return nil, err
	}
	separator := Text(a.value(0, "d", ""))
	if len(separator)*len(items) > maxOutput {
		return nil, errOutput()
	}
	size := 0
	for _, item := range items {
		if size += textSize(item); size > maxOutput {
			return nil, errOutput()
		}
	}
	return joinTexts(items, separator), nil
}

// textSize is a lower bound of the length of Text(v) that costs nothing.
func textSize(v any) int {
	if s, ok := v.(string); ok {
		return len(s)
	}
	return 1
}

func joinTexts(items []any, separator string) string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = Text(item)
	}
	return strings.Join(texts, separator)
}

func filterReverse(m *machine, v any, _ *arguments) (any, error) {
	items, err := m.items(v)
	if err != nil {
		return nil, err
	}
	items = slices.Clone(items)
	slices.Reverse(items)
	if _, ok := v.(string); ok {
		return joinTexts(items, ""), nil
	}
	return items, nil
}

// attributes takes the items of v, or an attribute of each.
func (m *machine) attributes(v, attribute any) ([]any, error) {
	items, err := m.items(v)
	if err != nil || attribute == nil {
		return items, err
	}
	out := make([]any, 0, len(items))
	for _, item := range items {
		value, err := m.attribute(item, attribute)
		if err != nil {
			return nil, err
		}
		if u, missing := value.(undefined); missing {
			return nil, automation.Invalid("%s", u.message)
		}
		out = append(out, value)
	}
	return out, nil
}

// attribute follows "a.b.0" into an item.
func (m *machine) attribute(item, attribute any) (any, error) {
	if i, ok := attribute.(int64); ok {
		value, missing := member{index: int(i), isIndex: true}.of(item)
		if missing != "" {
			return undefined{message: fill(missing, "an item")}, nil
		}
		return value, nil
	}
	name, err := wantText(attribute)
	if err != nil {
		return nil, err
	}
	for part := range strings.SplitSeq(name, ".") {
		if err := m.spend(bytesPerStep); err != nil {
			return nil, err
		}
		access, ok := parseSubscript(part)
		if !ok {
			access = member{key: part}
		}
		value, missing := access.of(item)
		if missing != "" {
			return undefined{message: fill(missing, "an item")}, nil
		}
		item = value
	}
	return item, nil
}

func filterSort(m *machine, v any, a *arguments) (any, error) {
	reverse, caseSensitive := a.bool(0, "reverse", false), a.bool(1, "case_sensitive", false)
	items, err := m.items(v)
	if err != nil {
		return nil, err
	}
	keys, err := m.sortKeys(v, a.value(2, "attribute", nil), caseSensitive)
	if err != nil {
		return nil, err
	}
	if err := m.spend(len(items) * bytesPerStep * 20); err != nil {
		return nil, err
	}
	return sortBy(items, keys, reverse, caseSensitive)
}

// sortKeys takes several attributes, "a,b", as one list for each item.
func (m *machine) sortKeys(v, attribute any, caseSensitive bool) ([]any, error) {
	name, ok := attribute.(string)
	if !ok || !strings.Contains(name, ",") {
		return m.attributes(v, attribute)
	}
	var keys []any
	for part := range strings.SplitSeq(name, ",") {
		column, err := m.attributes(v, strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		if keys == nil {
			keys = make([]any, len(column))
		}
		for i := range column {
			before, _ := keys[i].([]any)
			keys[i] = append(before, sortKey(column[i], caseSensitive))
		}
	}
	return keys, nil
}

func sortBy(items, keys []any, reverse, caseSensitive bool) (any, error) {
	order := make([]int, len(items))
	for i := range order {
		order[i] = i
	}
	var failed error
	slices.SortStableFunc(order, func(i, j int) int {
		c, err := Compare(sortKey(keys[i], caseSensitive), sortKey(keys[j], caseSensitive))
		if err != nil {
			failed = err
		}
		if reverse {
			c = -c
		}
		return c
	})
	out := make([]any, len(items))
	for i, from := range order {
		out[i] = items[from]
	}
	return out, failed
}

func sortKey(v any, caseSensitive bool) any {
	if s, ok := v.(string); ok && !caseSensitive {
		return strings.ToLower(s)
	}
	return v
}

func filterUnique(m *machine, v any, a *arguments) (any, error) {
	items, err := m.items(v)
	if err != nil {
		return nil, err
	}
	keys, err := m.attributes(v, a.value(1, "attribute", nil))
	if err != nil {
		return nil, err
	}
	out, seen := []any{}, []any{}
	for i, key := range keys {
		if err := m.spend(len(seen) * bytesPerStep); err != nil {
			return nil, err
		}
		if key = sortKey(key, a.bool(0, "case_sensitive", false)); !containsElement(seen, key) {
			seen, out = append(seen, key), append(out, items[i])
		}
	}
	return out, nil
}

func filterSum(m *machine, v any, a *arguments) (any, error) {
	items, err := m.attributes(v, a.value(0, "attribute", nil))
	if err != nil {
		return nil, err
	}
	sum := a.value(1, "start", int64(0))
	for _, item := range items {
		if sum, err = arithmetic(opAdd, sum, item); err != nil {
			return nil, err
		}
	}
	return sum, nil
}

func filterExtreme(sign int) filterFunc {
	return func(m *machine, v any, a *arguments) (any, error) {
		caseSensitive := a.bool(0, "case_sensitive", false)
		items, err := m.items(v)
		if err != nil || len(items) == 0 {
			return undefined{message: "an empty list has neither min nor max"}, err
		}
		keys, err := m.attributes(v, a.value(1, "attribute", nil))
		if err != nil {
			return nil, err
		}
		best := 0
		for i := range items {
			c, err := Compare(sortKey(keys[i], caseSensitive), sortKey(keys[best], caseSensitive))
			if err != nil {
				return nil, err
			}
			if c*sign > 0 {
				best = i
			}
		}
		return items[best], nil
	}
}

// filterMap takes an attribute of every item, or sends every item through a
// filter.
func filterMap(m *machine, v any, a *arguments) (any, error) {
	items, err := m.items(v)
	if err != nil {
		return nil, err
	}
	out := make([]any, 0, len(items))
	for _, item := range items {
		value, err := m.mapItem(item, a)
		if err != nil {
			return nil, err
		}
		out = append(out, value)
	}
	return out, nil
}

func (m *machine) mapItem(item any, a *arguments) (any, error) {
	attribute, ok := a.named["attribute"]
	if !ok {
		name := a.mustText(0, "filter")
		if a.err != nil {
			return nil, a.err
		}
		return m.callFilter(name, item, &arguments{positional: a.positional[1:], named: a.named})
	}
	value, err := m.attribute(item, attribute)
	if u, missing := value.(undefined); missing && err == nil {
		if fallback, ok := a.named["default"]; ok {
			return fallback, nil
		}
		return nil, automation.Invalid("%s", u.message)
	}
	return value, err
}

// filterSelect keeps the items for which a test, or their own truth, has the
// wanted result; with attributes, the test looks at an attribute.
func filterSelect(want, ofAttribute bool) filterFunc {
	return func(m *machine, v any, a *arguments) (any, error) {
		items, err := m.items(v)
		if err != nil {
			return nil, err
		}
		rest := a.positional
		if ofAttribute && len(rest) == 0 {
			return nil, automation.Invalid("argument attribute is missing")
		}
		out := []any{}
		for _, item := range items {
			subject := item
			if ofAttribute {
				if subject, err = m.attribute(item, a.positional[0]); err != nil {
					return nil, err
				}
				rest = a.positional[1:]
			}
			ok, err := m.selects(subject, rest)
			if err != nil {
				return nil, err
			}
			if ok == want {
				out = append(out, item)
			}
		}
		return out, nil
	}
}

func (m *machine) selects(subject any, test []any) (bool, error) {
	if err := m.spend(bytesPerStep); err != nil {
		return false, err
	}
	if len(test) == 0 {
		_, missing := subject.(undefined)
		return !missing && truth(subject), nil
	}
	name, err := wantText(test[0])
	if err != nil {
		return false, err
	}
	return m.callTest(name, subject, test[1:])
}

func filterBatch(m *machine, v any, a *arguments) (any, error) {
	size := a.int(0, "linecount", 0)
	items, err := m.items(v)
	if err != nil {
		return nil, err
	}
	if size < 1 {
		return nil, automation.Invalid("the size of a batch is at least 1")
	}
	out := []any{}
	fillWith := a.value(1, "fill_with", nil)
	for chunk := range slices.Chunk(items, size) {
		chunk = slices.Clone(chunk)
		for fillWith != nil && len(chunk) < size && len(chunk) < maxItems {
			chunk = append(chunk, fillWith)
		}
		out = append(out, chunk)
	}
	return m.collection(out)
}

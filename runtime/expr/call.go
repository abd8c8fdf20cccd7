package expr

import (
	"maps"
	"slices"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

// arguments are those of one call of a filter, test, function or method. The
// getters note the first thing that is wrong in err.
type arguments struct {
	positional []any
	named      map[string]any
	err        error
}

func (m *machine) arguments(given *callArguments) (*arguments, error) {
	a := &arguments{}
	for _, n := range given.positional {
		v, err := m.eval(n)
		if err != nil {
			return nil, err
		}
		a.positional = append(a.positional, v)
	}
	for i, name := range given.names {
		v, err := m.eval(given.named[i])
		if err != nil {
			return nil, err
		}
		if a.named == nil {
			a.named = make(map[string]any, len(given.names))
		}
		a.named[name] = v
	}
	return a, nil
}

// given returns the i-th argument, or the one with that name.
func (a *arguments) given(i int, name string) (any, bool) {
	if v, ok := a.named[name]; ok {
		return v, true
	}
	if i < len(a.positional) {
		return a.positional[i], true
	}
	return nil, false
}

func (a *arguments) value(i int, name string, fallback any) any {
	if v, ok := a.given(i, name); ok {
		return v
	}
	return fallback
}

func (a *arguments) text(i int, name, fallback string) string {
	v, ok := a.given(i, name)
	if !ok {
		return fallback
	}
	s, ok := v.(string)
	if !ok {
		a.fail("argument %s is a %s, not a text", name, TypeName(v))
	}
	return s
}

// mustText is text for an argument that has to be there.
func (a *arguments) mustText(i int, name string) string {
	if _, ok := a.given(i, name); !ok {
		a.fail("argument %s is missing", name)
	}
	return a.text(i, name, "")
}

func (a *arguments) int(i int, name string, fallback int) int {
	v, ok := a.given(i, name)
	if !ok {
		return fallback
	}
	n, ok := smallInt(v)
	if !ok || n > maxItems*10 || n < -maxItems*10 {
		a.fail("argument %s is no whole number of a sensible size", name)
		return fallback
	}
	return int(n)
}

func (a *arguments) bool(i int, name string, fallback bool) bool {
	v, ok := a.given(i, name)
	if !ok {
		return fallback
	}
	return truth(v)
}

func (a *arguments) fail(format string, args ...any) {
	if a.err == nil {
		a.err = automation.Invalid(format, args...)
	}
}

// evalCall calls one of the few functions, or a method of a value.
func (m *machine) evalCall(n *callNode) (any, error) {
	a, err := m.arguments(&n.callArguments)
	if err != nil {
		return nil, err
	}
	switch f := n.function.(type) {
	case *nameNode:
		if v, ok := m.frame.find(f.name); ok {
			if own, ok := v.(*macro); ok {
				return m.callMacro(own, a)
			}
		}
		v, err := m.callFunction(f.name, a)
		return firstError(v, err, a.err)
	case *attrNode:
		target, err := m.eval(f.of) // of a key: its value
		if err != nil {
			return nil, err
		}
		v, err := m.callMethod(target, f.name, a)
		return firstError(v, err, a.err)
	}
	return nil, automation.Invalid("only functions and methods can be called")
}

func firstError(v any, errs ...error) (any, error) {
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (m *machine) callFunction(name string, a *arguments) (any, error) {
	switch name {
	case "range":
		return m.callRange(a)
	case "dict":
		return m.newDict(a)
	case "namespace":
		if a.named == nil {
			a.named = map[string]any{}
		}
		return &namespace{names: a.named}, nil
	}
	return nil, automation.Invalid("there is no function %s", name).
		WithHint("the functions are range, dict and namespace; a macro has to be defined before it is called")
}

func (m *machine) newDict(a *arguments) (any, error) {
	out := make(map[string]any, len(a.named))
	for name, v := range a.named {
		if err := errNoValue(v); err != nil {
			return nil, err
		}
		out[name] = v
	}
	return m.collection(out)
}

func (m *machine) callRange(a *arguments) (any, error) {
	start, stop, step := 0, a.int(0, "stop", 0), a.int(2, "step", 1)
	if len(a.positional) > 1 {
		start, stop = stop, a.int(1, "stop", 0)
	}
	if step == 0 {
		return nil, automation.Invalid("the step of range can not be 0")
	}
	list := []any{}
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		if len(list) == maxItems {
			return nil, errItems()
		}
		list = append(list, int64(i))
	}
	return list, m.spend(len(list) * bytesPerStep)
}

// callMethod offers the methods of Python's texts, lists and maps that only
// look. None changes its value: the payload is shared.
func (m *machine) callMethod(target any, name string, a *arguments) (any, error) {
	switch v := target.(type) {
	case string:
		return m.textMethod(v, name, a)
	case map[string]any:
		return m.mapMethod(v, name, a)
	case []any:
		return m.listMethod(v, name, a)
	case *loop:
		return v.call(name, a)
	}
	return nil, errMethod(target, name)
}

func errMethod(target any, name string) error {
	return automation.Invalid("a %s has no method %s", TypeName(target), name)
}

func (m *machine) mapMethod(v map[string]any, name string, a *arguments) (any, error) {
	if err := m.spend(weight(v)); err != nil {
		return nil, err
	}
	switch name {
	case "get":
		item, ok := v[a.mustText(0, "key")]
		if !ok {
			return a.value(1, "default", nil), nil
		}
		return item, nil
	case "keys":
		return textList(slices.Sorted(maps.Keys(v))), nil
	case "values":
		out := []any{}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out = append(out, v[key])
		}
		return out, nil
	case "items":
		return pairs(v), nil
	}
	return nil, errMethod(v, name)
}

func pairs(m map[string]any) []any {
	out := []any{}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		out = append(out, []any{key, m[key]})
	}
	return out
}

func (m *machine) listMethod(v []any, name string, a *arguments) (any, error) {
	if err := m.spend(weight(v)); err != nil {
		return nil, err
	}
	wanted := a.value(0, "value", nil)
	count, first := int64(0), int64(-1)
	for i, item := range v {
		if Equal(item, wanted) {
			if count++; first < 0 {
				first = int64(i)
			}
		}
	}
	switch {
	case name == "count":
		return count, nil
	case name == "index" && first >= 0:
		return first, nil
	case name == "index":
		return nil, automation.Invalid("the list has no such element")
	}
	return nil, errMethod(v, name)
}

func (m *machine) textMethod(v, name string, a *arguments) (any, error) {
	if err := m.spend(len(v)); err != nil {
		return nil, err
	}
	switch name {
	case "startswith":
		return strings.HasPrefix(v, a.mustText(0, "prefix")), nil
	case "endswith":
		return strings.HasSuffix(v, a.mustText(0, "suffix")), nil
	case "find":
		return int64(runeIndex(v, a.mustText(0, "sub"))), nil
	case "count":
		return int64(strings.Count(v, a.mustText(0, "sub"))), nil
	case "split":
		return splitText(v, a), nil
	case "splitlines":
		return textList(strings.Split(strings.TrimSuffix(strings.ReplaceAll(v, "\r\n", "\n"), "\n"), "\n")), nil
	case "isdigit":
		return v != "" && strings.Trim(v, "0123456789") == "", nil
	case "rsplit":
		return rightSplit(v, a), nil
	case "join":
		return m.callFilter("join", a.value(0, "iterable", nil), &arguments{positional: []any{v}})
	case "format":
		return nil, automation.Invalid("the method format is not offered").
			WithHint("use the filter: {{ '%%s' | format(x) }}")
	case "upper", "lower", "title", "capitalize", "replace":
		return m.callFilter(name, v, a)
	}
	return m.moreTextMethod(v, name, a)
}

func (m *machine) stripMethod(v, name string, a *arguments) (any, error) {
	cutset := a.text(0, "chars", " \t\r\n\f\v")
	switch name {
	case "strip":
		return strings.Trim(v, cutset), nil
	case "lstrip":
		return strings.TrimLeft(v, cutset), nil
	case "rstrip":
		return strings.TrimRight(v, cutset), nil
	}
	return nil, errMethod(v, name)
}

func splitText(v string, a *arguments) any {
	n := a.int(1, "maxsplit", -1)
	if sep, ok := a.given(0, "sep"); ok && sep != nil {
		s := a.mustText(0, "sep")
		if s == "" {
			a.fail("the separator is empty")
		}
		if n >= 0 {
			n++
		}
		return textList(strings.SplitN(v, s, n))
	}
	return textList(strings.Fields(v))
}

// rightSplit cuts from the end, which only matters with a bound.
func rightSplit(v string, a *arguments) any {
	n := a.int(1, "maxsplit", -1)
	all, _ := splitText(v, &arguments{positional: a.positional[:min(len(a.positional), 1)], named: a.named}).([]any)
	sep := a.text(0, "sep", " ")
	if n < 0 || len(all) <= n+1 {
		return all
	}
	head := joinTexts(all[:len(all)-n], sep)
	return append([]any{head}, all[len(all)-n:]...)
}

func runeIndex(s, sub string) int {
	i := strings.Index(s, sub)
	if i < 0 {
		return i
	}
	return len([]rune(s[:i]))
}

package expr

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/squall-dev/squall/runtime/automation"
)

// testFunc is one test: what stands behind "is".
type testFunc struct {
	operand bool // whether it compares with a second value
	run     func(m *machine, v, operand any) (bool, error)
}

// tests is the table of tests; defined and undefined see what others do not.
func tests() map[string]testFunc {
	table := map[string]testFunc{
		"defined": {}, "undefined": {},
		"none":        simpleTest(func(v any) bool { return v == nil }),
		"true":        simpleTest(func(v any) bool { return v == true }),
		"false":       simpleTest(func(v any) bool { return v == false }),
		"callable":    simpleTest(func(any) bool { return false }),
		"escaped":     simpleTest(func(any) bool { return false }),
		"lower":       simpleTest(func(v any) bool { return isCase(Text(v), unicode.IsUpper) }),
		"upper":       simpleTest(func(v any) bool { return isCase(Text(v), unicode.IsLower) }),
		"filter":      simpleTest(func(v any) bool { return isFilter(v) }),
		"test":        simpleTest(func(v any) bool { _, ok := tests()[Text(v)]; return ok }),
		"even":        {run: func(_ *machine, v, _ any) (bool, error) { return divisible(v, int64(2)) }},
		"odd":         {run: func(_ *machine, v, _ any) (bool, error) { even, err := divisible(v, int64(2)); return !even, err }},
		"divisibleby": {operand: true, run: func(_ *machine, v, n any) (bool, error) { return divisible(v, n) }},
		"sameas":      {operand: true, run: func(_ *machine, v, w any) (bool, error) { return same(v, w), nil }},
	}
	for _, name := range []string{"boolean", "string", "mapping", "sequence", "iterable", "number", "integer", "float"} {
		table[name] = simpleTest(func(v any) bool { return isOfType(name, v) })
	}
	for o, names := range map[operator][]string{
		opEqual: {"eq", "equalto", "=="}, opNotEqual: {"ne", "!="}, opIn: {"in"},
		opLess: {"lt", "lessthan", "<"}, opAtMost: {"le", "<="},
		opGreater: {"gt", "greaterthan", ">"}, opAtLeast: {"ge", ">="},
	} {
		for _, name := range names {
			table[name] = operatorTest(o)
		}
	}
	return table
}

func simpleTest(holds func(any) bool) testFunc {
	return testFunc{run: func(_ *machine, v, _ any) (bool, error) { return holds(v), nil }}
}

func operatorTest(o operator) testFunc {
	return testFunc{operand: true, run: func(m *machine, v, operand any) (bool, error) {
		held, err := m.binary(o, v, operand)
		return err == nil && truth(held), err
	}}
}

// isCase wants a letter, and none of the other case.
func isCase(s string, other func(rune) bool) bool {
	cased := func(r rune) bool { return unicode.IsUpper(r) || unicode.IsLower(r) }
	return strings.ContainsFunc(s, cased) && !strings.ContainsFunc(s, other)
}

func isFilter(v any) bool {
	name := Text(v)
	_, ok := filters()[name]
	return ok || isDefault(name)
}

func divisible(v, by any) (bool, error) {
	rest, err := arithmetic(opModulo, v, by)
	return err == nil && !truth(rest), err
}

// same is equality without true being one, and 1 being 1.0.
func same(v, w any) bool {
	_, bool1 := v.(bool)
	_, bool2 := w.(bool)
	_, float1 := v.(float64)
	_, float2 := w.(float64)
	return bool1 == bool2 && float1 == float2 && Equal(v, w)
}

// evalTest evaluates "value is test".
func (m *machine) evalTest(n *testNode) (any, error) {
	v, err := m.evalOptional(n.of)
	if err != nil {
		return nil, err
	}
	a, err := m.arguments(&n.callArguments)
	if err != nil {
		return nil, err
	}
	held, err := m.runTest(n.name, n.run, v, a.positional)
	return held != n.negate, err
}

// callTest runs a test by a name that only the evaluation knows.
func (m *machine) callTest(name string, v any, args []any) (bool, error) {
	if m.tests == nil {
		m.tests = tests()
	}
	test, ok := m.tests[name]
	if !ok {
		return false, errTest(name)
	}
	return m.runTest(name, test, v, args)
}

// runTest: what is not there may only be asked whether it is defined.
func (m *machine) runTest(name string, test testFunc, v any, args []any) (bool, error) {
	u, missing := v.(undefined)
	switch {
	case name == "defined":
		return !missing, nil
	case name == "undefined":
		return missing, nil
	case missing && !u.text:
		return false, errors.New(u.message)
	case missing:
		v = ""
	}
	if (len(args) == 1) != test.operand || len(args) > 1 {
		return false, automation.Invalid("test %s has another number of arguments", name)
	}
	var operand any
	if test.operand {
		operand = args[0]
	}
	return test.run(m, v, operand)
}

func isOfType(name string, v any) bool {
	switch v := v.(type) {
	case bool: // booleans are numbers there, but no whole ones
		return name == "boolean" || name == "number"
	case string:
		return name == "string" || name == "sequence" || name == "iterable"
	case []any:
		return name == "sequence" || name == "iterable"
	case map[string]any:
		return name == "mapping" || name == "sequence" || name == "iterable"
	case float64:
		return name == "number" || name == "float"
	case nil:
		return false
	default:
		return name == "number" || name == "integer" && isWhole(v)
	}
}

func isWhole(v any) bool {
	_, ok := wholeNumber(v)
	return ok
}

func errTest(name string) error {
	return automation.Invalid("there is no test %s", name).
		WithHint("the tests are %s", strings.Join(slices.Sorted(maps.Keys(tests())), ", "))
}

package expr

import (
	"errors"
	"strings"

	"github.com/nikolalohinski/gonja/v2/nodes"
	"github.com/nikolalohinski/gonja/v2/tokens"

	"github.com/squall-dev/squall/runtime/automation"
)

// evalTest evaluates "value is test".
func (m *machine) evalTest(n *nodes.TestExpression) (any, error) {
	v, err := m.evalOptional(n.Expression)
	if err != nil {
		return nil, err
	}
	a, err := m.arguments(n.Test.Args, n.Test.Kwargs)
	if err != nil {
		return nil, err
	}
	return m.callTest(n.Test.Name, v, a.positional)
}

// callTest runs a test by its name. What is not there may only be asked whether
// it is defined.
func (m *machine) callTest(name string, v any, args []any) (bool, error) {
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
	switch {
	case len(args) == 0:
		return unaryTest(name, v)
	}
	return m.binaryTest(name, v, args[0])
}

func unaryTest(name string, v any) (bool, error) {
	switch name {
	case "none":
		return v == nil, nil
	case "true", "false":
		b, ok := v.(bool)
		return ok && b == (name == "true"), nil
	case "boolean", "string", "mapping", "sequence", "iterable", "number", "integer", "float":
		return isOfType(name, v), nil
	case "lower", "upper":
		s := Text(v)
		want := strings.ToLower(s)
		if name == "upper" {
			want = strings.ToUpper(s)
		}
		return s == want, nil
	case "even", "odd":
		rest, err := arithmetic(tokens.Modulo, v, int64(2))
		return Equal(rest, int64(1)) == (name == "odd"), err
	}
	return false, errTest(name)
}

func isOfType(name string, v any) bool {
	switch v := v.(type) {
	case bool: // booleans are whole numbers there
		return name == "boolean" || name == "number" || name == "integer"
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

func (m *machine) binaryTest(name string, v, arg any) (bool, error) {
	operators := map[string]tokens.Type{
		"eq": tokens.Equals, "equalto": tokens.Equals, "==": tokens.Equals, "sameas": tokens.Equals,
		"ne": tokens.Ne, "!=": tokens.Ne,
		"lt": tokens.LowerThan, "lessthan": tokens.LowerThan, "<": tokens.LowerThan,
		"le": tokens.LowerThanOrEqual, "<=": tokens.LowerThanOrEqual,
		"gt": tokens.GreaterThan, "greaterthan": tokens.GreaterThan, ">": tokens.GreaterThan,
		"ge": tokens.GreaterThanOrEqual, ">=": tokens.GreaterThanOrEqual,
		"in": tokens.In,
	}
	if operator, ok := operators[name]; ok {
		held, err := m.binary(operator, v, arg)
		return err == nil && truth(held), err
	}
	if name == "divisibleby" {
		rest, err := arithmetic(tokens.Modulo, v, arg)
		return err == nil && !truth(rest), err
	}
	return false, errTest(name)
}

func errTest(name string) error { return automation.Invalid("there is no test %s of that form", name) }

// checkNames looks through the whole program for filters that do not exist, so
// that a rule with one is refused before its first event.
func checkNames(list []nodes.Node, known map[string]filterFunc) error {
	for _, n := range list {
		if err := checkFilters(n, known); err != nil {
			return err
		}
		if err := checkNames(children(n), known); err != nil {
			return err
		}
	}
	return nil
}

func checkFilters(n nodes.Node, known map[string]filterFunc) error {
	filtered, ok := n.(*nodes.FilteredExpression)
	if !ok {
		return nil
	}
	for _, call := range filtered.Filters {
		if _, ok := known[call.Name]; !ok && call.Name != "default" && call.Name != "d" {
			return errFilter(call.Name)
		}
	}
	return nil
}

// children are the parts of a node that may hold filters.
func children(n nodes.Node) []nodes.Node {
	switch n := n.(type) {
	case *nodes.Output:
		return present(n.Expression, n.Condition, n.Alternative)
	case *nodes.FilteredExpression:
		list := present(n.Expression)
		for _, f := range n.Filters {
			list = append(list, present(f.Args...)...)
		}
		return list
	case *nodes.TestExpression:
		return append(present(n.Expression), present(n.Test.Args...)...)
	case *nodes.BinaryExpression:
		return present(n.Left, n.Right)
	case *nodes.Negation:
		return present(n.Term)
	case *nodes.UnaryExpression:
		return present(n.Term)
	case *nodes.List:
		return present(n.Val...)
	case *nodes.Tuple:
		return present(n.Val...)
	case *nodes.Call:
		return append(present(n.Args...), n.Func)
	case *nodes.GetAttribute:
		return []nodes.Node{n.Node}
	case *nodes.GetItem:
		return []nodes.Node{n.Node}
	case *nodes.ControlStructureBlock:
		return children(n.ControlStructure)
	case *ifStatement:
		list := present(n.conditions...)
		for _, block := range n.blocks {
			list = append(list, block.Nodes...)
		}
		return list
	case *forStatement:
		list := append(present(n.over, n.condition), n.body.Nodes...)
		if n.otherwise != nil {
			list = append(list, n.otherwise.Nodes...)
		}
		return list
	case *setStatement:
		return []nodes.Node{n.value}
	}
	return nil
}

func present(list ...nodes.Expression) []nodes.Node {
	var out []nodes.Node
	for _, n := range list {
		if n != nil {
			out = append(out, n)
		}
	}
	return out
}

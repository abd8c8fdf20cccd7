package expr

import (
	"errors"
	"fmt"
	"math"

	"github.com/nikolalohinski/gonja/v2/nodes"
	"github.com/nikolalohinski/gonja/v2/tokens"

	"github.com/squall-dev/squall/runtime/automation"
)

// output evaluates what stands between {{ and }}, with its "if" and "else".
func (m *machine) output(n *nodes.Output) (any, error) {
	if n.Condition == nil {
		return m.eval(n.Expression)
	}
	condition, err := m.eval(n.Condition)
	if err != nil {
		return nil, err
	}
	switch {
	case truth(condition):
		return m.eval(n.Expression)
	case n.Alternative != nil:
		return m.eval(n.Alternative)
	}
	return nil, automation.Invalid("the condition is false and there is no else")
}

// eval evaluates an expression that must have a value.
func (m *machine) eval(n nodes.Node) (any, error) {
	v, err := m.evalOpen(n)
	if err != nil {
		return nil, err
	}
	return m.settle(v)
}

// evalOptional may also return undefined.
func (m *machine) evalOptional(n nodes.Node) (any, error) {
	v, err := m.evalOpen(n)
	if err != nil {
		return nil, err
	}
	return m.lookUp(v)
}

// evalOpen may also return a key that is not looked up yet.
func (m *machine) evalOpen(n nodes.Node) (any, error) {
	if m.depth++; m.depth > maxEvalDepth {
		return nil, automation.Invalid("template nests too deep")
	}
	defer func() { m.depth-- }()
	if err := m.spend(0); err != nil {
		return nil, err
	}
	switch n := n.(type) {
	case *nodes.Name:
		return m.evalName(n.Name.Val)
	case *nodes.GetAttribute:
		return m.evalAttribute(n)
	case *nodes.GetItem:
		return m.evalItem(n)
	case *nodes.GetSlice:
		return m.evalSlice(n)
	case *nodes.FilteredExpression:
		return m.evalFiltered(n)
	case *nodes.TestExpression:
		return m.evalTest(n)
	case *nodes.BinaryExpression:
		return m.evalBinary(n)
	case *nodes.Call:
		return m.evalCall(n)
	}
	return m.evalSimple(n)
}

func (m *machine) evalSimple(n nodes.Node) (any, error) {
	switch n := n.(type) {
	case *nodes.None:
		return nil, nil
	case *nodes.String:
		return n.Val, nil
	case *nodes.Integer:
		return int64(n.Val), nil
	case *nodes.Float:
		return n.Val, nil
	case *nodes.Bool:
		return n.Val, nil
	case *nodes.List:
		return m.evalList(n.Val)
	case *nodes.Tuple:
		return m.evalList(n.Val)
	case *nodes.Dict:
		return m.evalDict(n)
	case *nodes.Negation:
		v, err := m.eval(n.Term)
		return !truth(v), err
	case *nodes.UnaryExpression:
		return m.evalSign(n)
	}
	return nil, fmt.Errorf("expected an expression")
}

func (m *machine) evalName(name string) (any, error) {
	if v, ok := m.frame.find(name); ok {
		return v, nil
	}
	v, found, err := lookup(m.scope, name)
	switch {
	case found || err != nil:
		return v, err
	case name == "none":
		return nil, nil
	}
	return undefined{message: fmt.Sprintf("there is nothing called %q here", name)}, nil
}

func (m *machine) evalList(list []nodes.Expression) (any, error) {
	out := make([]any, 0, len(list))
	for _, n := range list {
		v, err := m.eval(n)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return m.collection(out)
}

func (m *machine) evalDict(n *nodes.Dict) (any, error) {
	out := make(map[string]any, len(n.Pairs))
	for _, pair := range n.Pairs {
		key, err := m.eval(pair.Key)
		if err != nil {
			return nil, err
		}
		if out[Text(key)], err = m.eval(pair.Value); err != nil {
			return nil, err
		}
	}
	return m.collection(out)
}

func (m *machine) evalSign(n *nodes.UnaryExpression) (any, error) {
	v, err := m.eval(n.Term)
	if err != nil {
		return nil, err
	}
	if !n.Negative {
		return arithmetic(tokens.Addition, int64(0), v)
	}
	if f, ok := v.(float64); ok {
		return -f, nil
	}
	return arithmetic(tokens.Subtraction, int64(0), v)
}

func (m *machine) evalAttribute(n *nodes.GetAttribute) (any, error) {
	if n.Attribute == "" {
		return m.evalMember(n.Node, member{index: n.Index, isIndex: true})
	}
	return m.evalMember(n.Node, member{key: n.Attribute})
}

func (m *machine) evalItem(n *nodes.GetItem) (any, error) {
	if n.Arg == nil {
		return nil, automation.Invalid("brackets without an index")
	}
	arg, err := m.eval(n.Arg)
	if err != nil {
		return nil, err
	}
	switch arg := arg.(type) {
	case string:
		return m.evalMember(n.Node, member{key: arg})
	case int64:
		if arg > math.MaxInt32 || arg < math.MinInt32 {
			return undefined{message: fmt.Sprintf("no index %d", arg)}, nil
		}
		return m.evalMember(n.Node, member{index: int(arg), isIndex: true})
	}
	return nil, automation.Invalid("a %s can not be an index", TypeName(arg))
}

func (m *machine) evalMember(of nodes.Node, access member) (any, error) {
	v, err := m.evalOpen(of)
	if err != nil {
		return nil, err
	}
	if k, ok := v.(key); ok && !access.isIndex {
		return k.child(access.key), nil
	}
	if v, err = m.settle(v); err != nil {
		return nil, err
	}
	switch target := v.(type) {
	case *namespace:
		v = target.names
	case string:
		if access.isIndex {
			v, err = m.items(target)
		}
	}
	if err != nil {
		return nil, err
	}
	value, missing := access.of(v)
	if missing != "" {
		return undefined{message: fill(missing, sourceOf(of))}, nil
	}
	return value, nil
}

// lookUp replaces a key by its value.
func (m *machine) lookUp(v any) (any, error) {
	k, ok := v.(key)
	if !ok {
		return v, nil
	}
	if err := m.spend(lookupCost); err != nil {
		return nil, err
	}
	return k.value()
}

// settle gives the value of what evalOpen returned, which must have one.
func (m *machine) settle(v any) (any, error) {
	v, err := m.lookUp(v)
	if u, ok := v.(undefined); ok && err == nil {
		return u.orText()
	}
	return v, err
}

// sourceOf names a node for messages.
func sourceOf(n nodes.Node) string {
	switch n := n.(type) {
	case *nodes.Name:
		return n.Name.Val
	case *nodes.GetAttribute:
		if n.Attribute != "" {
			return sourceOf(n.Node) + "." + n.Attribute
		}
	case *nodes.GetItem:
		switch arg := n.Arg.(type) {
		case *nodes.Integer:
			return fmt.Sprintf("%s[%d]", sourceOf(n.Node), arg.Val)
		case *nodes.String:
			return fmt.Sprintf("%s[%q]", sourceOf(n.Node), arg.Val)
		}
	}
	return "the expression"
}

func (m *machine) evalSlice(n *nodes.GetSlice) (any, error) {
	v, err := m.eval(n.Node)
	if err != nil {
		return nil, err
	}
	bounds, err := m.sliceBounds(n)
	if err != nil {
		return nil, err
	}
	items, err := m.items(v)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for i := range bounds.indexes(len(items)) {
		out = append(out, items[i])
	}
	if _, ok := v.(string); ok {
		return m.text(joinTexts(out, ""))
	}
	return out, nil
}

func (m *machine) sliceBounds(n *nodes.GetSlice) (b sliceBounds, err error) {
	for _, bound := range []struct {
		node nodes.Node
		into **int
	}{{n.Start, &b.start}, {n.End, &b.stop}, {n.Step, &b.step}} {
		if bound.node == nil {
			continue
		}
		v, err := m.eval(bound.node)
		if err != nil {
			return b, err
		}
		if v == nil {
			continue
		}
		i, ok := v.(int64)
		if !ok {
			return b, automation.Invalid("a %s can not be the bound of a slice", TypeName(v))
		}
		clamped := int(min(max(i, math.MinInt32), math.MaxInt32))
		*bound.into = &clamped
	}
	if b.step != nil && *b.step == 0 {
		return b, automation.Invalid("the step of a slice can not be 0")
	}
	return b, nil
}

func (m *machine) evalBinary(n *nodes.BinaryExpression) (any, error) {
	left, err := m.eval(n.Left)
	if err != nil {
		return nil, err
	}
	operator := n.Operator.Token.Type
	if operator == tokens.And && !truth(left) || operator == tokens.Or && truth(left) {
		return left, nil
	}
	right, err := m.eval(n.Right)
	if err != nil {
		return nil, err
	}
	return m.binary(operator, left, right)
}

func (m *machine) binary(operator tokens.Type, left, right any) (any, error) {
	switch operator {
	case tokens.And, tokens.Or:
		return right, nil
	case tokens.Equals, tokens.Ne:
		equal := Equal(left, right)
		return equal == (operator == tokens.Equals), m.spend(weight(left))
	case tokens.In:
		found, err := Contains(right, left)
		return found, errors.Join(err, m.spend(weight(right)))
	case tokens.Tilde:
		return m.text(Text(left) + Text(right))
	case tokens.LowerThan, tokens.LowerThanOrEqual, tokens.GreaterThan, tokens.GreaterThanOrEqual:
		return order(operator, left, right)
	case tokens.Addition:
		return m.add(left, right)
	case tokens.Multiply:
		return m.multiply(left, right)
	case tokens.Modulo:
		if format, ok := left.(string); ok {
			return m.formatOperator(format, right)
		}
	}
	return arithmetic(operator, left, right)
}

// weight is how much work it is to look at all of v.
func weight(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []any:
		return len(v) * bytesPerStep
	case map[string]any:
		return len(v) * bytesPerStep
	}
	return 0
}

func order(operator tokens.Type, left, right any) (any, error) {
	c, err := Compare(left, right)
	if err != nil {
		return nil, err
	}
	switch operator {
	case tokens.LowerThan:
		return c < 0, nil
	case tokens.LowerThanOrEqual:
		return c <= 0, nil
	case tokens.GreaterThan:
		return c > 0, nil
	}
	return c >= 0, nil
}

package expr

import (
	"errors"
	"fmt"
	"math"

	"github.com/squall-dev/squall/runtime/automation"
)

// eval evaluates an expression that must have a value.
func (m *machine) eval(n node) (any, error) {
	v, err := m.evalOpen(n)
	if err != nil {
		return nil, err
	}
	return m.settle(v)
}

// evalOptional may also return undefined.
func (m *machine) evalOptional(n node) (any, error) {
	v, err := m.evalOpen(n)
	if err != nil {
		return nil, err
	}
	return m.lookUp(v)
}

// evalOpen may also return a key that is not looked up yet.
func (m *machine) evalOpen(n node) (any, error) {
	if m.depth++; m.depth > maxEvalDepth {
		return nil, automation.Invalid("template nests too deep")
	}
	defer func() { m.depth-- }()
	if err := m.spend(0); err != nil {
		return nil, err
	}
	switch n := n.(type) {
	case *literal:
		return n.value, nil
	case *nameNode:
		return m.evalName(n.name)
	case *attrNode:
		return m.evalMember(n.of, member{key: n.name})
	case *itemNode:
		return m.evalItem(n)
	case *sliceNode:
		return m.evalSlice(n)
	case *callNode:
		return m.evalCall(n)
	case *filterNode:
		return m.evalFilter(n)
	case *testNode:
		return m.evalTest(n)
	}
	return m.evalOperation(n)
}

func (m *machine) evalOperation(n node) (any, error) {
	switch n := n.(type) {
	case *binaryNode:
		return m.evalBinary(n)
	case *compareNode:
		return m.evalCompare(n)
	case *conditionNode:
		return m.evalCondition(n)
	case *groupNode:
		return m.evalOpen(n.of)
	case *listNode:
		return m.evalList(n.items)
	case *dictNode:
		return m.evalDict(n)
	case *notNode:
		v, err := m.eval(n.of)
		return !truth(v), err
	case *signNode:
		return m.evalSign(n)
	case bodyText:
		return m.bodyText, nil
	}
	return nil, fmt.Errorf("unknown part %T", n)
}

// evalCondition is undefined if there is no else to choose.
func (m *machine) evalCondition(n *conditionNode) (any, error) {
	condition, err := m.eval(n.condition)
	switch {
	case err != nil:
		return nil, err
	case truth(condition):
		return m.evalOpen(n.then)
	case n.otherwise != nil:
		return m.evalOpen(n.otherwise)
	}
	return undefined{message: "the condition is false and there is no else"}, nil
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

func (m *machine) evalList(list []node) (any, error) {
	out := make([]any, 0, len(list))
	for _, n := range list {
		v, err := m.element(n)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return m.collection(out)
}

// element is a value that may be in a list or map, or leave the template.
func (m *machine) element(n node) (any, error) {
	v, err := m.eval(n)
	if err != nil {
		return nil, err
	}
	return v, errNoValue(v)
}

// errNoValue refuses what lives only while a template is evaluated.
func errNoValue(v any) error {
	switch v.(type) {
	case *namespace, *loop, *macro:
		return automation.Invalid("%v is no value, only what it holds is", v)
	}
	return nil
}

func (m *machine) evalDict(n *dictNode) (any, error) {
	out := make(map[string]any, len(n.keys))
	for i := range n.keys {
		key, err := m.element(n.keys[i])
		if err != nil {
			return nil, err
		}
		if out[Text(key)], err = m.element(n.values[i]); err != nil {
			return nil, err
		}
	}
	return m.collection(out)
}

func (m *machine) evalSign(n *signNode) (any, error) {
	v, err := m.eval(n.of)
	if err != nil {
		return nil, err
	}
	if !n.negative {
		return arithmetic(opAdd, int64(0), v)
	}
	if f, ok := v.(float64); ok {
		return -f, nil
	}
	return arithmetic(opSubtract, int64(0), v)
}

func (m *machine) evalItem(n *itemNode) (any, error) {
	arg, err := m.eval(n.key)
	if err != nil {
		return nil, err
	}
	switch arg := arg.(type) {
	case string:
		return m.evalMember(n.of, member{key: arg})
	case int64:
		if arg > math.MaxInt32 || arg < math.MinInt32 {
			return undefined{message: fmt.Sprintf("no index %d", arg)}, nil
		}
		return m.evalMember(n.of, member{index: int(arg), isIndex: true})
	}
	return nil, automation.Invalid("a %s can not be an index", TypeName(arg))
}

func (m *machine) evalMember(of node, access member) (any, error) {
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
	case *loop:
		return target.member(access.key), nil
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
func sourceOf(n node) string {
	switch n := n.(type) {
	case *nameNode:
		return n.name
	case *groupNode:
		return sourceOf(n.of)
	case *attrNode:
		return sourceOf(n.of) + "." + n.name
	case *itemNode:
		if key, ok := n.key.(*literal); ok {
			if s, ok := key.value.(string); ok {
				return fmt.Sprintf("%s[%q]", sourceOf(n.of), s)
			}
			return fmt.Sprintf("%s[%v]", sourceOf(n.of), key.value)
		}
	}
	return "the expression"
}

func (m *machine) evalSlice(n *sliceNode) (any, error) {
	v, err := m.eval(n.of)
	if err != nil {
		return nil, err
	}
	bounds, err := m.sliceBounds(n)
	if err != nil {
		return nil, err
	}
	if _, ok := v.(map[string]any); ok {
		return nil, automation.Invalid("a map can not be sliced")
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

func (m *machine) sliceBounds(n *sliceNode) (b sliceBounds, err error) {
	for _, bound := range []struct {
		node node
		into **int
	}{{n.start, &b.start}, {n.stop, &b.stop}, {n.step, &b.step}} {
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

func (m *machine) evalBinary(n *binaryNode) (any, error) {
	left, err := m.eval(n.left)
	if err != nil {
		return nil, err
	}
	if n.operator == opAnd && !truth(left) || n.operator == opOr && truth(left) {
		return left, nil
	}
	right, err := m.eval(n.right)
	if err != nil {
		return nil, err
	}
	return m.binary(n.operator, left, right)
}

// evalCompare looks at each value once, and no further than the first comparison
// that does not hold.
func (m *machine) evalCompare(n *compareNode) (any, error) {
	left, err := m.eval(n.first)
	if err != nil {
		return nil, err
	}
	for _, c := range n.rest {
		right, err := m.eval(c.with)
		if err != nil {
			return nil, err
		}
		held, err := m.binary(c.operator, left, right)
		if err != nil || !truth(held) {
			return false, err
		}
		left = right
	}
	return true, nil
}

func (m *machine) binary(o operator, left, right any) (any, error) {
	switch o {
	case opAnd, opOr:
		return right, nil
	case opEqual, opNotEqual:
		equal := Equal(left, right)
		return equal == (o == opEqual), m.spend(weight(left))
	case opIn, opNotIn:
		found, err := Contains(right, left)
		return found == (o == opIn), errors.Join(err, m.spend(weight(right)))
	case opConcat:
		return m.text(Text(left) + Text(right))
	case opLess, opAtMost, opGreater, opAtLeast:
		return order(o, left, right)
	case opAdd:
		return m.add(left, right)
	case opMultiply:
		return m.multiply(left, right)
	case opModulo:
		if format, ok := left.(string); ok {
			return m.formatOperator(format, right)
		}
	}
	return arithmetic(o, left, right)
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

func order(o operator, left, right any) (any, error) {
	c, err := Compare(left, right)
	if err != nil {
		return nil, err
	}
	switch o {
	case opLess:
		return c < 0, nil
	case opAtMost:
		return c <= 0, nil
	case opGreater:
		return c > 0, nil
	}
	return c >= 0, nil
}

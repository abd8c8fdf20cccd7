package expr

// node is a part of an expression, and statement a part of a template. Both are
// made by the parser only and never change afterwards.
type (
	node      any
	statement any
)

// operator is how the language writes what stands between two values.
type operator string

const (
	opAdd      operator = "+"
	opSubtract operator = "-"
	opMultiply operator = "*"
	opDivide   operator = "/"
	opFloor    operator = "//"
	opModulo   operator = "%"
	opPower    operator = "**"
	opConcat   operator = "~"
	opEqual    operator = "=="
	opNotEqual operator = "!="
	opLess     operator = "<"
	opAtMost   operator = "<="
	opGreater  operator = ">"
	opAtLeast  operator = ">="
	opIn       operator = "in"
	opNotIn    operator = "not in"
	opAnd      operator = "and"
	opOr       operator = "or"
)

type (
	literal  struct{ value any }
	nameNode struct{ name string }
	attrNode struct { // of.name
		of   node
		name string
	}
	itemNode struct { // of[key]
		of, key node
	}
	sliceNode struct { // of[start:stop:step]; a nil bound is not written
		of, start, stop, step node
	}
	callNode struct {
		function node
		callArguments
	}
	filterNode struct { // of | name(...)
		of   node
		name string
		run  filterFunc // nil for default, which sees what is not there
		callArguments
	}
	testNode struct { // of is name(...)
		of     node
		name   string
		run    testFunc
		negate bool
		callArguments
	}
	binaryNode struct {
		operator    operator
		left, right node
	}
	compareNode struct { // first < rest[0] < rest[1] ...
		first node
		rest  []comparison
	}
	comparison struct {
		operator operator
		with     node
	}
	notNode  struct{ of node }
	signNode struct {
		of       node
		negative bool
	}
	conditionNode struct { // then if condition else otherwise, which may be nil
		then, condition, otherwise node
	}
	listNode struct{ items []node }
	dictNode struct{ keys, values []node }
	// groupNode is what stands in parentheses.
	groupNode struct{ of node }
)

// callArguments are those between the parentheses of a call.
type callArguments struct {
	positional []node
	names      []string // of named
	named      []node
}

// target is what for and set bind: one name, or several that share out a list.
type target struct {
	name  string
	parts []target
}

type (
	textStatement   struct{ text string }
	outputStatement struct{ of node }
	ifStatement     struct {
		conditions []node
		blocks     [][]statement // one more than conditions when there is an else
	}
	forStatement struct {
		target    target
		over      node
		condition node // nil takes every item
		body      []statement
		otherwise []statement // for an empty list
	}
	setStatement struct {
		target    target
		attribute string // of a namespace; usually empty
		value     node   // nil when the body is the value
		body      []statement
		filters   node // what the body goes through; nil for none
	}
	withStatement struct {
		targets []target
		values  []node
		body    []statement
	}
	filterStatement struct {
		filters node
		body    []statement
	}
)

// bodyText is the innermost value of the filters of a block: the block's text.
type bodyText struct{}

package expr

import (
	"strings"
)

// maxNesting bounds brackets and blocks inside each other: the parser recurses.
const maxNesting = 100

// parser reads the tokens of a template by recursive descent, one function for
// each level of precedence. The grammar is that of Jinja 3.
type parser struct {
	source  string
	tokens  []token
	at      int
	depth   int
	filters map[string]filterFunc
	tests   map[string]testFunc
}

func (p *parser) now() token { return p.tokens[p.at] }

// ahead is the token after the present one.
func (p *parser) ahead() token { return p.tokens[min(p.at+1, len(p.tokens)-1)] }

func (p *parser) errorf(format string, args ...any) error {
	return errAt(p.source, p.now().at, format, args...)
}

// skip goes on if the present token is this sign or name.
func (p *parser) skip(k kind, text string) bool {
	if t := p.now(); t.kind == k && t.text == text {
		p.at++
		return true
	}
	return false
}

func (p *parser) sign(text string) bool { return p.skip(kindSign, text) }
func (p *parser) word(text string) bool { return p.skip(kindName, text) }

func (p *parser) want(text string) error {
	if !p.sign(text) {
		return p.errorf("%q is missing", text)
	}
	return nil
}

func (p *parser) isWord(words ...string) bool {
	t := p.now()
	for _, w := range words {
		if t.kind == kindName && t.text == w {
			return true
		}
	}
	return false
}

func (p *parser) isSign(text string) bool {
	t := p.now()
	return t.kind == kindSign && t.text == text
}

// deeper counts recursion; call the result to come back.
func (p *parser) deeper() (func(), error) {
	if p.depth++; p.depth > maxNesting {
		return func() {}, p.errorf("this nests deeper than %d", maxNesting)
	}
	return func() { p.depth-- }, nil
}

// expression reads a whole expression, with "if" and "else".
func (p *parser) expression() (node, error) {
	back, err := p.deeper()
	defer back()
	if err != nil {
		return nil, err
	}
	left, err := p.or()
	for err == nil && p.word("if") {
		c := &conditionNode{then: left}
		if c.condition, err = p.or(); err == nil && p.word("else") {
			c.otherwise, err = p.expression()
		}
		left = c
	}
	return left, err
}

// tuple reads expressions with commas between them; one without a comma is itself.
func (p *parser) tuple(part func() (node, error)) (node, error) {
	first, err := part()
	if err != nil || !p.isSign(",") {
		return first, err
	}
	list := &listNode{items: []node{first}}
	for p.sign(",") {
		if !p.beginsExpression() {
			break
		}
		item, err := part()
		if err != nil {
			return nil, err
		}
		list.items = append(list.items, item)
	}
	return list, nil
}

func (p *parser) beginsExpression() bool {
	switch t := p.now(); t.kind {
	case kindString, kindNumber:
		return true
	case kindName:
		return !p.isWord("if", "else", "in", "is", "and", "or", "recursive")
	case kindSign:
		return strings.Contains("([{+-", t.text)
	}
	return false
}

func (p *parser) or() (node, error) {
	left, err := p.and()
	for err == nil && p.word("or") {
		left, err = p.right(opOr, left, p.and)
	}
	return left, err
}

func (p *parser) and() (node, error) {
	left, err := p.not()
	for err == nil && p.word("and") {
		left, err = p.right(opAnd, left, p.not)
	}
	return left, err
}

func (p *parser) right(o operator, left node, read func() (node, error)) (node, error) {
	right, err := read()
	return &binaryNode{operator: o, left: left, right: right}, err
}

func (p *parser) not() (node, error) {
	if !p.word("not") {
		return p.comparison()
	}
	back, err := p.deeper()
	defer back()
	if err != nil {
		return nil, err
	}
	of, err := p.not()
	return &notNode{of}, err
}

func (p *parser) comparison() (node, error) {
	first, err := p.sum()
	if err != nil {
		return nil, err
	}
	var rest []comparison
	for {
		o, ok := p.comparisonOperator()
		if !ok {
			break
		}
		with, err := p.sum()
		if err != nil {
			return nil, err
		}
		rest = append(rest, comparison{o, with})
	}
	if rest == nil {
		return first, nil
	}
	return &compareNode{first: first, rest: rest}, nil
}

func (p *parser) comparisonOperator() (operator, bool) {
	t := p.now()
	if t.kind == kindName {
		if next := p.ahead(); t.text == "not" && next.kind == kindName && next.text == "in" {
			p.at += 2
			return opNotIn, true
		}
		return opIn, p.word("in")
	}
	switch o := operator(t.text); o {
	case opEqual, opNotEqual, opLess, opAtMost, opGreater, opAtLeast:
		return o, t.kind == kindSign && p.sign(t.text)
	}
	return "", false
}

// chain reads operators of one precedence, which group from the left.
func (p *parser) chain(next func() (node, error), operators ...operator) (node, error) {
	left, err := next()
	for err == nil {
		o, found := p.oneOf(operators)
		if !found {
			break
		}
		left, err = p.right(o, left, next)
	}
	return left, err
}

func (p *parser) oneOf(operators []operator) (operator, bool) {
	for _, o := range operators {
		if p.sign(string(o)) {
			return o, true
		}
	}
	return "", false
}

func (p *parser) sum() (node, error)    { return p.chain(p.concat, opAdd, opSubtract) }
func (p *parser) concat() (node, error) { return p.chain(p.product, opConcat) }
func (p *parser) product() (node, error) {
	return p.chain(p.power, opMultiply, opFloor, opDivide, opModulo)
}
func (p *parser) power() (node, error) { return p.chain(p.unary, opPower) }

// unary reads a value with the filters and tests behind it.
func (p *parser) unary() (node, error) {
	of, err := p.signed()
	if err != nil {
		return nil, err
	}
	return p.filtersAndTests(of)
}

func (p *parser) signed() (node, error) {
	negative := p.isSign("-")
	if !negative && !p.isSign("+") {
		of, err := p.primary()
		if err != nil {
			return nil, err
		}
		return p.postfix(of)
	}
	p.at++
	back, err := p.deeper()
	defer back()
	if err != nil {
		return nil, err
	}
	of, err := p.signed()
	return &signNode{of: of, negative: negative}, err
}

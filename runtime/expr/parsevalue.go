package expr

import "strings"

func (p *parser) primary() (node, error) {
	t := p.now()
	switch t.kind {
	case kindName:
		return p.nameOrConstant()
	case kindString:
		return p.strings(), nil
	case kindNumber:
		p.at++
		v, ok := readNumber(t.text)
		if !ok {
			p.at--
			return nil, p.errorf("%.40s is no number", t.text)
		}
		return &literal{v}, nil
	case kindSign:
		switch {
		case p.sign("("):
			return p.parentheses()
		case p.sign("["):
			return p.list()
		case p.sign("{"):
			return p.dict()
		}
	}
	return nil, p.errorf("a value is missing")
}

func (p *parser) nameOrConstant() (node, error) {
	name := p.now().text
	switch name {
	case "true", "True":
		p.at++
		return &literal{true}, nil
	case "false", "False":
		p.at++
		return &literal{false}, nil
	case "none", "None":
		p.at++
		return &literal{nil}, nil
	case "if", "else", "in", "is", "and", "or", "not":
		return nil, p.errorf("a value is missing before %q", name)
	}
	p.at++
	return &nameNode{name}, nil
}

// strings joins texts that stand side by side.
func (p *parser) strings() node {
	var b strings.Builder
	for p.now().kind == kindString {
		b.WriteString(p.now().text)
		p.at++
	}
	return &literal{b.String()}
}

func (p *parser) parentheses() (node, error) {
	if p.sign(")") {
		return &listNode{}, nil
	}
	of, err := p.tuple(p.expression)
	if err != nil {
		return nil, err
	}
	return &groupNode{of}, p.want(")")
}

// items reads up to the closing sign, with commas between and perhaps at the end.
func (p *parser) items(shut string, read func() error) error {
	for !p.sign(shut) {
		if err := read(); err != nil {
			return err
		}
		if !p.sign(",") && !p.isSign(shut) {
			return p.errorf("%q or a comma is missing", shut)
		}
	}
	return nil
}

func (p *parser) list() (node, error) {
	list := &listNode{}
	err := p.items("]", func() error {
		item, err := p.expression()
		list.items = append(list.items, item)
		return err
	})
	return list, err
}

func (p *parser) dict() (node, error) {
	dict := &dictNode{}
	err := p.items("}", func() error {
		key, err := p.expression()
		if err != nil {
			return err
		}
		if err := p.want(":"); err != nil {
			return err
		}
		value, err := p.expression()
		dict.keys, dict.values = append(dict.keys, key), append(dict.values, value)
		return err
	})
	return dict, err
}

// postfix reads members, subscripts and calls. They make the tree deep, not the
// parser: each one counts against the same bound.
func (p *parser) postfix(of node) (node, error) {
	for {
		var err error
		switch {
		case p.sign("."):
			of, err = p.member(of)
		case p.sign("["):
			of, err = p.subscript(of)
		case p.sign("("):
			call := &callNode{function: of}
			of, err = call, p.arguments(&call.callArguments)
		default:
			return of, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (p *parser) member(of node) (node, error) {
	t := p.now()
	p.at++
	switch t.kind {
	case kindName:
		return &attrNode{of: of, name: t.text}, nil
	case kindNumber:
		return p.numberMembers(of, t.text)
	}
	p.at--
	return nil, p.errorf("a name is missing after the dot")
}

// numberMembers reads list.0, and list.0.1, which is lexed as a number with a
// fraction.
func (p *parser) numberMembers(of node, digits string) (node, error) {
	for part := range strings.SplitSeq(digits, ".") {
		v, ok := readNumber(part)
		if _, whole := v.(int64); !ok || !whole {
			p.at--
			return nil, p.errorf("%.40s is no index", digits)
		}
		of = &itemNode{of: of, key: &literal{v}}
	}
	return of, nil
}

func (p *parser) subscript(of node) (node, error) {
	var bounds [3]node
	at, colons := 0, 0
	for !p.isSign("]") {
		if p.sign(":") {
			colons++
			if at++; at > 2 {
				return nil, p.errorf("a slice has three parts at most")
			}
			continue
		}
		if bounds[at] != nil {
			return nil, p.errorf("%q is missing", "]")
		}
		var err error
		if bounds[at], err = p.expression(); err != nil {
			return nil, err
		}
	}
	switch {
	case colons > 0:
		p.at++
		return &sliceNode{of: of, start: bounds[0], stop: bounds[1], step: bounds[2]}, nil
	case bounds[0] == nil:
		return nil, p.errorf("an index is missing")
	}
	p.at++
	return &itemNode{of: of, key: bounds[0]}, nil
}

func (p *parser) arguments(into *callArguments) error {
	return p.items(")", func() error {
		name := ""
		if next := p.ahead(); p.now().kind == kindName && next.kind == kindSign && next.text == "=" {
			name = p.now().text
			p.at += 2
		}
		value, err := p.expression()
		switch {
		case err != nil:
			return err
		case name != "":
			into.names, into.named = append(into.names, name), append(into.named, value)
		case into.named != nil:
			return p.errorf("an argument without a name follows one with a name")
		default:
			into.positional = append(into.positional, value)
		}
		return nil
	})
}

func (p *parser) filtersAndTests(of node) (node, error) {
	for {
		var err error
		switch {
		case p.sign("|"):
			of, err = p.filter(of)
		case p.word("is"):
			of, err = p.test(of)
		default:
			return of, nil
		}
		if err != nil {
			return nil, err
		}
		if of, err = p.postfixCall(of); err != nil {
			return nil, err
		}
	}
}

// postfixCall lets nothing be called that a filter or test gave.
func (p *parser) postfixCall(of node) (node, error) {
	if p.isSign("(") {
		return nil, p.errorf("the result of a filter or test can not be called")
	}
	return of, nil
}

func (p *parser) filter(of node) (node, error) {
	t := p.now()
	if t.kind != kindName {
		return nil, p.errorf("the name of a filter is missing")
	}
	run, ok := p.filters[t.text]
	if !ok && !isDefault(t.text) {
		return nil, errFilter(t.text)
	}
	p.at++
	f := &filterNode{of: of, name: t.text, run: run}
	if p.sign("(") {
		return f, p.arguments(&f.callArguments)
	}
	return f, nil
}

// test reads "is name", "is not name", "is name(...)" and "is name value".
func (p *parser) test(of node) (node, error) {
	t := &testNode{of: of, negate: p.word("not")}
	name := p.now()
	if name.kind != kindName {
		return nil, p.errorf("the name of a test is missing")
	}
	run, ok := p.tests[name.text]
	if !ok {
		return nil, errTest(name.text)
	}
	t.run = run
	p.at++
	t.name = name.text
	if p.sign("(") {
		return t, p.arguments(&t.callArguments)
	}
	if !p.beginsTestArgument() {
		return t, nil
	}
	arg, err := p.primary()
	if err == nil {
		arg, err = p.postfix(arg)
	}
	t.positional = []node{arg}
	return t, err
}

func (p *parser) beginsTestArgument() bool {
	switch t := p.now(); t.kind {
	case kindString, kindNumber:
		return true
	case kindName:
		return !p.isWord("if", "else", "or", "and", "in", "is", "not", "recursive")
	case kindSign:
		return t.text == "[" || t.text == "{"
	}
	return false
}

package expr

import (
	"slices"
	"strings"
)

// parseTemplate reads a whole template.
func parseTemplate(source string) ([]statement, error) {
	tokens, err := lex(source)
	if err != nil {
		return nil, err
	}
	p := &parser{source: source, tokens: tokens, filters: filters(), tests: tests()}
	body, _, err := p.body()
	return body, err
}

// body reads up to one of the names that end a block, which it leaves behind, or
// to the end of the template if there are none.
func (p *parser) body(ends ...string) (list []statement, end string, err error) {
	back, err := p.deeper()
	defer back()
	if err != nil {
		return nil, "", err
	}
	for {
		t := p.now()
		p.at++
		switch t.kind {
		case kindEnd:
			if p.at--; len(ends) > 0 {
				return nil, "", p.errorf("{%% %s %%} is missing", ends[len(ends)-1])
			}
			return list, "", nil
		case kindText:
			list = append(list, &textStatement{t.text})
			continue
		case kindBlock:
			if name := p.now(); name.kind == kindName && slices.Contains(ends, name.text) {
				p.at++
				return list, name.text, nil
			}
		}
		s, err := p.statement(t.kind)
		if err != nil {
			return nil, "", err
		}
		list = append(list, s)
	}
}

func (p *parser) statement(k kind) (statement, error) {
	if k == kindOutput {
		of, err := p.tuple(p.expression)
		if err != nil {
			return nil, err
		}
		return &outputStatement{of}, p.close(kindOutputEnd)
	}
	name := p.now()
	if name.kind != kindName {
		return nil, p.errorf("the name of a statement is missing")
	}
	p.at++
	switch name.text {
	case "if":
		return p.ifBlock()
	case "for":
		return p.forBlock()
	case "set":
		return p.set()
	case "with":
		return p.with()
	case "filter":
		return p.filterBlock()
	case "macro":
		return p.macroBlock()
	}
	p.at--
	return nil, p.errorf("there is no statement %s here; the statements are if, for, set, with, filter, macro and raw", name.text)
}

func (p *parser) close(k kind) error {
	if p.now().kind != k {
		return p.errorf("there is more between the braces than belongs there")
	}
	p.at++
	return nil
}

// block is body with the closing braces on both of its sides.
func (p *parser) block(ends ...string) (list []statement, end string, err error) {
	if err := p.close(kindBlockEnd); err != nil {
		return nil, "", err
	}
	return p.body(ends...)
}

// lastBlock is block, and the end's own closing braces.
func (p *parser) lastBlock(end string) ([]statement, error) {
	list, _, err := p.block(end)
	if err != nil {
		return nil, err
	}
	return list, p.close(kindBlockEnd)
}

func (p *parser) ifBlock() (statement, error) {
	s := &ifStatement{}
	for {
		condition, err := p.tuple(p.expression)
		if err != nil {
			return nil, err
		}
		body, end, err := p.block("elif", "else", "endif")
		if err != nil {
			return nil, err
		}
		s.conditions, s.blocks = append(s.conditions, condition), append(s.blocks, body)
		switch end {
		case "endif":
			return s, p.close(kindBlockEnd)
		case "else":
			otherwise, err := p.lastBlock("endif")
			s.blocks = append(s.blocks, otherwise)
			return s, err
		}
	}
}

func (p *parser) forBlock() (statement, error) {
	s := &forStatement{}
	var err error
	if s.target, err = p.targets(); err != nil {
		return nil, err
	}
	if !p.word("in") {
		return nil, p.errorf("for needs the word in")
	}
	if s.over, err = p.tuple(p.or); err != nil {
		return nil, err
	}
	if p.word("if") {
		if s.condition, err = p.expression(); err != nil {
			return nil, err
		}
	}
	if p.isWord("recursive") {
		return nil, p.errorf("loops that call themselves are not offered")
	}
	body, end, err := p.block("else", "endfor")
	if err != nil {
		return nil, err
	}
	if s.body = body; end == "else" {
		s.otherwise, err = p.lastBlock("endfor")
		return s, err
	}
	return s, p.close(kindBlockEnd)
}

// targets reads the names that for and set bind.
func (p *parser) targets() (target, error) {
	first, err := p.target()
	if err != nil || !p.isSign(",") {
		return first, err
	}
	all := target{parts: []target{first}}
	for p.sign(",") {
		if p.now().kind != kindName && !p.isSign("(") || p.isWord("in") {
			break
		}
		next, err := p.target()
		if err != nil {
			return target{}, err
		}
		all.parts = append(all.parts, next)
	}
	return all, nil
}

func (p *parser) target() (target, error) {
	back, err := p.deeper()
	defer back()
	if err != nil {
		return target{}, err
	}
	if p.sign("(") {
		inner, err := p.targets()
		if err != nil {
			return target{}, err
		}
		return inner, p.want(")")
	}
	name := p.now()
	if name.kind != kindName || reservedName(name.text) {
		return target{}, p.errorf("a name is missing")
	}
	p.at++
	return target{name: name.text}, nil
}

func (p *parser) set() (statement, error) {
	s := &setStatement{}
	var err error
	if s.target, err = p.targets(); err != nil {
		return nil, err
	}
	if s.target.name != "" && p.sign(".") {
		if s.attribute = p.now().text; p.now().kind != kindName {
			return nil, p.errorf("a name is missing after the dot")
		}
		p.at++
	}
	if p.sign("=") {
		if s.value, err = p.tuple(p.expression); err != nil {
			return nil, err
		}
		return s, p.close(kindBlockEnd)
	}
	if p.isSign("|") {
		if s.filters, err = p.filtersAndTests(bodyText{}); err != nil {
			return nil, err
		}
	}
	s.body, err = p.lastBlock("endset")
	return s, err
}

func (p *parser) with() (statement, error) {
	s := &withStatement{}
	for p.now().kind != kindBlockEnd {
		name, err := p.target()
		if err != nil {
			return nil, err
		}
		if err := p.want("="); err != nil {
			return nil, err
		}
		value, err := p.expression()
		if err != nil {
			return nil, err
		}
		s.targets, s.values = append(s.targets, name), append(s.values, value)
		if !p.sign(",") {
			break
		}
	}
	var err error
	s.body, err = p.lastBlock("endwith")
	return s, err
}

// filterBlock reads the names after {% filter as what stands behind a bar.
func (p *parser) filterBlock() (statement, error) {
	first, err := p.filter(bodyText{})
	if err != nil {
		return nil, err
	}
	s := &filterStatement{}
	if s.filters, err = p.filtersAndTests(first); err != nil {
		return nil, err
	}
	s.body, err = p.lastBlock("endfilter")
	return s, err
}

// single returns the one expression that is the whole template, if it is one.
func single(list []statement) node {
	var only node
	for _, s := range list {
		out, ok := s.(*outputStatement)
		if !ok || only != nil {
			return nil
		}
		only = out.of
	}
	return only
}

// isComparison is false for one in parentheses.
func isComparison(n node) bool {
	switch n := n.(type) {
	case *testNode, *notNode, *compareNode:
		return true
	case *binaryNode:
		return n.operator == opAnd || n.operator == opOr
	}
	return false
}

// excerpt shortens a source for messages.
func excerpt(source string) string {
	if len(source) > 80 {
		source = strings.ToValidUTF8(source[:80], "") + "…"
	}
	return source
}

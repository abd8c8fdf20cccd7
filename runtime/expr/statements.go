package expr

import (
	"errors"

	"github.com/nikolalohinski/gonja/v2/nodes"
	"github.com/nikolalohinski/gonja/v2/parser"
	"github.com/nikolalohinski/gonja/v2/tokens"
)

// statements are the {% %} that templates may use. Those that reach for other
// templates, define macros or change what is around them are not there.
type statements struct{}

// Get finds the parser of a statement.
func (statements) Get(name string) (parser.ControlStructureParser, bool) {
	switch name {
	case "if":
		return parseIf, true
	case "for":
		return parseFor, true
	case "set":
		return parseSet, true
	case "raw":
		return parseRaw, true
	}
	return nil, false
}

// statement is what all statements share: a place in the source.
type statement struct{ at *tokens.Token }

// Position and String make statements nodes of the syntax tree.
func (s *statement) Position() *tokens.Token { return s.at }
func (s *statement) String() string          { return "statement" }

type ifStatement struct {
	statement
	conditions []nodes.Expression
	blocks     []*nodes.Wrapper // one more than conditions when there is an else
}

func parseIf(p, args *parser.Parser) (nodes.ControlStructure, error) {
	s := &ifStatement{statement: statement{p.Current()}}
	for {
		condition, err := wholeExpression(args)
		if err != nil {
			return nil, err
		}
		s.conditions = append(s.conditions, condition)
		block, rest, err := p.WrapUntil("elif", "else", "endif")
		if err != nil {
			return nil, err
		}
		s.blocks = append(s.blocks, block)
		switch block.EndTag {
		case "endif":
			return s, nothingLeft(rest)
		case "else":
			if err := nothingLeft(rest); err != nil {
				return nil, err
			}
			return s, s.parseElse(p)
		}
		args = rest
	}
}

func (s *ifStatement) parseElse(p *parser.Parser) error {
	block, rest, err := p.WrapUntil("endif")
	if err != nil {
		return err
	}
	s.blocks = append(s.blocks, block)
	return nothingLeft(rest)
}

type forStatement struct {
	statement
	names     []string
	over      nodes.Expression
	condition nodes.Expression // nil takes every item
	body      *nodes.Wrapper
	otherwise *nodes.Wrapper // for an empty list; may be nil
}

func parseFor(p, args *parser.Parser) (nodes.ControlStructure, error) {
	s := &forStatement{statement: statement{p.Current()}}
	if err := s.parseHead(args); err != nil {
		return nil, err
	}
	body, rest, err := p.WrapUntil("else", "endfor")
	if err != nil {
		return nil, err
	}
	s.body = body
	if body.EndTag == "else" {
		if s.otherwise, rest, err = p.WrapUntil("endfor"); err != nil {
			return nil, err
		}
	}
	return s, nothingLeft(rest)
}

func (s *forStatement) parseHead(args *parser.Parser) error {
	for {
		name := args.Match(tokens.Name)
		if name == nil {
			return errors.New("for needs a name")
		}
		s.names = append(s.names, name.Val)
		if args.Match(tokens.Comma) == nil {
			break
		}
	}
	if args.Match(tokens.In) == nil {
		return errors.New("for needs the word in")
	}
	over, err := args.ParseExpression()
	if err != nil {
		return err
	}
	s.over = over
	if args.MatchName("if") != nil {
		if s.condition, err = args.ParseExpression(); err != nil {
			return err
		}
	}
	return nothingLeft(args)
}

type setStatement struct {
	statement
	name      string
	attribute string // of a namespace; usually empty
	value     *nodes.Output
}

func parseSet(p, args *parser.Parser) (nodes.ControlStructure, error) {
	s := &setStatement{statement: statement{p.Current()}}
	name := args.Match(tokens.Name)
	if name == nil {
		return nil, errors.New("set needs a name")
	}
	s.name = name.Val
	if args.Match(tokens.Dot) != nil {
		attribute := args.Match(tokens.Name)
		if attribute == nil {
			return nil, errors.New("set needs a name after the dot")
		}
		s.attribute = attribute.Val
	}
	if args.Match(tokens.Assign) == nil {
		return nil, errors.New("set needs an equals sign")
	}
	value, err := args.ParseExpression()
	if err != nil {
		return nil, err
	}
	condition, alternative, err := args.ParseCondition()
	if err != nil {
		return nil, err
	}
	s.value = &nodes.Output{Expression: value, Condition: condition, Alternative: alternative}
	return s, nothingLeft(args)
}

type rawStatement struct {
	statement
	text string
}

func parseRaw(p, args *parser.Parser) (nodes.ControlStructure, error) {
	s := &rawStatement{statement: statement{p.Current()}}
	block, _, err := p.WrapUntil("endraw")
	if err != nil {
		return nil, err
	}
	for _, n := range block.Nodes {
		data, ok := n.(*nodes.Data)
		if !ok {
			return nil, errors.New("raw holds more than text")
		}
		s.text += data.Data.Val
	}
	return s, nothingLeft(args)
}

func wholeExpression(args *parser.Parser) (nodes.Expression, error) {
	e, err := args.ParseExpression()
	if err != nil {
		return nil, err
	}
	if e == nil {
		return nil, errors.New("expected an expression")
	}
	return e, nothingLeft(args)
}

func nothingLeft(args *parser.Parser) error {
	if !args.End() {
		return errors.New("there is more in a statement than belongs there")
	}
	return nil
}

package expr

import (
	"fmt"
	"strings"

	"github.com/nikolalohinski/gonja/v2/config"
	"github.com/nikolalohinski/gonja/v2/nodes"
	"github.com/nikolalohinski/gonja/v2/parser"
	"github.com/nikolalohinski/gonja/v2/tokens"

	"github.com/squall-dev/squall/runtime/automation"
)

// maxNesting bounds brackets and blocks inside each other: the parser recurses.
const maxNesting = 100

// program is a template that needs more than following references. gonja reads
// it; the syntax tree is evaluated here and not by gonja, whose evaluation has
// no bounds, lets templates change the payload and differs from Jinja where it
// matters: [-1] of a list of one, None, division by zero, texts compared with
// numbers.
type program struct {
	nodes []nodes.Node
	// single is the only thing in the template, if that is one expression whose
	// type a caller may want.
	single *nodes.Output
}

func compileProgram(source string) (p *program, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			p, err = nil, errTemplate(source, fmt.Errorf("it can not be parsed: %v", fault))
		}
	}()
	if nesting(source) > maxNesting {
		return nil, automation.Invalid("template nests deeper than %d", maxNesting)
	}
	root, err := parse(source)
	if err != nil {
		return nil, errTemplate(source, err)
	}
	p = &program{nodes: root.Nodes}
	if err := checkNames(p.nodes, filters()); err != nil {
		return nil, errTemplate(source, err)
	}
	p.single = singleOutput(p.nodes, source)
	return p, nil
}

func parse(source string) (*nodes.Template, error) {
	cfg := config.New()
	cfg.TrimBlocks, cfg.LeftStripBlocks = true, true
	stream := tokens.LexAll(source, cfg)
	// Without a loader, and without the statements that need one, a template can
	// not reach any other.
	return parser.NewParser("template", stream, cfg, nil, statements{}).Parse()
}

func errTemplate(source string, err error) error {
	if len(source) > 80 {
		source = source[:80] + "…"
	}
	return automation.Invalid("template %q", source).Because(err).
		WithHint("to keep braces as they are, write {%% raw %%}{{ }}{%% endraw %%}")
}

// nesting counts the most brackets and statements that can be open at once. It
// counts those in texts too, which only makes it stricter.
func nesting(source string) int {
	open, deepest := strings.Count(source, "{%"), 0
	for i := range len(source) {
		switch source[i] {
		case '(', '[', '{':
			open++
		case ')', ']', '}':
			open--
		}
		deepest = max(deepest, open)
	}
	return deepest
}

// singleOutput returns the one output of the template, unless it is a comparison
// outside of parentheses: that has always given a text.
func singleOutput(list []nodes.Node, source string) *nodes.Output {
	var only *nodes.Output
	for _, n := range list {
		out, ok := n.(*nodes.Output)
		if n == nil {
			continue
		}
		if !ok || only != nil {
			return nil
		}
		only = out
	}
	if only == nil || isComparison(only.Expression) && !parenthesised(source) {
		return nil
	}
	return only
}

func isComparison(e nodes.Expression) bool {
	switch e := e.(type) {
	case *nodes.TestExpression, *nodes.Negation:
		return true
	case *nodes.BinaryExpression:
		switch e.Operator.Token.Type {
		case tokens.Equals, tokens.Ne, tokens.LowerThan, tokens.LowerThanOrEqual,
			tokens.GreaterThan, tokens.GreaterThanOrEqual, tokens.In, tokens.And, tokens.Or:
			return true
		}
	}
	return false
}

// parenthesised reports whether the one expression of the template stands in
// parentheses as a whole.
func parenthesised(source string) bool {
	s := strings.TrimSpace(source)
	s = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(s, "{{"), "}}"))
	if !strings.HasPrefix(s, "(") || !strings.HasSuffix(s, ")") {
		return false
	}
	open, quote := 0, byte(0)
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote && s[i-1] != '\\' {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '(':
			open++
		case c == ')':
			if open--; open == 0 && i < len(s)-1 {
				return false
			}
		}
	}
	return true
}

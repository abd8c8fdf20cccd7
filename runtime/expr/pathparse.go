package expr

import (
	"strconv"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

const (
	maxPathBytes = 4096
	// maxDescents bounds ".." in one path: each one multiplies the work by the
	// depth of the document.
	maxDescents = 2
)

// ParsePath compiles a key path such as
// "trigger.body.alerts[0].labels.'a.b'". Names with a dot, a blank or a digit in
// front must be quoted.
func ParsePath(s string) (Path, error) {
	if len(s) > maxPathBytes {
		return Path{}, automation.Invalid("key path of %d bytes is longer than %d", len(s), maxPathBytes)
	}
	p := pathParser{text: s}
	for p.skipBlanks(); !p.done(); p.skipBlanks() {
		if err := p.step(); err != nil {
			return Path{}, err
		}
	}
	if len(p.steps) == 0 {
		return Path{}, p.errorf("is empty")
	}
	return Path{source: s, steps: p.steps}, nil
}

type pathParser struct {
	text     string
	at       int
	steps    []step
	descents int
}

func (p *pathParser) done() bool { return p.at >= len(p.text) }

func (p *pathParser) errorf(format string, args ...any) error {
	return automation.Invalid("key path %q, character %d: "+format,
		append([]any{p.text, p.at + 1}, args...)...).
		WithHint("write names that hold dots, blanks or leading digits in quotes: trigger.labels['a.b']")
}

func (p *pathParser) skipBlanks() {
	for !p.done() && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
}

func (p *pathParser) accept(prefix string) bool {
	if strings.HasPrefix(p.text[p.at:], prefix) {
		p.at += len(prefix)
		return true
	}
	return false
}

func (p *pathParser) step() error {
	switch {
	case p.accept("["):
		return p.bracket()
	case len(p.steps) == 0:
		if p.accept("$") { // the root itself
			return p.afterRoot()
		}
		return p.name()
	case p.accept(".."):
		return p.descend()
	case p.accept("."):
		return p.name()
	}
	return p.errorf("expected a dot or a bracket")
}

func (p *pathParser) afterRoot() error {
	if p.accept(".") || p.done() {
		if p.done() {
			return p.errorf("names nothing")
		}
		return p.name()
	}
	return nil
}

func (p *pathParser) descend() error {
	if p.descents++; p.descents > maxDescents {
		return p.errorf("more than %d times \"..\"", maxDescents)
	}
	p.steps = append(p.steps, step{kind: stepDescend})
	if p.accept("[") {
		return p.bracket()
	}
	return p.name()
}

func (p *pathParser) name() error {
	p.skipBlanks()
	if p.accept("*") {
		p.steps = append(p.steps, step{kind: stepAll})
		return nil
	}
	key, err := p.key()
	if err != nil {
		return err
	}
	p.steps = append(p.steps, step{kind: stepKey, key: key})
	return nil
}

// key reads a bare or quoted name.
func (p *pathParser) key() (string, error) {
	if p.done() {
		return "", p.errorf("expected a name at the end")
	}
	if c := p.text[p.at]; c == '\'' || c == '"' {
		return p.quoted(c)
	}
	start := p.at
	for !p.done() && isNameByte(p.text[p.at], p.at == start) {
		p.at++
	}
	if p.at == start {
		return "", p.errorf("expected a name")
	}
	return p.text[start:p.at], nil
}

func isNameByte(c byte, first bool) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == '@':
		return true
	case c >= '0' && c <= '9', c == '-':
		return !first
	}
	return c >= 0x80 // a part of a letter outside ASCII
}

func (p *pathParser) quoted(quote byte) (string, error) {
	p.at++
	var b strings.Builder
	for ; !p.done(); p.at++ {
		switch c := p.text[p.at]; {
		case c == quote:
			p.at++
			return b.String(), nil
		case c == '\\' && p.at+1 < len(p.text):
			p.at++
			b.WriteByte(p.text[p.at])
		default:
			b.WriteByte(c)
		}
	}
	return "", p.errorf("quote is not closed")
}

func (p *pathParser) bracket() error {
	p.skipBlanks()
	s, err := p.inBrackets()
	if err != nil {
		return err
	}
	p.skipBlanks()
	if !p.accept("]") {
		return p.errorf("expected a closing bracket")
	}
	p.steps = append(p.steps, s)
	return nil
}

func (p *pathParser) inBrackets() (step, error) {
	switch {
	case p.accept("*"):
		return step{kind: stepAll}, nil
	case !p.done() && (p.text[p.at] == ':' || p.text[p.at] == '-' || isDigit(p.text[p.at])):
		return p.subscript()
	}
	key, err := p.key()
	return step{kind: stepKey, key: key}, err
}

func (p *pathParser) subscript() (step, error) {
	var bounds [3]*int
	n := 0
	for {
		i, err := p.integer()
		if err != nil {
			return step{}, err
		}
		bounds[n] = i
		p.skipBlanks()
		if n == 2 || !p.accept(":") {
			break
		}
		n++
		p.skipBlanks()
	}
	if n == 0 {
		return step{kind: stepIndex, index: *bounds[0]}, nil
	}
	if bounds[2] != nil && *bounds[2] == 0 {
		return step{}, p.errorf("the step of a slice can not be 0")
	}
	return step{kind: stepSlice, slice: sliceBounds{bounds[0], bounds[1], bounds[2]}}, nil
}

// integer reads an optional whole number; nil means that there is none.
func (p *pathParser) integer() (*int, error) {
	start := p.at
	p.accept("-")
	for !p.done() && isDigit(p.text[p.at]) {
		p.at++
	}
	if p.at == start {
		return nil, nil
	}
	i, err := strconv.ParseInt(p.text[start:p.at], 10, 32)
	if err != nil {
		return nil, p.errorf("%q is not an index", p.text[start:p.at])
	}
	n := int(i)
	return &n, nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

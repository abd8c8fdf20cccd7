package parameter

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxLiteralBytes = 1 << 20
	maxLiteralDepth = 100
)

var errLiteral = errors.New("not a literal")

// parseLiteral reads JSON, or what Python prints for a list or map: templates
// render values so. It never evaluates anything.
func parseLiteral(s string) (any, error) {
	if len(s) > maxLiteralBytes {
		return nil, errLiteral
	}
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err == nil && strings.TrimSpace(s[d.InputOffset():]) == "" {
		return normal(v), nil
	}
	p := literalParser{rest: s}
	v, err := p.value(0)
	if err != nil || p.peek() != 0 {
		return nil, errLiteral
	}
	return v, nil
}

type literalParser struct{ rest string }

// peek skips blanks and returns the next byte, or 0 at the end.
func (p *literalParser) peek() byte {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	if p.rest == "" {
		return 0
	}
	return p.rest[0]
}

func (p *literalParser) accept(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *literalParser) value(depth int) (any, error) {
	if depth > maxLiteralDepth {
		return nil, errLiteral
	}
	switch c := p.peek(); {
	case p.accept('['):
		return p.list(']', depth)
	case p.accept('('):
		return p.list(')', depth)
	case p.accept('{'):
		return p.object(depth)
	case c == '\'' || c == '"':
		return p.text()
	}
	return p.word()
}

func (p *literalParser) list(end byte, depth int) (any, error) {
	out := []any{}
	for !p.accept(end) {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		if !p.accept(',') && p.peek() != end {
			return nil, errLiteral
		}
	}
	return out, nil
}

func (p *literalParser) object(depth int) (any, error) {
	out := map[string]any{}
	for !p.accept('}') {
		key, err := p.value(depth + 1)
		name, ok := key.(string)
		if err != nil || !ok || !p.accept(':') {
			return nil, errLiteral
		}
		if out[name], err = p.value(depth + 1); err != nil {
			return nil, err
		}
		if !p.accept(',') && p.peek() != '}' {
			return nil, errLiteral
		}
	}
	return out, nil
}

func (p *literalParser) text() (any, error) {
	quote := p.rest[0]
	p.rest = p.rest[1:]
	var b strings.Builder
	for p.rest != "" && p.rest[0] != quote {
		r, err := p.character(quote)
		if err != nil {
			return nil, err
		}
		b.WriteRune(r)
	}
	if !strings.HasPrefix(p.rest, string(quote)) {
		return nil, errLiteral
	}
	p.rest = p.rest[1:]
	return b.String(), nil
}

// character reads one character or escape. Escapes are those of Go, which
// include what Python prints.
func (p *literalParser) character(quote byte) (rune, error) {
	if p.rest[0] != '\\' {
		r, n := utf8.DecodeRuneInString(p.rest)
		p.rest = p.rest[n:]
		return r, nil
	}
	if len(p.rest) > 1 && (p.rest[1] == '\'' || p.rest[1] == '"') {
		r := rune(p.rest[1])
		p.rest = p.rest[2:]
		return r, nil
	}
	isByte := strings.HasPrefix(p.rest, `\x`)
	r, multibyte, tail, err := strconv.UnquoteChar(p.rest, quote)
	if err != nil {
		return 0, errLiteral
	}
	if isByte && !multibyte {
		r &= 0xff
	}
	p.rest = tail
	return r, nil
}

func (p *literalParser) word() (any, error) {
	end := strings.IndexAny(p.rest, " \t\r\n,:]})")
	if end < 0 {
		end = len(p.rest)
	}
	word := p.rest[:end]
	p.rest = p.rest[end:]
	switch word {
	case "True", "true":
		return true, nil
	case "False", "false":
		return false, nil
	case "None", "null":
		return nil, nil
	}
	if isWhole(word) {
		return normal(json.Number(word)), nil
	}
	f, err := strconv.ParseFloat(word, 64)
	if err != nil || word == "" || strings.Trim(word, "+-.0123456789eE") != "" {
		return nil, errLiteral
	}
	return f, nil
}

package query

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/squall-dev/squall/runtime/automation"
)

// CodeBadFilter is the code of the error about a filter that was not understood.
const CodeBadFilter = "bad_filter"

// Parse understands a filter. Times that are given as durations count back from now.
// An error tells the column at which understanding ended, and what may have been
// meant.
func Parse(text string, now time.Time) (Filter, error) {
	p := &parser{text: text, now: now}
	if len(text) > longest {
		return Filter{}, automation.Invalid("the filter is longer than %d bytes", longest).WithCode(CodeBadFilter)
	}
	if !utf8.ValidString(text) {
		return Filter{}, automation.Invalid("the filter is not valid UTF-8").WithCode(CodeBadFilter)
	}
	var f Filter
	for p.skip(); p.at < len(p.text); p.skip() {
		if len(f.Terms) == mostTerms {
			return Filter{}, p.wrong(p.at, "there are more than %d terms", mostTerms)
		}
		t, err := p.term()
		if err != nil {
			return Filter{}, err
		}
		f.Terms = append(f.Terms, t)
	}
	return f, nil
}

type parser struct {
	text string
	at   int // byte
	now  time.Time
}

func (p *parser) wrong(at int, format string, args ...any) *automation.Error {
	e := automation.Invalid(format, args...).WithCode(CodeBadFilter)
	e.Message = "the filter, column " + itoa(p.column(at)) + ": " + e.Message
	return e
}

func (p *parser) column(at int) int { return utf8.RuneCountInString(p.text[:at]) + 1 }

func (p *parser) skip() {
	for p.at < len(p.text) {
		r, n := utf8.DecodeRuneInString(p.text[p.at:])
		if !unicode.IsSpace(r) {
			return
		}
		p.at += n
	}
}

// term reads one term, which begins here.
func (p *parser) term() (t Term, err error) {
	begin := p.at
	if p.text[p.at] == '-' {
		p.at++
		t.Not = true
		if p.at == len(p.text) || p.space() {
			return t, p.wrong(begin, "the minus turns nothing round").WithHint("write it before a term: -status:succeeded; or look for it in quotes")
		}
	}
	t.Column = p.column(begin)
	keyAt := p.at
	key, ok := p.key()
	if !ok {
		t.Field = Text
		if t.Values, err = p.words(); err != nil {
			return t, err
		}
		return t, p.check(&t, keyAt)
	}
	if t.Field, t.Name, err = p.field(key, keyAt); err != nil {
		return t, err
	}
	valueAt := p.at
	if t.Values, err = p.values(key); err != nil {
		return t, err
	}
	return t, p.check(&t, valueAt)
}

func (p *parser) space() bool {
	r, _ := utf8.DecodeRuneInString(p.text[p.at:])
	return unicode.IsSpace(r)
}

// key reads "name:" or "name.more:". What only looks like a key, such as a time of
// day, is none: a key begins with a letter.
func (p *parser) key() (string, bool) {
	for i := p.at; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == ':' && i > p.at:
			key := p.text[p.at:i]
			p.at = i + 1
			return key, true
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
		case i > p.at && (c >= '0' && c <= '9' || c == '.' || c == '-' || c == '[' || c == ']'):
		default:
			return "", false
		}
	}
	return "", false
}

// words reads what to look for: a word, or several in quotes.
func (p *parser) words() ([]Value, error) {
	v, err := p.value(false)
	if err != nil {
		return nil, err
	}
	return []Value{v}, nil
}

// values reads alternatives until a blank.
func (p *parser) values(key string) ([]Value, error) {
	var all []Value
	for {
		at := p.at
		if p.at == len(p.text) || p.space() || p.text[p.at] == ',' {
			return nil, p.wrong(at, "%s has no value", key).WithHint("write it without a blank: %s:VALUE", key)
		}
		if len(all) == mostValue {
			return nil, p.wrong(at, "%s has more than %d values", key, mostValue)
		}
		v, err := p.value(true)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
		if p.at == len(p.text) || p.text[p.at] != ',' {
			return all, nil
		}
		p.at++
	}
}

// value reads until a blank, or a comma among alternatives. Parts in quotes are
// taken as they are; \" is a quote there.
func (p *parser) value(list bool) (v Value, err error) {
	var b strings.Builder
	quoted := false
	for p.at < len(p.text) && !p.space() && !(list && p.text[p.at] == ',') {
		if p.text[p.at] == '"' {
			quoted = true
			if err := p.quoted(&b); err != nil {
				return v, err
			}
			continue
		}
		_, n := utf8.DecodeRuneInString(p.text[p.at:])
		b.WriteString(p.text[p.at : p.at+n])
		p.at += n
	}
	return Value{Text: b.String(), Glob: !quoted && strings.Contains(b.String(), "*")}, nil
}

func (p *parser) quoted(b *strings.Builder) error {
	begin := p.at
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return nil
		case c == '\\' && p.at+1 < len(p.text) && (p.text[p.at+1] == '"' || p.text[p.at+1] == '\\'):
			p.at++
			b.WriteByte(p.text[p.at])
		default:
			b.WriteByte(c)
		}
	}
	return p.wrong(begin, "the quote is not closed").WithHint(`close it with ", or write \" for the character in quotes`)
}

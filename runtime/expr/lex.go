package expr

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/squall-dev/squall/runtime/automation"
)

type kind int

const (
	kindEnd kind = iota
	kindText
	kindOutput    // {{
	kindOutputEnd // }}
	kindBlock     // {%
	kindBlockEnd  // %}
	kindName
	kindString
	kindNumber
	kindSign // an operator or a bracket
)

type token struct {
	kind kind
	text string
	at   int // where it begins in the source
}

// lexer cuts a template into tokens. Between the braces it knows brackets, since
// "}}" may end two maps, and texts, since they may hold braces.
type lexer struct {
	source string
	at     int
	tokens []token
	open   []byte // the brackets that are open
	// trim says what the next text loses at its beginning.
	trim trimming
}

type trimming int

const (
	trimNothing trimming = iota
	trimNewline          // after a statement or comment
	trimBlanks           // after a dash
)

func lex(source string) ([]token, error) {
	l := &lexer{source: source}
	for l.at < len(source) {
		if err := l.next(); err != nil {
			return nil, err
		}
	}
	l.add(kindEnd, "", len(source))
	return l.tokens, nil
}

func (l *lexer) add(k kind, text string, at int) {
	l.tokens = append(l.tokens, token{k, text, at})
}

func (l *lexer) errorf(at int, format string, args ...any) error {
	return errAt(l.source, at, format, args...)
}

// errAt names the place, by line only where there are several.
func errAt(source string, at int, format string, args ...any) error {
	before := source[:min(at, len(source))]
	place := fmt.Sprintf("character %d", utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])+1)
	if strings.Contains(source, "\n") {
		place = fmt.Sprintf("line %d, %s", strings.Count(before, "\n")+1, place)
	}
	return automation.Invalid("%s: %s", place, fmt.Sprintf(format, args...))
}

// next takes the text up to the next brace, and what stands between the braces.
func (l *lexer) next() error {
	begin, opening := len(l.source), ""
	for i := l.at; i+1 < len(l.source); i++ {
		if l.source[i] == '{' && strings.IndexByte("{%#", l.source[i+1]) >= 0 {
			begin, opening = i, l.source[i:i+2]
			break
		}
	}
	text := l.source[l.at:begin]
	after, mark := begin+len(opening), byte(0)
	if after < len(l.source) && opening != "" && (l.source[after] == '-' || l.source[after] == '+') {
		mark = l.source[after]
		after++
	}
	l.addText(text, opening, mark)
	l.at = after
	switch opening {
	case "{{":
		return l.inside(kindOutput, kindOutputEnd, begin)
	case "{%":
		return l.block(begin)
	case "{#":
		return l.comment(begin)
	}
	return nil
}

// addText adds a text without what the braces on both of its sides take away. As
// in StackStorm, statements and comments take the blanks before them when they
// begin their line, and the line's end after them.
func (l *lexer) addText(text, opening string, mark byte) {
	at, begun := l.at, len(text)
	switch l.trim {
	case trimBlanks:
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
	case trimNewline:
		text = strings.TrimPrefix(strings.TrimPrefix(text, "\r"), "\n")
	}
	switch {
	case mark == '-':
		text = strings.TrimRightFunc(text, unicode.IsSpace)
	case mark != '+' && (opening == "{%" || opening == "{#"):
		line := strings.LastIndexByte(text, '\n') + 1
		beginsLine := line > 0 || at == 0 || l.trim == trimNewline && begun != len(text)
		if rest := strings.TrimRight(text[line:], " \t\r\f\v"); rest == "" && beginsLine {
			text = text[:line]
		}
	}
	l.trim = trimNothing
	if text != "" {
		l.add(kindText, text, at)
	}
}

func (l *lexer) comment(begin int) error {
	length := strings.Index(l.source[l.at:], "#}")
	if length < 0 {
		return l.errorf(begin, "the comment is not closed")
	}
	end := l.at + length
	l.trim = trimNewline
	if length > 0 {
		l.trim = trimAfter(l.source[end-1], trimNewline)
	}
	l.at = end + 2
	return nil
}

func trimAfter(mark byte, otherwise trimming) trimming {
	switch mark {
	case '-':
		return trimBlanks
	case '+':
		return trimNothing
	}
	return otherwise
}

// block lexes a statement; the text of raw is taken as it stands.
func (l *lexer) block(begin int) error {
	before := len(l.tokens)
	if err := l.inside(kindBlock, kindBlockEnd, begin); err != nil {
		return err
	}
	if inside := l.tokens[before+1:]; len(inside) != 2 || inside[0].kind != kindName || inside[0].text != "raw" {
		return nil
	}
	l.tokens = l.tokens[:before]
	end := regexp.MustCompile(`\{%([-+]?)\s*endraw\s*([-+]?)%\}`).FindStringSubmatchIndex(l.source[l.at:])
	if end == nil {
		return l.errorf(begin, "raw is not closed, write {%% endraw %%}")
	}
	mark := byte(0)
	if end[2] < end[3] {
		mark = l.source[l.at+end[2]]
	}
	l.addText(l.source[l.at:l.at+end[0]], "{%", mark)
	l.trim = trimNewline
	if end[4] < end[5] {
		l.trim = trimAfter(l.source[l.at+end[4]], trimNewline)
	}
	l.at += end[1]
	return nil
}

// inside lexes up to the closing braces.
func (l *lexer) inside(open, shut kind, begin int) error {
	closing, after := "}}", trimNothing
	if open == kindBlock {
		closing, after = "%}", trimNewline
	}
	l.add(open, "", begin)
	l.open = nil
	for {
		l.at += len(l.source[l.at:]) - len(strings.TrimLeftFunc(l.source[l.at:], unicode.IsSpace))
		rest := l.source[l.at:]
		if rest == "" {
			return l.errorf(begin, "the braces are not closed, %s is missing", closing)
		}
		marked := strings.IndexByte("-+", rest[0]) >= 0 && strings.HasPrefix(rest[1:], closing)
		inMap := len(l.open) > 0 && l.open[len(l.open)-1] == '{' && shut == kindOutputEnd
		if !inMap && (marked || strings.HasPrefix(rest, closing)) {
			l.add(shut, "", l.at)
			l.trim = trimAfter(rest[0], after)
			l.at += len(closing)
			if marked {
				l.at++
			}
			return nil
		}
		if err := l.token(rest); err != nil {
			return err
		}
	}
}

func (l *lexer) token(rest string) error {
	begin := l.at
	switch c := rest[0]; {
	case c == '\'' || c == '"':
		text, length, ok := readString(rest)
		if !ok {
			return l.errorf(begin, "the text is not closed")
		}
		l.at += length
		l.add(kindString, text, begin)
	case isDigit(c):
		length := len(numberForm.FindString(rest))
		l.at += length
		l.add(kindNumber, rest[:length], begin)
	default:
		return l.nameOrSign(rest)
	}
	return nil
}

func (l *lexer) nameOrSign(rest string) error {
	begin := l.at
	if name := wordAt(rest); name != "" {
		l.at += len(name)
		l.add(kindName, name, begin)
		return nil
	}
	sign := signAt(rest)
	switch sign {
	case "":
		r, _ := utf8.DecodeRuneInString(rest)
		return l.errorf(begin, "%q does not belong here", r)
	case "(", "[", "{":
		l.open = append(l.open, sign[0])
	case ")", "]", "}":
		l.open = l.open[:max(len(l.open)-1, 0)]
	}
	l.at += len(sign)
	l.add(kindSign, sign, begin)
	return nil
}

// wordAt is identifier with the letters of all languages.
func wordAt(s string) string {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return s[:i]
		}
	}
	return s
}

func signAt(s string) string {
	for _, sign := range []string{"**", "//", "==", "!=", "<=", ">="} {
		if strings.HasPrefix(s, sign) {
			return sign
		}
	}
	if strings.IndexByte("+-*/%~<>=.,:|()[]{}", s[0]) >= 0 {
		return s[:1]
	}
	return ""
}

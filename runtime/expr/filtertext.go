package expr

import (
	"fmt"
	"html"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/squall-dev/squall/runtime/automation"
)

// textFilters work on the text of their value, whatever its type.
func textFilters() map[string]filterFunc {
	return map[string]filterFunc{
		"string":     onText(func(s string) string { return s }),
		"safe":       onText(func(s string) string { return s }),
		"upper":      onText(strings.ToUpper),
		"lower":      onText(strings.ToLower),
		"capitalize": onText(capitalize),
		"title":      onText(titleCase),
		"escape":     onText(html.EscapeString),
		"e":          onText(html.EscapeString),
		"trim":       filterTrim,
		"replace":    filterReplace,
		"truncate":   filterTruncate,
		"center":     filterCenter,
		"indent":     filterIndent,
		"format":     filterFormat,
	}
}

func onText(f func(string) string) filterFunc {
	return func(_ *machine, v any, _ *arguments) (any, error) { return f(Text(v)), nil }
}

func capitalize(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + strings.ToLower(s[n:])
}

func titleCase(s string) string {
	start := true
	return strings.Map(func(r rune) rune {
		up := start
		start = !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\''
		if up {
			return unicode.ToUpper(r)
		}
		return unicode.ToLower(r)
	}, s)
}

// urlEncode keeps slashes, as paths need them.
func urlEncode(s string) string {
	s = strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
	return strings.ReplaceAll(s, "%2F", "/")
}

func filterTrim(_ *machine, v any, a *arguments) (any, error) {
	if cutset := a.text(0, "chars", ""); cutset != "" {
		return strings.Trim(Text(v), cutset), nil
	}
	return strings.TrimSpace(Text(v)), nil
}

func filterReplace(_ *machine, v any, a *arguments) (any, error) {
	s, old, replacement := Text(v), Text(a.value(0, "old", "")), Text(a.value(1, "new", ""))
	n := a.int(2, "count", -1)
	found := strings.Count(s, old)
	if n >= 0 {
		found = min(found, n)
	}
	if len(s)+found*(len(replacement)-len(old)) > maxOutput {
		return nil, errOutput()
	}
	return strings.Replace(s, old, replacement, n), nil
}

func filterTruncate(_ *machine, v any, a *arguments) (any, error) {
	length, whole := a.int(0, "length", 255), a.bool(1, "killwords", false)
	end, leeway := a.text(2, "end", "..."), a.int(3, "leeway", 5)
	runes := []rune(Text(v))
	if len(runes) <= length+leeway {
		return string(runes), nil
	}
	keep := length - utf8.RuneCountInString(end)
	if keep < 0 {
		return nil, automation.Invalid("the length is shorter than the end mark")
	}
	s := string(runes[:keep])
	if i := strings.LastIndexByte(s, ' '); !whole && i >= 0 {
		s = s[:i]
	}
	return s + end, nil
}

func filterCenter(_ *machine, v any, a *arguments) (any, error) {
	s := Text(v)
	missing := a.int(0, "width", 80) - utf8.RuneCountInString(s)
	if missing <= 0 {
		return s, nil
	}
	if missing > maxOutput {
		return nil, errOutput()
	}
	left := missing / 2
	return strings.Repeat(" ", left) + s + strings.Repeat(" ", missing-left), nil
}

func filterIndent(_ *machine, v any, a *arguments) (any, error) {
	prefix := ""
	switch width := a.value(0, "width", int64(4)).(type) {
	case string:
		prefix = width
	default:
		prefix = strings.Repeat(" ", min(max(a.int(0, "width", 4), 0), 1000))
	}
	first, blank := a.bool(1, "first", false), a.bool(2, "blank", false)
	lines := strings.Split(Text(v), "\n")
	if len(lines)*len(prefix) > maxOutput {
		return nil, errOutput()
	}
	for i, line := range lines {
		if (i > 0 || first) && (line != "" || blank) {
			lines[i] = prefix + line
		}
	}
	return strings.Join(lines, "\n"), nil
}

// filterFormat is Python's "%s" formatting.
func filterFormat(m *machine, v any, a *arguments) (any, error) {
	format, err := wantText(v)
	if err != nil {
		return nil, err
	}
	return m.format(format, a.positional, a.named)
}

// formatOperator is the operator % with a text on its left.
func (m *machine) formatOperator(format string, v any) (any, error) {
	switch v := v.(type) {
	case []any:
		return m.format(format, v, nil)
	case map[string]any:
		return m.format(format, []any{v}, v)
	}
	return m.format(format, []any{v}, nil)
}

func (m *machine) format(format string, values []any, named map[string]any) (any, error) {
	var b strings.Builder
	for rest := format; rest != ""; {
		text, after, found := strings.Cut(rest, "%")
		b.WriteString(text)
		if !found {
			break
		}
		d, n, err := parseDirective(after)
		if err != nil {
			return nil, err
		}
		rest = after[n:]
		if d.verb == '%' {
			b.WriteByte('%')
			continue
		}
		v, err := d.pick(&values, named)
		if err != nil {
			return nil, err
		}
		s, err := d.format(v)
		if err != nil {
			return nil, err
		}
		b.WriteString(s)
		if b.Len() > maxOutput {
			return nil, errOutput()
		}
	}
	return m.text(b.String())
}

// directive is one "%-5.2f" or "%(name)s".
type directive struct {
	name  string
	flags string
	verb  byte
}

const maxWidthDigits = 3

func parseDirective(s string) (d directive, length int, err error) {
	i := 0
	if strings.HasPrefix(s, "(") {
		end := strings.IndexByte(s, ')')
		if end < 0 {
			return d, 0, automation.Invalid("the format has an open parenthesis")
		}
		d.name, i = s[1:end], end+1
	}
	start, digits := i, 0
	for i < len(s) && strings.IndexByte("-+ #0123456789.", s[i]) >= 0 {
		digits++
		if !isDigit(s[i]) {
			digits = 0
		}
		if digits > maxWidthDigits {
			return d, 0, automation.Invalid("the format asks for a width of more than %d digits", maxWidthDigits)
		}
		i++
	}
	if i >= len(s) {
		return d, 0, automation.Invalid("the format ends in the middle")
	}
	d.flags, d.verb = s[start:i], s[i]
	return d, i + 1, nil
}

func (d directive) pick(values *[]any, named map[string]any) (any, error) {
	if d.name != "" {
		v, ok := named[d.name]
		if !ok {
			return nil, automation.Invalid("the format wants %q, which is not given", d.name)
		}
		return v, nil
	}
	if len(*values) == 0 {
		return nil, automation.Invalid("the format wants more values than are given")
	}
	v := (*values)[0]
	*values = (*values)[1:]
	return v, nil
}

func (d directive) format(v any) (string, error) {
	switch d.verb {
	case 's':
		return fmt.Sprintf("%"+d.flags+"s", Text(v)), nil
	case 'd', 'i', 'x', 'X', 'o':
		f, ok := Float(v)
		if i, whole := wholeNumber(v); whole {
			return fmt.Sprintf("%"+d.flags+strings.Replace(string(d.verb), "i", "d", 1), i), nil
		}
		if ok {
			return fmt.Sprintf("%"+d.flags+strings.Replace(string(d.verb), "i", "d", 1), int64(f)), nil
		}
	case 'f', 'F', 'e', 'E', 'g', 'G':
		if f, ok := Float(v); ok {
			return fmt.Sprintf("%"+d.flags+string(d.verb), f), nil
		}
	default:
		return "", automation.Invalid("the format has an unknown directive %%%c", d.verb)
	}
	return "", automation.Invalid("%%%c can not format a %s", d.verb, TypeName(v))
}

package expr

import (
	"html"
	"math/rand/v2"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/squall-dev/squall/runtime/automation"
)

// moreFilters are Jinja's that need more than a line each, or are never asked for.
func moreFilters() map[string]filterFunc {
	return map[string]filterFunc{
		"attr":      filterAttr,
		"dictsort":  filterDictSort,
		"random":    filterRandom,
		"tojson":    filterHTMLJSON,
		"urlencode": filterURLEncode,
		"urlize":    filterURLize,
		"wordcount": filterWordCount,
	}
}

// filterAttr is a member by its name; it may be missing.
func filterAttr(_ *machine, v any, a *arguments) (any, error) {
	name := a.mustText(0, "name")
	value, missing := member{key: name}.of(v)
	if missing != "" {
		return undefined{message: fill(missing, "the value")}, nil
	}
	return value, nil
}

func filterDictSort(m *machine, v any, a *arguments) (any, error) {
	object, ok := v.(map[string]any)
	if !ok {
		return nil, automation.Invalid("the value is a %s, not a map", TypeName(v))
	}
	caseSensitive, by, reverse := a.bool(0, "case_sensitive", false), a.text(1, "by", "key"), a.bool(2, "reverse", false)
	if by != "key" && by != "value" {
		return nil, automation.Invalid("by is key or value, not %q", by)
	}
	list := pairs(object)
	keys := make([]any, len(list))
	for i, p := range list {
		pair := p.([]any) // key and value, as pairs makes them
		keys[i] = pair[0]
		if by == "value" {
			keys[i] = pair[1]
		}
	}
	if err := m.spend(len(list) * bytesPerStep * 20); err != nil {
		return nil, err
	}
	return sortBy(list, keys, reverse, caseSensitive)
}

// filterRandom is the only part of the language that may give another result for
// the same input.
func filterRandom(m *machine, v any, _ *arguments) (any, error) {
	items, err := m.items(v)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return undefined{message: "there is nothing to choose from"}, nil
	}
	return items[rand.IntN(len(items))], nil
}

// filterHTMLJSON is Jinja's tojson: it may stand in the script of a page.
func filterHTMLJSON(_ *machine, v any, a *arguments) (any, error) {
	l := layout{indent: -1, item: ", ", key: ": "}
	if indent, ok := a.given(0, "indent"); ok && indent != nil {
		l.indent, l.item = min(max(a.int(0, "indent", 0), 0), 100), ","
	}
	s, err := encode(v, l)
	return strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "'", `\u0027`).Replace(s), err
}

// filterURLEncode writes maps and lists of pairs as the query of an address.
func filterURLEncode(_ *machine, v any, _ *arguments) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		return urlQuery(pairs(v))
	case []any:
		return urlQuery(v)
	}
	return urlEncode(Text(v)), nil
}

func urlQuery(list []any) (any, error) {
	parts := make([]string, len(list))
	for i, item := range list {
		pair, ok := item.([]any)
		if !ok || len(pair) != 2 {
			return nil, automation.Invalid("a list to encode holds pairs, not a %s", TypeName(item))
		}
		parts[i] = url.QueryEscape(Text(pair[0])) + "=" + url.QueryEscape(Text(pair[1]))
	}
	return strings.Join(parts, "&"), nil
}

// filterURLize makes links of addresses. Everything else is escaped.
func filterURLize(_ *machine, v any, a *arguments) (any, error) {
	limit, noFollow, target := a.int(0, "trim_url_limit", maxOutput), a.bool(1, "nofollow", false), a.text(2, "target", "")
	attributes := ` rel="noopener"`
	if noFollow {
		attributes = ` rel="nofollow noopener"`
	}
	if target != "" {
		attributes += ` target="` + html.EscapeString(target) + `"`
	}
	s := Text(v)
	var b strings.Builder
	last := 0
	for _, at := range regexp.MustCompile(`https?://[^\s<>"']*[^\s<>"'.,:;!?)]`).FindAllStringIndex(s, -1) {
		address := s[at[0]:at[1]]
		shown := address
		if utf8.RuneCountInString(shown) > limit {
			shown = string([]rune(shown)[:max(limit, 0)]) + "..."
		}
		b.WriteString(html.EscapeString(s[last:at[0]]))
		b.WriteString(`<a href="` + html.EscapeString(address) + `"` + attributes + `>` + html.EscapeString(shown) + `</a>`)
		if last = at[1]; b.Len() > maxOutput {
			return nil, errOutput()
		}
	}
	b.WriteString(html.EscapeString(s[last:]))
	return b.String(), nil
}

func filterWordCount(_ *machine, v any, _ *arguments) (any, error) {
	words := strings.FieldsFunc(Text(v), func(r rune) bool {
		return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	return int64(len(words)), nil
}

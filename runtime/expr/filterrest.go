package expr

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/squall-dev/squall/runtime/automation"
)

// restFilters are Jinja's own that automation seldom needs, but may.
func restFilters() map[string]filterFunc {
	return map[string]filterFunc{
		"groupby":        filterGroupBy,
		"slice":          filterSlice,
		"filesizeformat": filterFileSize,
		"striptags":      onText(stripTags),
		"wordwrap":       filterWordWrap,
		"xmlattr":        filterXMLAttr,
		"forceescape":    onText(html.EscapeString),
		"pprint":         func(_ *machine, v any, _ *arguments) (any, error) { return printed(v), nil },
	}
}

// printed is a value as Python's repr writes it.
func printed(v any) string {
	list := Text([]any{v})
	return list[1 : len(list)-1]
}

// filterGroupBy sorts by an attribute and makes pairs of each value and its items.
func filterGroupBy(m *machine, v any, a *arguments) (any, error) {
	attribute := a.value(0, "attribute", nil)
	items, err := m.items(v)
	if err != nil {
		return nil, err
	}
	keys, err := m.groupKeys(items, attribute, a)
	if err != nil {
		return nil, err
	}
	if err := m.spend(len(items) * bytesPerStep * 20); err != nil {
		return nil, err
	}
	pairsOf := make([]any, len(items))
	for i := range items {
		pairsOf[i] = []any{keys[i], items[i]}
	}
	sorted, err := sortBy(pairsOf, keys, false, a.bool(2, "case_sensitive", false))
	if err != nil {
		return nil, err
	}
	fold := func(v any) any { return sortKey(v, a.bool(2, "case_sensitive", false)) }
	out := []any{}
	for _, p := range sorted.([]any) { // what sortBy was given
		pair := p.([]any)
		if n := len(out); n > 0 && Equal(fold(out[n-1].([]any)[0]), fold(pair[0])) {
			group := out[n-1].([]any)
			group[1] = append(group[1].([]any), pair[1])
			continue
		}
		out = append(out, []any{pair[0], []any{pair[1]}})
	}
	return out, nil
}

func (m *machine) groupKeys(items []any, attribute any, a *arguments) ([]any, error) {
	if attribute == nil {
		return nil, automation.Invalid("argument attribute is missing")
	}
	keys := make([]any, len(items))
	for i, item := range items {
		key, err := m.attribute(item, attribute)
		if err != nil {
			return nil, err
		}
		if u, missing := key.(undefined); missing {
			fallback, given := a.given(1, "default")
			if !given {
				return nil, automation.Invalid("%s", u.message)
			}
			key = fallback
		}
		keys[i] = key
	}
	return keys, nil
}

// filterSlice deals items out into so many columns, the first ones longer.
func filterSlice(m *machine, v any, a *arguments) (any, error) {
	columns := a.int(0, "slices", 0)
	fill, filled := a.given(1, "fill_with")
	items, err := m.items(v)
	if err != nil {
		return nil, err
	}
	const most = 10_000
	if columns < 1 || columns > most {
		return nil, automation.Invalid("the number of slices is from 1 to %d", most)
	}
	each, longer := len(items)/columns, len(items)%columns
	out := []any{}
	for i, at := 0, 0; i < columns; i++ {
		n := each
		if i < longer {
			n++
		}
		column := slices.Clone(items[at : at+n])
		at += n
		if filled && i >= longer && longer > 0 {
			column = append(column, fill)
		}
		out = append(out, column)
	}
	return out, nil
}

func filterFileSize(_ *machine, v any, a *arguments) (any, error) {
	base, units := 1000.0, []string{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"}
	if a.bool(0, "binary", false) {
		base, units = 1024, []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}
	}
	bytes, ok := Float(v)
	switch {
	case !ok:
		return nil, automation.Invalid("a %s is no number of bytes", TypeName(v))
	case bytes == 1:
		return "1 Byte", nil
	case bytes < base:
		return fmt.Sprintf("%d Bytes", int64(bytes)), nil
	}
	value, unit := bytes/base, 0
	for value >= base && unit < len(units)-1 {
		value, unit = value/base, unit+1
	}
	return fmt.Sprintf("%.1f %s", value, units[unit]), nil
}

// stripTags removes what looks like markup and runs of blanks.
func stripTags(s string) string {
	s = regexp.MustCompile(`(?s)<!--.*?-->|<[^>]*>`).ReplaceAllString(s, "")
	return html.UnescapeString(strings.Join(strings.Fields(s), " "))
}

// filterWordWrap breaks lines at blanks; words longer than a line are cut.
func filterWordWrap(_ *machine, v any, a *arguments) (any, error) {
	width, cut := a.int(0, "width", 79), a.bool(1, "break_long_words", true)
	between := a.text(2, "wrapstring", "\n")
	if width < 1 {
		return nil, automation.Invalid("the width is at least 1")
	}
	var out []string
	for line := range strings.Lines(Text(v)) {
		out = append(out, strings.Join(wrapLine(strings.TrimRight(line, "\n"), width, cut), between))
	}
	return strings.Join(out, "\n"), nil
}

func wrapLine(line string, width int, cut bool) []string {
	var lines []string
	now, length := "", 0
	put := func(word string, n int) {
		switch {
		case length == 0:
			now, length = word, n
		case length+1+n <= width:
			now, length = now+" "+word, length+1+n
		default:
			lines = append(lines, now)
			now, length = word, n
		}
	}
	for _, word := range strings.Fields(line) {
		runes := []rune(word)
		for cut && len(runes) > width {
			put(string(runes[:width]), width)
			runes = runes[width:]
		}
		put(string(runes), utf8.RuneCountInString(string(runes)))
	}
	return append(lines, now)
}

// filterXMLAttr writes a map as attributes of an element; null ones are left out.
func filterXMLAttr(_ *machine, v any, a *arguments) (any, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, automation.Invalid("the value is a %s, not a map", TypeName(v))
	}
	var parts []string
	for _, p := range pairs(m) {
		pair := p.([]any) // key and value, as pairs makes them
		name := Text(pair[0])
		if strings.ContainsAny(name, " \t\r\n\f/>=") {
			return nil, automation.Invalid("%q can not name an attribute", name)
		}
		if pair[1] != nil {
			parts = append(parts, fmt.Sprintf(`%s="%s"`, name, html.EscapeString(Text(pair[1]))))
		}
	}
	text := strings.Join(parts, " ")
	if text != "" && a.bool(0, "autospace", true) {
		text = " " + text
	}
	return text, nil
}

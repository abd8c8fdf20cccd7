package expr

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/squall-dev/squall/runtime/automation"
)

// noneMarker stands for null in a text until the parameter is cast.
const noneMarker = "%*****__%NONE%__*****%"

// dataFilters are those that StackStorm adds to Jinja's.
func dataFilters() map[string]filterFunc {
	return map[string]filterFunc{
		"from_json_string":   filterFromJSON,
		"to_json_string":     filterToJSON,
		"to_complex":         func(_ *machine, v any, _ *arguments) (any, error) { return encode(v, layout{item: ", ", key: ": "}) },
		"json_escape":        filterJSONEscape,
		"jsonpath_query":     filterJSONPath,
		"decrypt_kv":         func(_ *machine, v any, _ *arguments) (any, error) { return v, nil },
		"use_none":           filterUseNone,
		"basename":           func(_ *machine, v any, _ *arguments) (any, error) { return baseName(Text(v)), nil },
		"dirname":            func(_ *machine, v any, _ *arguments) (any, error) { return dirName(Text(v)), nil },
		"version_compare":    filterVersionCompare,
		"version_more_than":  filterVersionTest(func(c int) bool { return c > 0 }),
		"version_less_than":  filterVersionTest(func(c int) bool { return c < 0 }),
		"version_equal":      filterVersionTest(func(c int) bool { return c == 0 }),
		"version_match":      filterVersionMatch,
		"version_bump_major": filterVersionBump(0),
		"version_bump_minor": filterVersionBump(1),
		"version_bump_patch": filterVersionBump(2),
		"version_strip_patch": func(_ *machine, v any, _ *arguments) (any, error) {
			ver, err := parseVersion(Text(v))
			return fmt.Sprintf("%d.%d", ver.numbers[0], ver.numbers[1]), err
		},
	}
}

func filterFromJSON(_ *machine, v any, _ *arguments) (any, error) {
	s, err := wantText(v)
	if err != nil {
		return nil, err
	}
	return Decode([]byte(s))
}

func filterUseNone(_ *machine, v any, _ *arguments) (any, error) {
	if v == nil {
		return noneMarker, nil
	}
	return v, nil
}

// layout says how JSON is set out; indent < 0 keeps it on one line.
type layout struct {
	indent    int
	item, key string
}

func filterToJSON(_ *machine, v any, a *arguments) (any, error) {
	l := layout{indent: -1, item: ",", key: ": "}
	if indent, ok := a.given(0, "indent"); ok && indent != nil {
		l.indent = min(max(a.int(0, "indent", 0), 0), 100)
	}
	if pair, ok := a.value(2, "separators", nil).([]any); ok {
		if len(pair) != 2 {
			return nil, automation.Invalid("separators are two texts")
		}
		l.item, l.key = Text(pair[0]), Text(pair[1])
	}
	return encode(v, l)
}

// encode writes JSON as Python does: keys sorted, nothing but ASCII, and no
// escaping of HTML.
func encode(v any, l layout) (string, error) {
	e := encoder{layout: l}
	e.write(v, 0)
	if e.b.Len() > maxOutput {
		return "", errOutput()
	}
	return e.b.String(), e.err
}

type encoder struct {
	layout
	b   strings.Builder
	err error
}

func (e *encoder) write(v any, depth int) {
	if e.b.Len() > maxOutput || depth > maxDepth {
		return
	}
	switch v := v.(type) {
	case string:
		e.b.WriteString(asciiJSON(v))
	case []any:
		e.block('[', ']', len(v), depth, func(i int) { e.write(v[i], depth+1) })
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		e.block('{', '}', len(v), depth, func(i int) {
			e.b.WriteString(asciiJSON(keys[i]) + e.key)
			e.write(v[keys[i]], depth+1)
		})
	case float64:
		e.b.WriteString(floatText(v))
	default:
		data, err := json.Marshal(v)
		if err != nil {
			e.err = err
		}
		e.b.Write(data)
	}
}

func (e *encoder) block(open, shut byte, n, depth int, item func(int)) {
	e.b.WriteByte(open)
	for i := range n {
		if i > 0 {
			e.b.WriteString(e.item)
		}
		e.line(depth + 1)
		item(i)
	}
	if n > 0 {
		e.line(depth)
	}
	e.b.WriteByte(shut)
}

func (e *encoder) line(depth int) {
	if e.indent < 0 || e.b.Len() > maxOutput {
		return
	}
	e.b.WriteByte('\n')
	e.b.WriteString(strings.Repeat(" ", min(e.indent*depth, maxOutput)))
}

func asciiJSON(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r >= ' ' && r < 0x7f:
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func filterJSONEscape(_ *machine, v any, _ *arguments) (any, error) {
	s, err := encode(v, layout{indent: -1, item: ", ", key: ": "})
	return strings.TrimSuffix(strings.TrimPrefix(s, `"`), `"`), err
}

func filterJSONPath(m *machine, v any, a *arguments) (any, error) {
	query := a.mustText(0, "query")
	if a.err != nil {
		return nil, a.err
	}
	p, err := ParsePath(query)
	if err != nil {
		return nil, err
	}
	matches := p.All(v, maxItems)
	if len(matches) == 0 {
		return nil, m.spend(0)
	}
	return matches, m.spend(len(matches) * bytesPerStep)
}

func baseName(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

func dirName(s string) string {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return ""
	}
	if dir := strings.TrimRight(s[:i], "/"); dir != "" {
		return dir
	}
	return s[:i+1]
}

// version is "1.2.3-rc.1+build".
type version struct {
	numbers    [3]int
	prerelease string
}

func parseVersion(s string) (v version, err error) {
	core, _, _ := strings.Cut(s, "+")
	core, v.prerelease, _ = strings.Cut(core, "-")
	parts := strings.Split(core, ".")
	if len(parts) != 3 {
		return v, automation.Invalid("%q is not a version such as 1.2.3", s)
	}
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || len(part) > 1 && part[0] == '0' {
			return v, automation.Invalid("%q is not a version such as 1.2.3", s)
		}
		v.numbers[i] = n
	}
	return v, nil
}

func (v version) compare(w version) int {
	if c := slices.Compare(v.numbers[:], w.numbers[:]); c != 0 {
		return c
	}
	switch {
	case v.prerelease == w.prerelease:
		return 0
	case v.prerelease == "":
		return 1
	case w.prerelease == "":
		return -1
	}
	return slices.CompareFunc(strings.Split(v.prerelease, "."), strings.Split(w.prerelease, "."), comparePrerelease)
}

// comparePrerelease puts numbers before words and compares them as numbers.
func comparePrerelease(a, b string) int {
	x, errx := strconv.Atoi(a)
	y, erry := strconv.Atoi(b)
	switch {
	case errx == nil && erry == nil:
		return x - y
	case errx == nil:
		return -1
	case erry == nil:
		return 1
	}
	return strings.Compare(a, b)
}

func versions(v any, a *arguments) (int, error) {
	other := a.mustText(0, "pattern")
	x, err := parseVersion(Text(v))
	if err != nil {
		return 0, err
	}
	y, err := parseVersion(other)
	return x.compare(y), err
}

func filterVersionCompare(_ *machine, v any, a *arguments) (any, error) {
	c, err := versions(v, a)
	return int64(c), err
}

func filterVersionTest(holds func(int) bool) filterFunc {
	return func(_ *machine, v any, a *arguments) (any, error) {
		c, err := versions(v, a)
		return holds(c), err
	}
}

// filterVersionMatch compares with an expression such as ">=1.2.0".
func filterVersionMatch(_ *machine, v any, a *arguments) (any, error) {
	pattern := a.mustText(0, "pattern")
	number := strings.TrimLeft(pattern, "<>=!")
	c, err := versions(v, &arguments{positional: []any{number}})
	if err != nil {
		return nil, err
	}
	switch operator := strings.TrimSuffix(pattern, number); operator {
	case "<":
		return c < 0, nil
	case "<=":
		return c <= 0, nil
	case ">":
		return c > 0, nil
	case ">=":
		return c >= 0, nil
	case "!=":
		return c != 0, nil
	case "==", "":
		return c == 0, nil
	default:
		return nil, automation.Invalid("unknown comparison %q", operator)
	}
}

func filterVersionBump(part int) filterFunc {
	return func(_ *machine, v any, _ *arguments) (any, error) {
		ver, err := parseVersion(Text(v))
		if err != nil {
			return nil, err
		}
		ver.numbers[part]++
		clear(ver.numbers[part+1:])
		return fmt.Sprintf("%d.%d.%d", ver.numbers[0], ver.numbers[1], ver.numbers[2]), nil
	}
}

package expr

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Text is how a value stands in a rendered text: as Python prints it, because
// that is what existing rules compare with. Keys of maps are sorted. What goes
// beyond the longest text that a template may render is left out.
func Text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	var b strings.Builder
	writeRepr(&b, v, 0)
	return b.String()
}

func writeRepr(b *strings.Builder, v any, depth int) {
	if depth > maxDepth || b.Len() > maxOutput {
		return
	}
	switch v := v.(type) {
	case nil:
		b.WriteString("None")
	case bool:
		b.WriteString(boolText(v))
	case string:
		writeQuoted(b, v)
	case int:
		b.WriteString(strconv.Itoa(v))
	case int64:
		b.WriteString(strconv.FormatInt(v, 10))
	case float64:
		b.WriteString(floatText(v))
	case json.Number:
		b.WriteString(v.String())
	case []any:
		writeList(b, v, depth)
	case map[string]any:
		writeMap(b, v, depth)
	default:
		fmt.Fprint(b, v)
	}
}

func boolText(v bool) string {
	if v {
		return "True"
	}
	return "False"
}

func writeList(b *strings.Builder, list []any, depth int) {
	b.WriteByte('[')
	for i, item := range list {
		if b.Len() > maxOutput {
			return
		}
		if i > 0 {
			b.WriteString(", ")
		}
		writeRepr(b, item, depth+1)
	}
	b.WriteByte(']')
}

func writeMap(b *strings.Builder, m map[string]any, depth int) {
	b.WriteByte('{')
	for i, key := range slices.Sorted(maps.Keys(m)) {
		if b.Len() > maxOutput {
			return
		}
		if i > 0 {
			b.WriteString(", ")
		}
		writeQuoted(b, key)
		b.WriteString(": ")
		writeRepr(b, m[key], depth+1)
	}
	b.WriteByte('}')
}

// floatText prints the shortest digits that read back as f, with an exponent
// only below 1e-4 and from 1e16 on.
func floatText(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case math.IsNaN(f):
		return "nan"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// writeQuoted prefers single quotes and changes to double ones when only that
// avoids escaping.
func writeQuoted(b *strings.Builder, s string) {
	quote := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	b.WriteRune(quote)
	for _, r := range s {
		writeEscaped(b, r, quote)
	}
	b.WriteRune(quote)
}

func writeEscaped(b *strings.Builder, r, quote rune) {
	switch {
	case r == quote || r == '\\':
		b.WriteByte('\\')
		b.WriteRune(r)
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case unicode.IsPrint(r):
		b.WriteRune(r)
	case r < 0x100:
		fmt.Fprintf(b, `\x%02x`, r)
	case r < 0x10000:
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}

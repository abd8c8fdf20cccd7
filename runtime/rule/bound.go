package rule

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/squall-dev/squall/runtime/automation"
)

// Verdicts are kept for every rule that looked at an event, so they are small:
// the payload is stored once, with the event.
const (
	maxValueBytes   = 1 << 10
	maxVerdictBytes = 16 << 10
	// reservedBytes of a verdict are for its own fields and the error.
	reservedBytes = 2 << 10
	cutMark       = "… (cut)"
)

// boundCriteria cuts long values and, when a rule has very many criteria, leaves
// out the last ones.
func boundCriteria(results []automation.CriterionResult) []automation.CriterionResult {
	left := maxVerdictBytes - reservedBytes
	return boundMembers(results, &left)
}

// boundMembers takes what the results need from what is left of the verdict.
func boundMembers(results []automation.CriterionResult, left *int) []automation.CriterionResult {
	for i := range results {
		r := &results[i]
		r.Key, r.Operator, r.Error = cut(r.Key), cut(r.Operator), cut(r.Error)
		fixed := jsonSize(r.Key) + jsonSize(r.Operator) + jsonSize(r.Error) + 80
		if len(r.Members) > 0 {
			fixed += 16
		}
		r.Pattern = boundValue(r.Pattern, *left-fixed-2*maxValueBytes)
		r.Actual = boundValue(r.Actual, *left-fixed-2*maxValueBytes)
		*left -= fixed + jsonSize(r.Pattern) + jsonSize(r.Actual)
		if *left < 0 {
			return results[:i]
		}
		r.Members = boundMembers(r.Members, left)
	}
	return results
}

// boundValue keeps v if it is small, and otherwise makes a text of the beginning
// of its JSON form. With nothing left of the verdict only the mark remains.
func boundValue(v any, left int) any {
	limit := maxValueBytes
	if left < 0 {
		limit = 32
	}
	if s, ok := v.(string); ok {
		return cutTo(s, limit)
	}
	p := preview{limit: limit}
	p.write(v, 0)
	if !p.full {
		return v
	}
	return prefix(p.b.String(), limit-len(cutMark)) + cutMark
}

// cut shortens a text to the size of a value.
func cut(s string) string { return cutTo(s, maxValueBytes) }

func cutTo(s string, limit int) string {
	if jsonSize(s) <= limit {
		return s
	}
	for n := limit - len(cutMark) - 2; n > 0; n /= 2 { // escapes make it longer
		if t := prefix(s, n) + cutMark; jsonSize(t) <= limit {
			return t
		}
	}
	return cutMark
}

// prefix takes at most n bytes and no half characters.
func prefix(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:max(n, 0)]
}

// jsonSize is the length of v's JSON form. Texts far beyond any limit are not
// encoded to find out.
func jsonSize(v any) int {
	switch v := v.(type) {
	case nil:
		return len("null")
	case string:
		if len(v) > maxVerdictBytes {
			return len(v)
		}
		if isPlain(v) {
			return len(v) + len(`""`)
		}
	}
	data, err := json.Marshal(v)
	if err != nil {
		return maxVerdictBytes
	}
	return len(data)
}

// isPlain reports whether JSON writes a text as it stands.
func isPlain(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c < 0x20, c >= 0x7f, c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		}
	}
	return true
}

// preview writes JSON and stops when it is full, so that a large payload costs
// no more than a small one.
type preview struct {
	b     strings.Builder
	limit int
	full  bool
}

func (p *preview) text(s string) {
	if p.full {
		return
	}
	p.b.WriteString(s)
	p.full = p.b.Len() > p.limit
}

func (p *preview) write(v any, depth int) {
	if p.full || depth > maxValueBytes {
		p.full = true
		return
	}
	switch v := v.(type) {
	case []any:
		p.list(v, depth)
	case map[string]any:
		p.object(v, depth)
	case string:
		p.text(quote(prefix(v, p.limit+1)))
	default:
		data, err := json.Marshal(v)
		if err != nil {
			data = []byte("null")
		}
		p.text(string(data))
	}
}

func (p *preview) list(list []any, depth int) {
	p.text("[")
	for i, item := range list {
		if p.full {
			return
		}
		if i > 0 {
			p.text(",")
		}
		p.write(item, depth+1)
	}
	p.text("]")
}

func (p *preview) object(m map[string]any, depth int) {
	if len(m)*4 > p.limit { // do not sort what can not fit
		p.full = true
	}
	p.b.WriteString("{")
	if p.full {
		return
	}
	for i, key := range slices.Sorted(maps.Keys(m)) {
		if p.full {
			return
		}
		if i > 0 {
			p.text(",")
		}
		p.text(quote(prefix(key, p.limit+1)) + ":")
		p.write(m[key], depth+1)
	}
	p.text("}")
}

func quote(s string) string {
	data, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(data)
}

package expr

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/squall-dev/squall/runtime/automation"
)

// reference is a plain "trigger.body.alerts[0].labels.pod": what most templates
// are. It is followed directly, without the engine.
type reference struct {
	source string
	steps  []member // the first is the name
}

// member is one access: a key of a map or an index of a list.
type member struct {
	key     string
	index   int
	isIndex bool
	end     int // where the access ends in the source, for messages
}

// reservedName tells names that the template language means otherwise.
func reservedName(s string) bool {
	switch s {
	case "true", "True", "false", "False", "none", "None", "nil", "not", "and", "or", "in", "is", "if", "else", "loop":
		return true
	}
	return false
}

// parseReference reads s if it is a plain reference; ok is false for any other
// expression, also for a wrong one.
func parseReference(s string) (ref reference, ok bool) {
	s = strings.TrimSpace(s)
	name := identifier(s)
	if name == "" || reservedName(name) {
		return reference{}, false
	}
	ref = reference{source: s, steps: []member{{key: name, end: len(name)}}}
	for at := len(name); at < len(s); {
		m, ok := parseMember(s, at)
		if !ok {
			return reference{}, false
		}
		ref.steps = append(ref.steps, m)
		at = m.end
	}
	return ref, true
}

func identifier(s string) string {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (i == 0 || !isDigit(c)) {
			return s[:i]
		}
	}
	return s
}

func parseMember(s string, at int) (member, bool) {
	switch s[at] {
	case '.':
		name := identifier(s[at+1:])
		return member{key: name, end: at + 1 + len(name)}, name != ""
	case '[':
		length := strings.IndexByte(s[at:], ']')
		if length < 0 {
			return member{}, false
		}
		m, ok := parseSubscript(s[at+1 : at+length])
		m.end = at + length + 1
		return m, ok
	}
	return member{}, false
}

func parseSubscript(s string) (member, bool) {
	if len(s) >= 2 && (s[0] == '\'' || s[0] == '"') && s[len(s)-1] == s[0] {
		key := s[1 : len(s)-1]
		return member{key: key}, !strings.ContainsAny(key, `'"\`)
	}
	i, err := strconv.ParseInt(s, 10, 32)
	if err != nil || s[0] == '+' {
		return member{}, false
	}
	return member{index: int(i), isIndex: true}, true
}

// eval follows the reference from the names in scope.
func (r reference) eval(scope map[string]any) (any, error) {
	v, found, err := lookup(scope, r.steps[0].key)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errUnknown(r.source, r.steps[0].key)
	}
	for i, m := range r.steps[1:] {
		next, missing := m.of(v)
		if missing != "" {
			return nil, r.missing(i+1, missing)
		}
		v = next
	}
	if k, ok := v.(key); ok {
		return k.text()
	}
	return v, nil
}

func errUnknown(source, name string) error {
	return automation.Invalid("%s: there is nothing called %q here", source, name)
}

// missing says which part of the reference leads nowhere.
func (r reference) missing(i int, what string) error {
	from := r.source[:r.steps[i-1].end]
	if i > 1 { // the last name alone reads better than the whole way
		from = strings.TrimPrefix(r.source[r.steps[i-2].end:r.steps[i-1].end], ".")
	}
	return automation.Invalid("%s: %s", r.source, fill(what, from))
}

// of takes the member of v. missing, when it is not empty, says why there is
// none; "%s" in it stands for the name of v.
func (m member) of(v any) (value any, missing string) {
	switch v := v.(type) {
	case map[string]any:
		return m.ofMap(v)
	case []any:
		return m.ofList(v)
	case key:
		return m.ofKey(v)
	}
	if s, ok := v.(string); ok && m.isIndex {
		if r, ok := runeAt(s, m.index); ok {
			return r, ""
		}
		return nil, fmt.Sprintf("no index %d in %%s, which has length %d", m.index, utf8.RuneCountInString(s))
	}
	if m.isIndex {
		return nil, fmt.Sprintf("no index %d, %%s is a %s", m.index, TypeName(v))
	}
	return nil, fmt.Sprintf("no key %q, %%s is a %s", m.key, TypeName(v))
}

// runeAt is one character of a text, counted from its end when the index is
// negative.
func runeAt(s string, index int) (string, bool) {
	runes := []rune(s)
	if index < 0 {
		index += len(runes)
	}
	if index < 0 || index >= len(runes) {
		return "", false
	}
	return string(runes[index]), true
}

// ofKey is never an index: the characters of a value need the engine.
func (m member) ofKey(k key) (any, string) {
	if m.isIndex {
		return nil, fmt.Sprintf("no index %d, %%s is a key", m.index)
	}
	return k.child(m.key), ""
}

func (m member) ofMap(v map[string]any) (any, string) {
	if m.isIndex {
		return nil, fmt.Sprintf("no index %d, %%s is a map", m.index)
	}
	item, ok := v[m.key]
	if !ok {
		return nil, fmt.Sprintf("no key %q in %%s", m.key)
	}
	return item, ""
}

func (m member) ofList(v []any) (any, string) {
	if !m.isIndex {
		return nil, fmt.Sprintf("no key %q, %%s is a list", m.key)
	}
	i := m.index
	if i < 0 {
		i += len(v)
	}
	if i < 0 || i >= len(v) {
		return nil, fmt.Sprintf("no index %d in %%s, which has length %d", m.index, len(v))
	}
	return v[i], ""
}

// fill puts the name of the value into a message of [member.of].
func fill(missing, name string) string { return strings.ReplaceAll(missing, "%s", name) }

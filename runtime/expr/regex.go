package expr

import (
	"regexp"
	"strings"
	"time"

	"github.com/dlclark/regexp2"

	"github.com/squall-dev/squall/runtime/automation"
)

const (
	// regexTimeout bounds one call of the backtracking engine; the call that takes
	// longer ends the evaluation.
	regexTimeout = 200 * time.Millisecond
	// regexCost is what such a call counts, in bytes: an evaluation has fifty.
	regexCost = maxSteps / 50 * bytesPerStep
)

// regex is an expression of Python's. What Go's engine can read runs there, in
// linear time; look-around and back-references need the other one.
type regex struct {
	linear       *regexp.Regexp
	backtracking *regexp2.Regexp // when linear is nil
}

// match is where a text matches: the groups' texts, the whole one first.
type match struct {
	start, end int
	groups     []string
	names      map[string]int
}

func compileRegex(pattern string, ignoreCase bool) (regex, error) {
	if len(pattern) > 10_000 {
		return regex{}, automation.Invalid("the regular expression is longer than 10000 bytes")
	}
	flags := ""
	if ignoreCase {
		flags = "(?i)"
	}
	if re, err := regexp.Compile(flags + "(?:" + pattern + ")"); err == nil {
		return regex{linear: re}, nil
	}
	theirs := strings.NewReplacer("(?P<", "(?<", `\Z`, `\z`, `\\`, `\\`).Replace(pattern)
	theirs = regexp.MustCompile(`\(\?P=(\w+)\)`).ReplaceAllString(theirs, `\k<$1>`)
	re, err := regexp2.Compile(flags+"(?:"+theirs+")", regexp2.None)
	if err != nil {
		return regex{}, automation.Invalid("the regular expression %q is not valid", excerpt(pattern)).Because(err)
	}
	re.MatchTimeout = regexTimeout
	return regex{backtracking: re}, nil
}

// find returns at most limit matches.
func (r regex) find(m *machine, s string, limit int) ([]match, error) {
	if r.linear == nil {
		return r.findBacktracking(m, s, limit)
	}
	if err := m.spend(len(s)); err != nil {
		return nil, err
	}
	names := map[string]int{}
	for i, name := range r.linear.SubexpNames() {
		names[name] = i
	}
	var out []match
	for _, at := range r.linear.FindAllStringSubmatchIndex(s, limit) {
		found := match{start: at[0], end: at[1], names: names}
		for i := 0; i < len(at); i += 2 {
			group := ""
			if at[i] >= 0 {
				group = s[at[i]:at[i+1]]
			}
			found.groups = append(found.groups, group)
		}
		out = append(out, found)
	}
	return out, m.spend(len(out) * bytesPerStep)
}

func (r regex) findBacktracking(m *machine, s string, limit int) ([]match, error) {
	if err := m.spend(regexCost + len(s)); err != nil {
		return nil, err
	}
	names := map[string]int{}
	for _, name := range r.backtracking.GetGroupNames() {
		names[name] = r.backtracking.GroupNumberFromName(name)
	}
	var out []match
	offsets := byteOffsets(s)
	began := time.Now()
	found, err := r.backtracking.FindStringMatch(s)
	for ; found != nil && err == nil && len(out) < limit; found, err = r.backtracking.FindNextMatch(found) {
		next := match{start: offsets[found.Index], end: offsets[found.Index+found.Length], names: names}
		for _, g := range found.Groups() {
			next.groups = append(next.groups, g.String())
		}
		if out = append(out, next); time.Since(began) > regexTimeout {
			return nil, errRegexTime()
		}
	}
	if err != nil {
		return nil, errRegexTime()
	}
	return out, m.spend(len(out) * bytesPerStep)
}

func errRegexTime() error {
	return automation.Invalid("the regular expression takes longer than %s on this value", regexTimeout)
}

// byteOffsets says at which byte every character begins: that engine counts
// characters.
func byteOffsets(s string) []int {
	out := make([]int, 0, len(s)+1)
	for i := range s {
		out = append(out, i)
	}
	return append(out, len(s))
}

func regexFilters() map[string]filterFunc {
	return map[string]filterFunc{
		"regex_match":     filterRegex(true),
		"regex_search":    filterRegex(false),
		"regex_replace":   filterRegexReplace,
		"regex_substring": filterRegexSubstring,
	}
}

func argumentRegex(a *arguments, prefix string, ignoreCaseAt int) (regex, error) {
	pattern, ignoreCase := a.mustText(0, "pattern"), a.bool(ignoreCaseAt, "ignorecase", false)
	if a.err != nil {
		return regex{}, a.err
	}
	return compileRegex(prefix+"(?:"+pattern+")", ignoreCase)
}

func filterRegex(atStart bool) filterFunc {
	prefix := ""
	if atStart {
		prefix = `\A`
	}
	return func(m *machine, v any, a *arguments) (any, error) {
		re, err := argumentRegex(a, prefix, 1)
		if err != nil {
			return nil, err
		}
		found, err := re.find(m, Text(v), 1)
		return len(found) > 0, err
	}
}

func filterRegexReplace(m *machine, v any, a *arguments) (any, error) {
	replacement := a.mustText(1, "replacement")
	re, err := argumentRegex(a, "", 2)
	if err != nil {
		return nil, err
	}
	s := Text(v)
	found, err := re.find(m, s, maxItems*10)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	last := 0
	for _, f := range found {
		b.WriteString(s[last:f.start])
		if err := f.expand(&b, replacement); err != nil {
			return nil, err
		}
		if last = f.end; b.Len() > maxOutput {
			return nil, errOutput()
		}
	}
	b.WriteString(s[last:])
	return b.String(), nil
}

// expand writes a replacement, in which \1 and \g<name> stand for groups.
func (f match) expand(b *strings.Builder, replacement string) error {
	for i := 0; i < len(replacement); i++ {
		if replacement[i] != '\\' || i+1 == len(replacement) {
			b.WriteByte(replacement[i])
			continue
		}
		name, length := groupReference(replacement[i+1:])
		if length == 0 {
			text, n := escapeAt(replacement[i+1:])
			b.WriteString(text)
			i += n
			continue
		}
		group, ok := f.group(name)
		if !ok {
			return automation.Invalid("the regular expression has no group %s", name)
		}
		b.WriteString(group)
		i += length
	}
	return nil
}

func groupReference(s string) (name string, length int) {
	if inner, ok := strings.CutPrefix(s, "g<"); ok {
		if end := strings.IndexByte(inner, '>'); end > 0 {
			return inner[:end], end + 3
		}
		return "", 0
	}
	for length < len(s) && length < 2 && isDigit(s[length]) {
		length++
	}
	if s[0] == '0' {
		return "", 0
	}
	return s[:length], length
}

func (f match) group(name string) (string, bool) {
	i, ok := f.names[name]
	if !ok {
		n, whole := readNumber(name)
		number, small := n.(int64)
		if !whole || !small || !isDigit(name[0]) {
			return "", false
		}
		i = int(min(number, maxItems))
	}
	if i >= len(f.groups) {
		return "", false
	}
	return f.groups[i], true
}

func filterRegexSubstring(m *machine, v any, a *arguments) (any, error) {
	index := a.int(1, "result_index", 0)
	re, err := argumentRegex(a, "", 2)
	if err != nil {
		return nil, err
	}
	found, err := re.find(m, Text(v), maxItems)
	if err != nil {
		return nil, err
	}
	if index < 0 {
		index += len(found)
	}
	if index < 0 || index >= len(found) {
		return nil, automation.Invalid("there are %d matches, number %d is not among them", len(found), index)
	}
	switch groups := found[index].groups; len(groups) {
	case 1:
		return groups[0], nil
	case 2:
		return groups[1], nil
	default:
		return textList(groups[1:]), nil
	}
}

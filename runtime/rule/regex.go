package rule

import (
	"regexp"
	"strings"
	"time"

	"github.com/dlclark/regexp2"

	"github.com/squall-dev/squall/runtime/automation"
)

// regexTimeout bounds one search of the backtracking engine, which some
// expressions send into exponential time.
const regexTimeout = 200 * time.Millisecond

// regexOptions tell the three regex operators apart.
type regexOptions struct {
	start  bool // only at the start of the value
	dotAll bool // a dot matches newlines
	fold   bool // case does not matter
}

// regexTest compiles the pattern, which means what it means in Python.
// Expressions that Go's engine understands the same way run on that, in linear
// time; the others need look-around or Unicode classes and run on regexp2.
func regexTest(o regexOptions) func(any, string) (predicate, error) {
	return func(pattern any, _ string) (predicate, error) {
		p, err := wantText("the pattern", pattern)
		if err != nil {
			return nil, err
		}
		match, err := o.compile(p)
		if err != nil {
			return nil, err
		}
		return func(v any, _ scope) (bool, error) {
			s, err := wantText("the value", v)
			if err != nil {
				return false, err
			}
			return match(s)
		}, nil
	}
}

func (o regexOptions) compile(pattern string) (func(string) (bool, error), error) {
	if sameInGo(pattern) {
		if re, err := regexp.Compile(o.wrap(pattern, "s", "i")); err == nil {
			return func(s string) (bool, error) { return re.MatchString(s), nil }, nil
		}
	}
	re, err := regexp2.Compile(o.wrap(fromPython(pattern), "s", "i"), regexp2.None)
	if err != nil {
		return nil, automation.Invalid("the regular expression %q is not valid", pattern).Because(err)
	}
	re.MatchTimeout = regexTimeout
	return func(s string) (bool, error) {
		ok, err := re.MatchString(s)
		if err != nil {
			return false, automation.Invalid("the regular expression takes longer than %s on this value", regexTimeout)
		}
		return ok, nil
	}, nil
}

func (o regexOptions) wrap(pattern, dotAll, fold string) string {
	flags := ""
	if o.dotAll {
		flags += dotAll
	}
	if o.fold {
		flags += fold
	}
	if flags != "" {
		pattern = "(?" + flags + ":" + pattern + ")"
	}
	if o.start {
		pattern = `\A(?:` + pattern + ")"
	}
	return pattern
}

// sameInGo reports whether the expression is of the plain kind that both engines
// read alike. It errs on the side of no: classes such as \d are Unicode's in
// Python, a dollar matches before a last newline, and so on.
func sameInGo(pattern string) bool {
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c >= 0x80, c == '$', c == '{':
			return false
		case c == '\\':
			i++
			if i >= len(pattern) || !strings.ContainsRune(`.*+?()[]{}|^$/\-:@=,#"'`, rune(pattern[i])) {
				return false
			}
		case c == '(' && strings.HasPrefix(pattern[i:], "(?") && !strings.HasPrefix(pattern[i:], "(?:"):
			return false
		case c == '[':
			end := strings.IndexAny(pattern[i+1:], `[]\`)
			if end <= 0 || pattern[i+1+end] != ']' || pattern[i+1:i+1+end] == "^" {
				return false
			}
			i += 1 + end
		}
	}
	return true
}

// fromPython rewrites what regexp2 spells otherwise: named groups, \Z, "{,n}"
// and brackets inside of sets.
func fromPython(pattern string) string {
	var b strings.Builder
	inSet := false
	for i := 0; i < len(pattern); {
		replacement, n := fromPythonAt(pattern[i:], inSet)
		switch {
		case pattern[i] == '[' && !inSet:
			inSet = true
			replacement, n = setStart(pattern[i:])
		case pattern[i] == ']' && inSet:
			inSet = false
		}
		b.WriteString(replacement)
		i += n
	}
	return b.String()
}

// setStart keeps a closing bracket that stands first in a set, where it is a
// member.
func setStart(rest string) (string, int) {
	for _, prefix := range []string{"[^]", "[]"} {
		if strings.HasPrefix(rest, prefix) {
			return strings.TrimSuffix(prefix, "]") + `\]`, len(prefix)
		}
	}
	return "[", 1
}

func fromPythonAt(rest string, inSet bool) (replacement string, length int) {
	switch {
	case rest[0] == '\\' && len(rest) > 1:
		if rest[1] == 'Z' && !inSet {
			return `\z`, 2
		}
		return rest[:2], 2
	case inSet && rest[0] == '[':
		return `\[`, 1
	case inSet:
	case strings.HasPrefix(rest, "(?P<"):
		return "(?<", 4
	case strings.HasPrefix(rest, "(?P="):
		if name, _, ok := strings.Cut(rest[4:], ")"); ok {
			return `\k<` + name + ">", 4 + len(name) + 1
		}
	case strings.HasPrefix(rest, "{,") && len(rest) > 2 && rest[2] >= '0' && rest[2] <= '9':
		return "{0,", 2
	}
	return rest[:1], 1
}

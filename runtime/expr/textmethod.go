package expr

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// moreTextMethods are those of Python's texts that are seldom used.
func (m *machine) moreTextMethod(v, name string, a *arguments) (any, error) {
	switch name {
	case "rfind":
		i := strings.LastIndex(v, a.mustText(0, "sub"))
		if i < 0 {
			return int64(-1), nil
		}
		return int64(utf8.RuneCountInString(v[:i])), nil
	case "removeprefix":
		return strings.TrimPrefix(v, a.mustText(0, "prefix")), nil
	case "removesuffix":
		return strings.TrimSuffix(v, a.mustText(0, "suffix")), nil
	case "partition", "rpartition":
		return partition(v, name, a), nil
	case "swapcase":
		return strings.Map(swapCase, v), nil
	case "isalpha", "isalnum", "isspace":
		return v != "" && !strings.ContainsFunc(v, func(r rune) bool { return !isKind(name, r) }), nil
	case "isupper":
		return isCase(v, unicode.IsLower), nil
	case "islower":
		return isCase(v, unicode.IsUpper), nil
	}
	return m.padMethod(v, name, a)
}

func partition(v, name string, a *arguments) any {
	sep := a.mustText(0, "sep")
	if sep == "" {
		a.fail("the separator is empty")
		return nil
	}
	i, parts := strings.Index(v, sep), []any{v, "", ""}
	if name == "rpartition" {
		i, parts = strings.LastIndex(v, sep), []any{"", "", v}
	}
	if i < 0 {
		return parts
	}
	return []any{v[:i], sep, v[i+len(sep):]}
}

func swapCase(r rune) rune {
	if unicode.IsUpper(r) {
		return unicode.ToLower(r)
	}
	return unicode.ToUpper(r)
}

func isKind(name string, r rune) bool {
	switch name {
	case "isalpha":
		return unicode.IsLetter(r)
	case "isalnum":
		return unicode.IsLetter(r) || unicode.IsNumber(r)
	}
	return unicode.IsSpace(r)
}

// padMethod makes texts longer. The width is bounded where it is read.
func (m *machine) padMethod(v, name string, a *arguments) (any, error) {
	switch name {
	case "zfill", "ljust", "rjust", "center":
	default:
		return m.stripMethod(v, name, a)
	}
	missing := max(a.int(0, "width", 0)-utf8.RuneCountInString(v), 0)
	fillWith := a.text(1, "fillchar", " ")
	if utf8.RuneCountInString(fillWith) != 1 {
		a.fail("what fills is one character")
		return nil, a.err
	}
	if missing*len(fillWith) > maxOutput {
		return nil, errOutput()
	}
	switch name {
	case "ljust":
		return m.text(v + strings.Repeat(fillWith, missing))
	case "rjust":
		return m.text(strings.Repeat(fillWith, missing) + v)
	case "center":
		return m.text(strings.Repeat(fillWith, missing/2) + v + strings.Repeat(fillWith, missing-missing/2))
	}
	sign := ""
	if v != "" && (v[0] == '-' || v[0] == '+') {
		sign, v = v[:1], v[1:]
	}
	return m.text(sign + strings.Repeat("0", missing) + v)
}

package rule

import (
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

// Operator is one row of the table of operators.
type Operator struct {
	Name    string
	Aliases []string
	// Doc says when the operator holds; V is the value in the payload, P the
	// pattern of the criterion.
	Doc string
	// takesNull lets the operator see a null pattern; for all others a criterion
	// whose pattern is null does not hold.
	takesNull bool
	// prepare makes the test for a pattern. What it refuses at once is a fault of
	// the rule and not of the event.
	prepare func(pattern any, condition string) (predicate, error)
}

// searchName is the operator whose pattern holds criteria.
const searchName = "search"

// IsSearch reports whether a criterion's pattern holds criteria.
func IsSearch(operator string) bool { return strings.EqualFold(operator, searchName) }

// Operators returns the table, for documentation and completion.
func Operators() []Operator {
	return []Operator{
		{Name: "equals", Aliases: []string{"eq"}, Doc: "V equals P; a number never equals a text",
			prepare: plain(equals)},
		{Name: "nequals", Aliases: []string{"neq"}, Doc: "V does not equal P", takesNull: true,
			prepare: plain(not(equals))},
		{Name: "iequals", Aliases: []string{"ieq"}, Doc: "V equals P, ignoring case",
			prepare: folded(func(v, p string) bool { return v == p })},
		{Name: "contains", Doc: "the text V contains the text P, or P is an element of the list V or a key of the map V",
			prepare: plain(expr.Contains)},
		{Name: "icontains", Doc: "the text V contains the text P, ignoring case",
			prepare: folded(strings.Contains)},
		{Name: "ncontains", Doc: "V does not contain P",
			prepare: plain(not(expr.Contains))},
		{Name: "incontains", Doc: "the text V does not contain the text P, ignoring case",
			prepare: folded(func(v, p string) bool { return !strings.Contains(v, p) })},
		{Name: "startswith", Doc: "the text V starts with P",
			prepare: texts(strings.HasPrefix)},
		{Name: "istartswith", Doc: "the text V starts with P, ignoring case",
			prepare: folded(strings.HasPrefix)},
		{Name: "endswith", Doc: "the text V ends with P",
			prepare: texts(strings.HasSuffix)},
		{Name: "iendswith", Doc: "the text V ends with P, ignoring case",
			prepare: folded(strings.HasSuffix)},
		{Name: "lessthan", Aliases: []string{"lt"}, Doc: "V is less than P; numbers, texts and lists compare with their like",
			prepare: plain(less)},
		{Name: "greaterthan", Aliases: []string{"gt"}, Doc: "V is greater than P; numbers, texts and lists compare with their like",
			prepare: plain(greater)},
		{Name: "timediff_lt", Aliases: []string{"td_lt"}, Doc: "the date V is less than P seconds ago",
			prepare: ageTest(func(age, limit float64) bool { return age < limit })},
		{Name: "timediff_gt", Aliases: []string{"td_gt"}, Doc: "the date V is more than P seconds ago",
			prepare: ageTest(func(age, limit float64) bool { return age > limit })},
		{Name: "matchwildcard", Doc: "the whole text V matches the shell pattern P (*, ?, [set], [!set])",
			prepare: texts(matchWildcard)},
		{Name: "matchregex", Doc: "the regular expression P matches at the start of V; a dot matches newlines too",
			prepare: regexTest(regexOptions{start: true, dotAll: true})},
		{Name: "regex", Doc: "the regular expression P matches anywhere in V",
			prepare: regexTest(regexOptions{})},
		{Name: "iregex", Doc: "the regular expression P matches anywhere in V, ignoring case",
			prepare: regexTest(regexOptions{fold: true})},
		{Name: "exists", Doc: "V is there and is not null; P is ignored", takesNull: true,
			prepare: plain(exists)},
		{Name: "nexists", Doc: "V is missing or null; P is ignored", takesNull: true,
			prepare: plain(not(exists))},
		{Name: "inside", Aliases: []string{"in"}, Doc: "V is an element of the list P, a part of the text P or a key of the map P",
			prepare: plain(inside)},
		{Name: "ninside", Aliases: []string{"nin"}, Doc: "V is not inside P",
			prepare: plain(not(inside))},
		{Name: searchName, Doc: "the items of the list V meet the criteria P; condition is all, any, all2any or any2any",
			prepare: prepareSearch},
	}
}

// findOperator accepts names and aliases in any case.
func findOperator(name string) (*Operator, error) {
	lower := strings.ToLower(name)
	table := Operators()
	var known []string
	for i, o := range table {
		names := append([]string{o.Name}, o.Aliases...)
		for _, n := range names {
			if n == lower {
				return &table[i], nil
			}
		}
		known = append(known, names...)
	}
	return nil, unknownOperator(name, lower, known)
}

func unknownOperator(name, lower string, known []string) error {
	if name == "" {
		return automation.Invalid("it has no type").WithHint("the type is the operator, one of %s", strings.Join(known, ", "))
	}
	err := automation.Invalid("unknown operator %q", name)
	if c := automation.Closest(lower, known); c != "" {
		return err.WithHint("did you mean %s?", c)
	}
	return err.WithHint("the operators are %s", strings.Join(known, ", "))
}

// predicate makes the test for a pattern, which may be null only if the
// operator takes that.
func (o *Operator) predicate(pattern any, condition string) (predicate, error) {
	if pattern == nil && !o.takesNull && o.Name != searchName {
		return never, nil
	}
	return o.prepare(pattern, condition)
}

func never(any, scope) (bool, error) { return false, nil }

// plain adapts a function of value and pattern.
func plain(f func(v, p any) (bool, error)) func(any, string) (predicate, error) {
	return func(pattern any, _ string) (predicate, error) {
		return func(v any, _ scope) (bool, error) { return f(v, pattern) }, nil
	}
}

// texts adapts a function of two texts.
func texts(f func(v, p string) bool) func(any, string) (predicate, error) {
	return func(pattern any, _ string) (predicate, error) {
		p, err := wantText("the pattern", pattern)
		if err != nil {
			return nil, err
		}
		return func(v any, _ scope) (bool, error) {
			s, err := wantText("the value", v)
			return err == nil && f(s, p), err
		}, nil
	}
}

// folded adapts a function of two texts whose case does not matter.
func folded(f func(v, p string) bool) func(any, string) (predicate, error) {
	return func(pattern any, _ string) (predicate, error) {
		p, err := wantText("the pattern", pattern)
		if err != nil {
			return nil, err
		}
		p = lower(p)
		return func(v any, _ scope) (bool, error) {
			s, err := wantText("the value", v)
			return err == nil && f(lower(s), p), err
		}, nil
	}
}

func wantText(what string, v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", automation.Invalid("%s is %s, not a text", what, describe(v))
	}
	return s, nil
}

func describe(v any) string {
	if v == nil {
		return "null or missing"
	}
	return "a " + expr.TypeName(v)
}

// lower is strings.ToLower, but keeps the dot of U+0130 as a mark of its own, so
// that it does not become equal to a plain i.
func lower(s string) string {
	return strings.ToLower(strings.ReplaceAll(s, "\u0130", "i\u0307"))
}

func not(f func(v, p any) (bool, error)) func(v, p any) (bool, error) {
	return func(v, p any) (bool, error) {
		held, err := f(v, p)
		return err == nil && !held, err
	}
}

func equals(v, p any) (bool, error) { return expr.Equal(v, p), nil }

func exists(v, _ any) (bool, error) { return v != nil, nil }

func inside(v, p any) (bool, error) { return expr.Contains(p, v) }

func less(v, p any) (bool, error) {
	c, err := expr.Compare(v, p)
	return err == nil && c < 0, err
}

func greater(v, p any) (bool, error) {
	c, err := expr.Compare(v, p)
	return err == nil && c > 0, err
}

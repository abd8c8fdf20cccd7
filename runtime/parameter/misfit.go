package parameter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// leaves are the problems that are not just about other problems.
func leaves(e *jsonschema.ValidationError, found []*jsonschema.ValidationError) []*jsonschema.ValidationError {
	switch e.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.Reference, *kind.AllOf:
		for _, cause := range e.Causes {
			if len(found) > maxMisfits {
				break
			}
			found = leaves(cause, found)
		}
		return found
	}
	return append(found, e)
}

// placeOf writes a place as criteria do: "body.alerts[0].labels".
func placeOf(path []string) string {
	const most = 200
	var b strings.Builder
	for _, step := range path {
		switch {
		case step != "" && strings.Trim(step, "0123456789") == "":
			fmt.Fprintf(&b, "[%s]", step)
		case b.Len() > 0:
			b.WriteByte('.')
			fallthrough
		default:
			b.WriteString(step)
		}
	}
	return shorten(b.String(), most)
}

func shorten(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// sayKind words a problem without the value that has it: payloads may be long, and
// secret.
func sayKind(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Type:
		return fmt.Sprintf("is %s, not %s", k.Got, wanted(k.Want))
	case *kind.Required:
		return "lacks " + quoted(k.Missing)
	case *kind.AdditionalProperties:
		return "must not have " + quoted(k.Properties)
	case *kind.Enum:
		return "is not one of " + values(k.Want)
	case *kind.Const:
		return "is not " + values([]any{k.Want})
	case *kind.Pattern:
		return "does not match the pattern " + shorten(k.Want, 100)
	case *kind.Format:
		return "is not of the format " + k.Want
	}
	return sayBound(k)
}

// sayBound words what is too small, too large or otherwise off.
func sayBound(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Minimum:
		return "is less than " + k.Want.RatString()
	case *kind.Maximum:
		return "is more than " + k.Want.RatString()
	case *kind.ExclusiveMinimum:
		return "is not more than " + k.Want.RatString()
	case *kind.ExclusiveMaximum:
		return "is not less than " + k.Want.RatString()
	case *kind.MultipleOf:
		return "is not a multiple of " + k.Want.RatString()
	case *kind.MinLength:
		return fmt.Sprintf("is shorter than %d characters", k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("is longer than %d characters", k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("has fewer than %d items", k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("has more than %d items", k.Want)
	case *kind.Dependency:
		return fmt.Sprintf("has %q and so needs %s", k.Prop, quoted(k.Missing))
	}
	return "does not fit the keyword " + strings.Join(k.KeywordPath(), ".")
}

// wanted names types. Null is not told beside others: it stands for "left out".
func wanted(types []string) string {
	if len(types) > 1 {
		types = slices.DeleteFunc(slices.Clone(types), func(t string) bool { return t == "null" })
	}
	return strings.Join(types, " or ")
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = fmt.Sprintf("%q", shorten(name, 100))
	}
	return shorten(strings.Join(out, ", "), 300)
}

func values(vs []any) string {
	var out []string
	for _, v := range vs {
		if v != nil || len(vs) == 1 {
			out = append(out, fmt.Sprint(v))
		}
	}
	return shorten(strings.Join(out, ", "), 300)
}

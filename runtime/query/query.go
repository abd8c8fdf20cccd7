// Package query is the language of filters: what a person types to find
// executions, parsed once for the API, the command line and the page.
//
//	status:failed,timed_out action:k8s.* -rule:noisy.* since:24h "disruption budget"
//
// Terms stand beside one another and must all hold. A term is key:value, or words
// to look for; a minus before it turns it round. Values are separated by commas and
// any of them will do; "*" stands for anything; quotes keep blanks and commas.
//
// The package is pure: it knows no database. A store reads [Filter.Terms].
package query

import (
	"strings"
	"time"
)

// Field is what a term looks at.
type Field string

// The fields. Text is what stands without a key: words of the action, the summary,
// the error and the log, or the end of an id.
const (
	Text     Field = "text"
	Status   Field = "status"
	Action   Field = "action"
	Pack     Field = "pack"
	Rule     Field = "rule"
	Trigger  Field = "trigger"
	Actor    Field = "actor"
	Event    Field = "event"
	Parent   Field = "parent"
	From     Field = "from"
	ID       Field = "id"
	Trace    Field = "trace"
	TraceID  Field = "trace_id"
	Code     Field = "code"
	Error    Field = "error"
	Log      Field = "log"
	Attempts Field = "attempts"
	Duration Field = "duration"
	Since    Field = "since"
	Until    Field = "until"
	Dry      Field = "dry"
	Param    Field = "param"
)

// Filter is a filter that was understood. The zero value selects everything.
type Filter struct {
	Terms []Term
}

// Term is one condition.
type Term struct {
	Field Field
	// Name is what follows "param."; empty for other fields.
	Name string
	// Not turns the term round.
	Not bool
	// Values are alternatives. Those of Text, Error and Log are words to find in
	// succession; those of the others may hold "*" where Glob says so.
	Values []Value
	// Op and Number belong to Attempts and Duration (nanoseconds).
	Op     Op
	Number int64
	// Time belongs to Since and Until.
	Time time.Time
	// Column is where the term begins, from 1, in characters.
	Column int
}

// Value is one alternative.
type Value struct {
	Text string
	// Glob tells that "*" in Text stands for anything. In quotes it does not.
	Glob bool
}

// Op compares numbers.
type Op string

// The comparisons.
const (
	Equal     Op = "="
	Greater   Op = ">"
	AtLeast   Op = ">="
	Less      Op = "<"
	AtMost    Op = "<="
	noOp      Op = ""
	longest      = 4096 // bytes of a filter
	mostTerms    = 50
	mostValue    = 100 // alternatives of a term
)

// Match reports whether text is the value, or fits its pattern.
func (v Value) Match(text string) bool {
	if !v.Glob {
		return v.Text == text
	}
	parts := strings.Split(v.Text, "*")
	first, last := parts[0], parts[len(parts)-1]
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return true
}

// Has reports whether some term looks at a field.
func (f Filter) Has(field Field) bool {
	for _, t := range f.Terms {
		if t.Field == field {
			return true
		}
	}
	return false
}

// And returns a filter that asks for one thing more.
func (f Filter) And(t Term) Filter {
	return Filter{Terms: append(f.Terms[:len(f.Terms):len(f.Terms)], t)}
}

// Is makes a term that asks for a value as it is.
func Is(field Field, text string) Term { return Term{Field: field, Values: []Value{{Text: text}}} }

// Quote writes text as words to look for in succession.
func Quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// Package expr evaluates what rules and actions write between braces:
// "{{ trigger.body.user }}" is a template, "trigger.body.alerts[0]" is a path.
// Both are compiled once and evaluated many times, by any number of goroutines.
//
// The language of templates is Jinja's: expressions with filters and tests, and
// the statements if, for, set, with, filter, macro and raw. The package has a
// parser and an evaluator of its own; one that is made of texts and plain
// references only needs neither. [FilterDocs] and [TestDocs] list what there is,
// and packs/TEMPLATES.md tells people.
//
// The package is pure: no clock, no file, no network, and evaluation is bounded
// in time, memory and output whatever the template and the data are. What it is
// not: it knows nothing of rules, of parameters' types or of events. The
// key-value store comes in as a function, [KV], which a template calls only when
// it asks for a key.
//
// Values are those of JSON as [Decode] gives them: nil, bool, int64, float64,
// string, []any, map[string]any, and json.Number for a number that fits neither
// of Go's. They compare as they do in Python, because that is what the rules
// that people already have were written against.
//
//	t, err := expr.Compile("{{ trigger.body.alerts[0].labels.pod }}")
//	pod, err := t.Eval(map[string]any{"trigger": payload})
package expr

package expr

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

const (
	// maxSteps bounds the work of one evaluation, some tenths of a second.
	maxSteps = 1_000_000
	// bytesPerStep is how much text or how many elements count as one step.
	bytesPerStep = 16
	// maxEvalDepth bounds recursion into the syntax tree.
	maxEvalDepth = 10_000
	// maxItems bounds lists that templates make.
	maxItems = 100_000
)

// machine is one evaluation of a program.
type machine struct {
	scope   map[string]any
	frame   *frame
	out     *strings.Builder
	filters map[string]filterFunc // nil until one is called by a name in a text
	tests   map[string]testFunc   // likewise
	steps   int
	depth   int
	macros  int // that are being called, inside of each other
	// bodyText is the text of the block whose filters are being evaluated.
	bodyText string
}

// frame holds the names that the template itself set.
type frame struct {
	names  map[string]any
	parent *frame
}

func (f *frame) find(name string) (any, bool) {
	for ; f != nil; f = f.parent {
		if v, ok := f.names[name]; ok {
			return v, true
		}
	}
	return nil, false
}

// undefined is the value of what is not there. It may be tested and replaced by
// the default filter; any other use is an error with this message, or the empty
// text where text says so.
type undefined struct {
	message string
	text    bool
}

func (u undefined) orText() (any, error) {
	if u.text {
		return "", nil
	}
	return nil, errors.New(u.message)
}

// namespace is what namespace() makes: the one value that set may change.
type namespace struct{ names map[string]any }

// String shows nothing of what is inside: a namespace may hold itself.
func (*namespace) String() string { return "a namespace" }

// render runs the whole program and returns its text.
func (p *program) render(scope map[string]any) (v any, err error) {
	m := newMachine(scope)
	defer m.guard(&err)
	if err := m.run(p.body); err != nil {
		return nil, err
	}
	return m.out.String(), nil
}

// value evaluates the single expression of the program.
func (p *program) value(scope map[string]any) (v any, err error) {
	m := newMachine(scope)
	defer m.guard(&err)
	return m.element(p.single)
}

func newMachine(scope map[string]any) *machine {
	return &machine{scope: scope, frame: &frame{names: map[string]any{}}, out: &strings.Builder{}}
}

// guard turns a panic into an error: no template may end the server.
func (m *machine) guard(err *error) {
	if fault := recover(); fault != nil {
		*err = automation.Invalid("template can not be evaluated: %v", fault)
	}
}

// spend accounts for work that grows with n.
func (m *machine) spend(n int) error {
	m.steps += 1 + n/bytesPerStep
	if m.steps > maxSteps {
		return automation.Invalid("template takes more than %d steps", maxSteps)
	}
	return nil
}

// text accounts for a text that was made.
func (m *machine) text(s string) (any, error) {
	if len(s) > maxOutput {
		return nil, errOutput()
	}
	return s, m.spend(len(s))
}

// collection accounts for a list or map that was made. It counts what is inside
// at every depth: a list that holds another one twice doubles with each round of
// a loop, and so would the time to print or compare it.
func (m *machine) collection(v any) (any, error) {
	n := countValues(v, maxSteps)
	if n >= maxSteps {
		return nil, errItems()
	}
	return v, m.spend(n)
}

// countValues stops at limit.
func countValues(v any, limit int) int {
	n := 1
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if n >= limit {
				return n
			}
			n += countValues(item, limit-n)
		}
	case map[string]any:
		for _, item := range v {
			if n >= limit {
				return n
			}
			n += countValues(item, limit-n)
		}
	}
	return n
}

func (m *machine) write(s string) error {
	if m.out.Len()+len(s) > maxOutput {
		return errOutput()
	}
	m.out.WriteString(s)
	return m.spend(len(s))
}

// items are what a value gives when it is iterated: elements, keys or characters.
func (m *machine) items(v any) ([]any, error) {
	switch v := v.(type) {
	case []any:
		return v, m.spend(len(v))
	case map[string]any:
		return textList(slices.Sorted(maps.Keys(v))), m.spend(len(v) * bytesPerStep)
	case string:
		return textList(strings.Split(v, "")), m.spend(len(v))
	}
	return nil, automation.Invalid("a %s can not be iterated", TypeName(v))
}

func textList(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// truth is what Python makes of a value in a condition.
func truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	f, ok := Float(v)
	return !ok || f != 0
}

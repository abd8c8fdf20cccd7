package expr

import (
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

const (
	maxTemplateBytes = 64 << 10
	// maxOutput bounds the text that one template renders.
	maxOutput = 1 << 20
)

// Template is a compiled template.
type Template struct {
	source  string
	parts   []part   // texts and plain references; nil when the engine is needed
	program *program // the engine's form; nil when parts are enough
}

// part is a piece of a template that needs no engine: a text, or a reference
// when isRef is set.
type part struct {
	text  string
	ref   reference
	isRef bool
}

// Lazy is a value in a scope that is made only when a template asks for its name.
type Lazy func() (any, error)

// lookup finds a name in the scope.
func lookup(scope map[string]any, name string) (v any, found bool, err error) {
	v, found = scope[name]
	if lazy, ok := v.(Lazy); ok {
		v, err = lazy()
	}
	return v, found, err
}

// IsTemplate reports whether s holds anything to evaluate. Text without braces
// stands for itself. The beginning of a comment alone does not count: a shell
// writes the length of a variable as ${#name}.
func IsTemplate(s string) bool {
	if strings.Contains(s, "{{") || strings.Contains(s, "{%") {
		return true
	}
	_, after, found := strings.Cut(s, "{#")
	return found && strings.Contains(after, "#}")
}

// Compile compiles a template. Text that is none becomes a template that renders
// itself.
func Compile(text string) (*Template, error) {
	if len(text) > maxTemplateBytes {
		return nil, automation.Invalid("template of %d bytes is longer than %d", len(text), maxTemplateBytes)
	}
	if !IsTemplate(text) {
		return &Template{source: text, parts: []part{{text: text}}}, nil
	}
	source := strings.TrimSuffix(text, "\n") // as Jinja drops one final newline
	if parts, ok := splitParts(source); ok {
		return &Template{source: text, parts: parts}, nil
	}
	p, err := compileProgram(source)
	if err != nil {
		return nil, err
	}
	return &Template{source: text, program: p}, nil
}

// String returns the template as it was written.
func (t *Template) String() string { return t.source }

// Eval evaluates the template. One that is a single expression and nothing else
// keeps the type of its result: "{{ a + 1 }}" gives a number, "{{ a }}" whatever a
// is. Any other gives a text.
func (t *Template) Eval(scope map[string]any) (any, error) {
	switch {
	case t.program != nil && t.program.single != nil:
		return t.program.value(scope)
	case t.program != nil:
		return t.program.render(scope)
	case len(t.parts) == 1 && t.parts[0].isRef:
		return t.parts[0].ref.eval(scope)
	}
	return renderParts(t.parts, scope)
}

// EvalPattern is Eval for the pattern of a criterion. There a comparison outside
// of parentheses gives the text "True" or "False", which existing rules rely on.
func (t *Template) EvalPattern(scope map[string]any) (any, error) {
	if t.program != nil && isComparison(t.program.single) {
		return t.program.render(scope)
	}
	return t.Eval(scope)
}

func renderParts(parts []part, scope map[string]any) (any, error) {
	var b strings.Builder
	for _, p := range parts {
		text := p.text
		if p.isRef {
			v, err := p.ref.eval(scope)
			if err != nil {
				return nil, err
			}
			text = Text(v)
		}
		if b.Len()+len(text) > maxOutput {
			return nil, errOutput()
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

func errOutput() error {
	return automation.Invalid("template renders more than %d bytes", maxOutput)
}

// splitParts cuts a template that holds only texts and plain references; ok is
// false if there is anything else in it.
func splitParts(source string) (parts []part, ok bool) {
	if strings.Contains(source, "{%") || strings.Contains(source, "{#") {
		return nil, false
	}
	for rest := source; rest != ""; {
		text, after, found := strings.Cut(rest, "{{")
		if text != "" {
			parts = append(parts, part{text: text})
		}
		if !found {
			break
		}
		inside, next, closed := strings.Cut(after, "}}")
		ref, plain := parseReference(inside)
		if !closed || !plain {
			return nil, false
		}
		parts = append(parts, part{ref: ref, isRef: true})
		rest = next
	}
	return parts, true
}

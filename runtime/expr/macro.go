package expr

import (
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

// maxMacroDepth bounds macros that call each other, or themselves.
const maxMacroDepth = 100

// macroStatement defines a macro when it is run.
type macroStatement struct {
	name       string
	parameters []string
	defaults   []node // one for each parameter, nil for none
	body       []statement
}

// macro is a macro with the names that it sees: those of where it was defined.
type macro struct {
	*macroStatement
	frame *frame
}

// String stands for the macro itself, which has no value.
func (*macro) String() string { return "a macro" }

// macroBlock reads {% macro name(a, b=1) %} up to {% endmacro %}.
func (p *parser) macroBlock() (statement, error) {
	s := &macroStatement{name: p.now().text}
	if p.now().kind != kindName || reservedName(s.name) {
		return nil, p.errorf("the name of the macro is missing")
	}
	p.at++
	if err := p.want("("); err != nil {
		return nil, err
	}
	if err := p.items(")", func() error { return p.macroParameter(s) }); err != nil {
		return nil, err
	}
	var err error
	if s.body, _, err = p.block("endmacro"); err != nil {
		return nil, err
	}
	if p.isWord(s.name) { // Jinja lets the end repeat it
		p.at++
	}
	return s, p.close(kindBlockEnd)
}

func (p *parser) macroParameter(s *macroStatement) error {
	name := p.now()
	if name.kind != kindName || reservedName(name.text) {
		return p.errorf("the name of a parameter is missing")
	}
	if s.parameter(name.text) >= 0 {
		return p.errorf("parameter %s stands here twice", name.text)
	}
	p.at++
	var fallback node
	if p.sign("=") {
		var err error
		if fallback, err = p.expression(); err != nil {
			return err
		}
	} else if n := len(s.defaults); n > 0 && s.defaults[n-1] != nil {
		return p.errorf("parameter %s needs a default, as the one before it has", name.text)
	}
	s.parameters, s.defaults = append(s.parameters, name.text), append(s.defaults, fallback)
	return nil
}

// parameter is the place of a parameter, -1 if there is none of this name.
func (s *macroStatement) parameter(name string) int {
	for i, p := range s.parameters {
		if p == name {
			return i
		}
	}
	return -1
}

// callMacro renders the body with the arguments under their names.
func (m *machine) callMacro(of *macro, a *arguments) (any, error) {
	if m.macros++; m.macros > maxMacroDepth {
		return nil, automation.Invalid("macros call each other more than %d deep", maxMacroDepth)
	}
	outer, out := m.frame, m.out
	defer func() { m.frame, m.out, m.macros = outer, out, m.macros-1 }()
	m.frame, m.out = &frame{names: map[string]any{}, parent: of.frame}, &strings.Builder{}
	if err := m.bindArguments(of, a); err != nil {
		return nil, err
	}
	if err := m.run(of.body); err != nil {
		return nil, err
	}
	return m.text(m.out.String())
}

func (m *machine) bindArguments(of *macro, a *arguments) error {
	if len(a.positional) > len(of.parameters) {
		return automation.Invalid("macro %s takes %d arguments, not %d", of.name, len(of.parameters), len(a.positional))
	}
	for name := range a.named {
		if i := of.parameter(name); i < 0 || i < len(a.positional) {
			return automation.Invalid("macro %s can not take the argument %s", of.name, name).
				WithHint("its parameters are: %s; each is given once", strings.Join(of.parameters, ", "))
		}
	}
	for i, name := range of.parameters {
		v, given := a.given(i, name)
		if !given {
			v = undefined{message: "macro " + of.name + " was not given " + name}
			if of.defaults[i] != nil {
				var err error
				if v, err = m.eval(of.defaults[i]); err != nil {
					return err
				}
			}
		}
		m.frame.names[name] = v
	}
	return nil
}

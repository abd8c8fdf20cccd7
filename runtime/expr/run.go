package expr

import (
	"fmt"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

func (m *machine) run(list []statement) error {
	for _, s := range list {
		if err := m.spend(0); err != nil {
			return err
		}
		if err := m.runStatement(s); err != nil {
			return err
		}
	}
	return nil
}

func (m *machine) runStatement(s statement) error {
	switch s := s.(type) {
	case *textStatement:
		return m.write(s.text)
	case *outputStatement:
		v, err := m.eval(s.of)
		if err != nil {
			return err
		}
		return m.write(Text(v))
	case *ifStatement:
		return m.runIf(s)
	case *forStatement:
		return m.runFor(s)
	case *setStatement:
		return m.runSet(s)
	case *withStatement:
		return m.runWith(s)
	case *macroStatement:
		m.frame.names[s.name] = &macro{s, m.frame}
		return nil
	case *filterStatement:
		v, err := m.filtered(s.body, s.filters)
		if err != nil {
			return err
		}
		return m.write(Text(v))
	}
	return fmt.Errorf("unknown statement %T", s)
}

func (m *machine) runIf(s *ifStatement) error {
	for i, condition := range s.conditions {
		v, err := m.eval(condition)
		if err != nil {
			return err
		}
		if truth(v) {
			return m.run(s.blocks[i])
		}
	}
	if len(s.blocks) > len(s.conditions) {
		return m.run(s.blocks[len(s.conditions)])
	}
	return nil
}

func (m *machine) runSet(s *setStatement) error {
	v, err := m.setValue(s)
	if err != nil {
		return err
	}
	if s.attribute == "" {
		return m.frame.bind(s.target, v)
	}
	holder, _ := m.frame.find(s.target.name)
	ns, ok := holder.(*namespace)
	if !ok {
		return automation.Invalid("only a namespace can be changed, %s is none", s.target.name)
	}
	ns.names[s.attribute] = v
	return nil
}

// setValue may be a key that is not looked up yet, so that a part of a long name
// can get a short one.
func (m *machine) setValue(s *setStatement) (any, error) {
	if s.value == nil {
		return m.filtered(s.body, s.filters)
	}
	v, err := m.evalOpen(s.value)
	if _, ok := v.(key); ok || err != nil {
		return v, err
	}
	return m.settle(v)
}

// filtered renders a block and sends its text through filters, if there are any.
func (m *machine) filtered(body []statement, filters node) (any, error) {
	out := m.out
	defer func() { m.out = out }()
	m.out = &strings.Builder{}
	if err := m.inFrame(body); err != nil {
		return nil, err
	}
	text := m.out.String()
	if filters == nil {
		return text, nil
	}
	outer := m.bodyText
	defer func() { m.bodyText = outer }()
	m.bodyText = text
	return m.eval(filters)
}

// inFrame runs a body whose names end with it.
func (m *machine) inFrame(body []statement) error {
	outer := m.frame
	defer func() { m.frame = outer }()
	m.frame = &frame{names: map[string]any{}, parent: outer}
	return m.run(body)
}

// runWith evaluates all values before it binds the first name.
func (m *machine) runWith(s *withStatement) error {
	f := &frame{names: map[string]any{}, parent: m.frame}
	for i, name := range s.targets {
		v, err := m.eval(s.values[i])
		if err != nil {
			return err
		}
		if err := f.bind(name, v); err != nil {
			return err
		}
	}
	outer := m.frame
	defer func() { m.frame = outer }()
	m.frame = f
	return m.run(s.body)
}

// runFor runs the body in a frame of its own for each item.
func (m *machine) runFor(s *forStatement) error {
	over, err := m.eval(s.over)
	if err != nil {
		return err
	}
	items, err := m.items(over)
	if err != nil {
		return err
	}
	outer := m.frame
	defer func() { m.frame = outer }()
	frames, taken, err := m.forFrames(s, items)
	if err != nil {
		return err
	}
	if len(frames) == 0 {
		m.frame = outer
		return m.run(s.otherwise)
	}
	l := newLoop(taken, outer)
	for i, f := range frames {
		l.at = i
		f.names["loop"] = l
		m.frame = f
		if err := m.run(s.body); err != nil {
			return err
		}
	}
	return nil
}

// forFrames binds the names for every item that meets the condition.
func (m *machine) forFrames(s *forStatement, items []any) (frames []*frame, taken []any, err error) {
	outer := m.frame
	for _, item := range items {
		if err := m.spend(bytesPerStep); err != nil {
			return nil, nil, err
		}
		f := &frame{names: map[string]any{}, parent: outer}
		if err := f.bind(s.target, item); err != nil {
			return nil, nil, err
		}
		if s.condition != nil {
			m.frame = f
			keep, err := m.eval(s.condition)
			if err != nil {
				return nil, nil, err
			}
			if !truth(keep) {
				continue
			}
		}
		frames, taken = append(frames, f), append(taken, item)
	}
	return frames, taken, nil
}

// bind gives names to a value, or to its parts.
func (f *frame) bind(t target, v any) error {
	if t.name != "" {
		f.names[t.name] = v
		return nil
	}
	parts, ok := v.([]any)
	if !ok || len(parts) != len(t.parts) {
		return automation.Invalid("can not take %d names from a %s", len(t.parts), TypeName(v))
	}
	for i, part := range t.parts {
		if err := f.bind(part, parts[i]); err != nil {
			return err
		}
	}
	return nil
}

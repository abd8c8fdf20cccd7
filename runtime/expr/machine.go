package expr

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nikolalohinski/gonja/v2/nodes"

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
	filters map[string]filterFunc
	steps   int
	depth   int
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

// render runs the whole program and returns its text.
func (p *program) render(scope map[string]any) (v any, err error) {
	m := newMachine(scope)
	defer m.guard(&err)
	if err := m.run(p.nodes); err != nil {
		return nil, err
	}
	return m.out.String(), nil
}

// value evaluates the single expression of the program.
func (p *program) value(scope map[string]any) (v any, err error) {
	m := newMachine(scope)
	defer m.guard(&err)
	return m.output(p.single)
}

func newMachine(scope map[string]any) *machine {
	return &machine{scope: scope, frame: &frame{names: map[string]any{}}, out: &strings.Builder{}}
}

// guard turns a panic into an error: the syntax tree comes from code that is not
// ours, and no template may end the server.
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

func (m *machine) run(list []nodes.Node) error {
	for _, n := range list {
		if err := m.spend(0); err != nil {
			return err
		}
		if err := m.runNode(n); err != nil {
			return err
		}
	}
	return nil
}

func (m *machine) runNode(n nodes.Node) error {
	switch n := n.(type) {
	case nil, *nodes.Comment:
		return nil
	case *nodes.Data:
		return m.write(dataText(n))
	case *nodes.Output:
		v, err := m.output(n)
		if err != nil {
			return err
		}
		return m.write(Text(v))
	case *nodes.ControlStructureBlock:
		return m.runStatement(n.ControlStructure)
	}
	return fmt.Errorf("unknown part %T", n)
}

// dataText applies the trimming that the parser noted beside the text.
func dataText(n *nodes.Data) string {
	s := n.Data.Val
	if n.RemoveFirstLineReturn {
		s = strings.TrimPrefix(strings.TrimPrefix(s, "\r"), "\n")
	}
	if n.Trim.Left {
		s = strings.TrimLeft(s, " \r\n\t")
	}
	if n.Trim.Right {
		s = strings.TrimRight(s, " \r\n\t")
	}
	if n.RemoveTrailingWhiteSpaceFromLastLine {
		end := strings.LastIndexByte(s, '\n') + 1
		s = s[:end] + strings.TrimRight(s[end:], " \t\r")
	}
	return s
}

func (m *machine) runStatement(s nodes.Node) error {
	switch s := s.(type) {
	case *ifStatement:
		return m.runIf(s)
	case *forStatement:
		return m.runFor(s)
	case *setStatement:
		return m.runSet(s)
	case *rawStatement:
		return m.write(s.text)
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
			return m.run(s.blocks[i].Nodes)
		}
	}
	if len(s.blocks) > len(s.conditions) {
		return m.run(s.blocks[len(s.conditions)].Nodes)
	}
	return nil
}

func (m *machine) runSet(s *setStatement) error {
	v, err := m.output(s.value)
	if err != nil {
		return err
	}
	if s.attribute == "" {
		m.frame.names[s.name] = v
		return nil
	}
	target, _ := m.frame.find(s.name)
	ns, ok := target.(*namespace)
	if !ok {
		return automation.Invalid("only a namespace can be changed, %s is none", s.name)
	}
	ns.names[s.attribute] = v
	return nil
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
	frames, err := m.forFrames(s, items)
	if err != nil {
		return err
	}
	for i, f := range frames {
		f.names["loop"] = loopVariable(i, len(frames))
		m.frame = f
		if err := m.run(s.body.Nodes); err != nil {
			return err
		}
	}
	m.frame = outer
	if len(frames) == 0 && s.otherwise != nil {
		return m.run(s.otherwise.Nodes)
	}
	return nil
}

// forFrames binds the names for every item that meets the condition.
func (m *machine) forFrames(s *forStatement, items []any) ([]*frame, error) {
	outer := m.frame
	frames := make([]*frame, 0, len(items))
	for _, item := range items {
		if err := m.spend(bytesPerStep); err != nil {
			return nil, err
		}
		f := &frame{names: map[string]any{}, parent: outer}
		if err := f.bind(s.names, item); err != nil {
			return nil, err
		}
		m.frame = f
		keep := any(true)
		if s.condition != nil {
			var err error
			if keep, err = m.eval(s.condition); err != nil {
				return nil, err
			}
		}
		if truth(keep) {
			frames = append(frames, f)
		}
	}
	return frames, nil
}

func (f *frame) bind(names []string, item any) error {
	if len(names) == 1 {
		f.names[names[0]] = item
		return nil
	}
	parts, ok := item.([]any)
	if !ok || len(parts) != len(names) {
		return automation.Invalid("for can not take %d names from a %s", len(names), TypeName(item))
	}
	for i, name := range names {
		f.names[name] = parts[i]
	}
	return nil
}

func loopVariable(i, length int) map[string]any {
	return map[string]any{
		"index": int64(i + 1), "index0": int64(i),
		"revindex": int64(length - i), "revindex0": int64(length - i - 1),
		"first": i == 0, "last": i == length-1, "length": int64(length),
	}
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

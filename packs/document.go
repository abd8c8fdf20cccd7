package packs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/squall-dev/squall/runtime/automation"
)

const (
	maxDepth  = 64      // of nested lists and maps
	maxValues = 100_000 // in one file, aliases counted every time they are used
)

// document reads one YAML file and collects everything that is wrong with it,
// each problem with its place.
type document struct {
	file string
	data []byte
	root *yaml.Node
	errs []error
	left int // values that may still be read: what keeps nested aliases from growing without end
}

// parse reads the syntax of a file that holds exactly one document.
func parse(file string, data []byte) (*document, error) {
	d := &document{file: file, data: data, left: maxValues}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var node yaml.Node
	if err := decoder.Decode(&node); errors.Is(err, io.EOF) {
		return nil, invalid("%s:1:1: the file is empty", file)
	} else if err != nil {
		return nil, syntaxError(file, err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, invalid("%s: holds more than one YAML document", file).
			WithHint("keep one document in a file")
	}
	d.root = node.Content[0]
	return d, nil
}

// syntaxError puts the parser's message into our form: file:line:column.
func syntaxError(file string, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		if number, message, ok := strings.Cut(rest, ": "); ok {
			return invalid("%s:%s:1: %s", file, number, message)
		}
	}
	return invalid("%s: %s", file, text)
}

func invalid(format string, args ...any) *automation.Error {
	return automation.Invalid(format, args...).WithCode("invalid_pack")
}

// err returns all problems found so far.
func (d *document) err() error { return errors.Join(d.errs...) }

func (d *document) position(n *yaml.Node) automation.Position {
	return automation.Position{File: d.file, Line: max(n.Line, 1), Column: max(n.Column, 1)}
}

// problem records what is wrong at n.
func (d *document) problem(n *yaml.Node, format string, args ...any) {
	d.hinted(n, "", format, args...)
}

func (d *document) hinted(n *yaml.Node, hint, format string, args ...any) {
	if d.left < 0 {
		return
	}
	p := d.position(n)
	e := invalid("%s:%d:%d: %s", p.File, p.Line, p.Column, fmt.Sprintf(format, args...))
	e.Hint = hint
	d.errs = append(d.errs, e)
}

// spend takes one value from the budget; false means that it is used up.
func (d *document) spend(n *yaml.Node) bool {
	if d.left == 0 {
		d.giveUp(n, "the file holds more than %d values", maxValues)
	}
	if d.left < 0 {
		return false
	}
	d.left--
	return true
}

// giveUp records the last problem of a file; nothing after it means anything.
func (d *document) giveUp(n *yaml.Node, format string, args ...any) {
	d.problem(n, format, args...)
	d.left = -1
}

// target follows an alias to what it stands for.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool {
	n = target(n)
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// entry is one key of a mapping with its value.
type entry struct {
	name  string
	key   *yaml.Node
	value *yaml.Node
}

// object returns the entries of a mapping in the order of the file, merge keys
// resolved. Null counts as an empty mapping; what is what it should have been.
func (d *document) object(n *yaml.Node, what string) []entry {
	m := target(n)
	if isNull(m) {
		return nil
	}
	if m.Kind != yaml.MappingNode {
		d.problem(n, "%s must be a mapping, not %s", what, kindName(m))
		return nil
	}
	return d.entries(m, 0)
}

func (d *document) entries(m *yaml.Node, depth int) []entry {
	var own, merged []entry
	lines := map[string]int{} // where a key stood first
	for i := 0; i+1 < len(m.Content); i += 2 {
		key, value := m.Content[i], m.Content[i+1]
		if !d.spend(key) {
			return nil
		}
		if key.ShortTag() == "!!merge" {
			merged = append(merged, d.merge(value, depth)...)
		} else if name, ok := d.key(key); ok {
			if line, dup := lines[name]; dup {
				d.problem(key, "key %q stands here for the second time; the first is in line %d", name, line)
				continue
			}
			lines[name] = key.Line
			own = append(own, entry{name, key, value})
		}
	}
	for _, e := range merged { // what the mapping says itself wins, then what is merged first
		if _, dup := lines[e.name]; !dup {
			lines[e.name] = e.key.Line
			own = append(own, e)
		}
	}
	return own
}

func (d *document) key(n *yaml.Node) (string, bool) {
	k := target(n)
	if k.Kind != yaml.ScalarNode || k.ShortTag() == "!!null" {
		d.problem(n, "a key must be text, not %s", kindName(k))
		return "", false
	}
	return k.Value, true
}

// merge returns the entries that "<<" brings in.
func (d *document) merge(value *yaml.Node, depth int) []entry {
	m := target(value)
	switch {
	case depth >= maxDepth:
		d.giveUp(value, "nested deeper than %d levels", maxDepth)
	case m.Kind == yaml.MappingNode:
		return d.entries(m, depth+1)
	case m.Kind == yaml.SequenceNode:
		var all []entry
		for _, item := range m.Content {
			all = append(all, d.merge(item, depth+1)...)
		}
		return all
	default:
		d.problem(value, "\"<<\" needs a mapping, not %s", kindName(m))
	}
	return nil
}

// fields says what to do with the value of each key that a mapping may have.
type fields map[string]func(*yaml.Node)

// read hands each value of a mapping to its field and refuses every other key.
// It returns the keys that were there.
func (d *document) read(n *yaml.Node, what string, known fields) map[string]bool {
	seen := map[string]bool{}
	for _, e := range d.object(n, what) {
		field, ok := known[e.name]
		if !ok {
			d.unknown(e, what, known)
			continue
		}
		seen[e.name] = true
		field(e.value)
	}
	return seen
}

func (d *document) unknown(e entry, what string, known fields) {
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	d.hinted(e.key, "known keys: "+strings.Join(names, ", "), "%s has no key %q%s", what, e.name, didYouMean(e.name, names))
}

// ignored is the field of a key that is accepted and has no effect.
func ignored(*yaml.Node) {}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!bool", "!!int", "!!float":
		return n.Value
	}
	return strconv.Quote(abbreviate(n.Value))
}

func abbreviate(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

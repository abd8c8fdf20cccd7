package packs

import (
	"encoding/json"
	"math"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/squall-dev/squall/runtime/automation"
)

// text reads a value that must be text. Null is no text.
func (d *document) text(n *yaml.Node) string {
	v := target(n)
	if isNull(v) {
		return ""
	}
	tag := v.ShortTag()
	switch {
	case v.Kind != yaml.ScalarNode:
		d.problem(n, "must be text, not %s", kindName(v))
	case tag != "!!str" && tag != "!!timestamp":
		d.hinted(n, "put it in quotes", "must be text, not %s", kindName(v))
	default:
		return v.Value
	}
	return ""
}

// required reads a text that must not be empty.
func (d *document) required(n *yaml.Node) string {
	before := len(d.errs)
	s := d.text(n)
	if s == "" && len(d.errs) == before {
		d.problem(n, "must not be empty")
	}
	return s
}

// choice reads a text of which there are only a few. Null is none of them.
func (d *document) choice(n *yaml.Node, what string, known ...string) string {
	s := d.text(n)
	if s == "" || slices.Contains(known, s) {
		return s
	}
	d.hinted(n, "it is one of: "+strings.Join(known, ", "), "%s is not %q%s", what, s, didYouMean(s, known))
	return ""
}

// textPosition is where the first character of a text stands.
func (d *document) textPosition(n *yaml.Node) automation.Position {
	v := target(n)
	p := d.position(v)
	switch v.Style &^ yaml.TaggedStyle {
	case yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle:
		p.Column++
	case yaml.LiteralStyle, yaml.FoldedStyle: // the text begins in the line after the indicator
		p.Line++
		p.Column = d.indentation(p.Line) + 1
	}
	return p
}

// indentation counts the blanks before the first text in or after a line.
func (d *document) indentation(line int) int {
	for i, text := range strings.Split(string(d.data), "\n") {
		if trimmed := strings.TrimLeft(text, " "); i+1 >= line && strings.TrimSpace(trimmed) != "" {
			return len(text) - len(trimmed)
		}
	}
	return 0
}

// texts reads a list of texts.
func (d *document) texts(n *yaml.Node) []string {
	var all []string
	for _, item := range d.list(n) {
		if s := d.text(item); s != "" {
			all = append(all, s)
		} else if isNull(item) || target(item).Value == "" {
			d.problem(item, "must not be empty")
		}
	}
	return all
}

// list returns the items of a list; null is an empty one.
func (d *document) list(n *yaml.Node) []*yaml.Node {
	v := target(n)
	if isNull(v) {
		return nil
	}
	if v.Kind != yaml.SequenceNode {
		d.problem(n, "must be a list, not %s", kindName(v))
		return nil
	}
	for _, item := range v.Content {
		if !d.spend(item) {
			return nil
		}
	}
	return v.Content
}

// boolean reads true or false, also in the spellings of YAML 1.1 ("yes", "off").
// Null leaves the fallback.
func (d *document) boolean(n *yaml.Node, fallback bool) bool {
	v := target(n)
	if isNull(v) {
		return fallback
	}
	var b bool
	if v.Kind != yaml.ScalarNode || v.Decode(&b) != nil {
		d.problem(n, "must be true or false, not %s", kindName(v))
		return fallback
	}
	return b
}

// whole reads an integer between low and high.
func (d *document) whole(n *yaml.Node, low, high int64) int64 {
	i, ok := d.value(n).(int64)
	if !ok || i < low || i > high {
		d.problem(n, "must be a whole number from %d to %d, not %s", low, high, kindName(target(n)))
		return 0
	}
	return i
}

// value reads anything as the JSON-like value it stands for: map[string]any,
// []any, string, bool, int64, float64, nil; json.Number for whole numbers that no
// int64 holds. Dates stay text.
func (d *document) value(n *yaml.Node) any { return d.nested(n, 0) }

func (d *document) nested(n *yaml.Node, depth int) any {
	v := target(n)
	if depth > maxDepth {
		d.giveUp(n, "nested deeper than %d levels", maxDepth)
		return nil
	}
	if !d.spend(n) {
		return nil
	}
	switch v.Kind {
	case yaml.MappingNode:
		return d.mapValue(v, depth)
	case yaml.SequenceNode:
		all := make([]any, 0, len(v.Content))
		for _, item := range v.Content {
			all = append(all, d.nested(item, depth+1))
		}
		return all
	}
	return d.scalar(v)
}

func (d *document) mapValue(v *yaml.Node, depth int) map[string]any {
	m := map[string]any{}
	for _, e := range d.entries(v, depth) {
		m[e.name] = d.nested(e.value, depth+1)
	}
	return m
}

func (d *document) scalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return d.boolean(n, false)
	case "!!int":
		return d.number(n)
	case "!!float":
		return d.float(n)
	}
	return n.Value
}

func (d *document) number(n *yaml.Node) any {
	var small int64
	if n.Decode(&small) == nil {
		return small
	}
	var big uint64
	if n.Decode(&big) == nil {
		return json.Number(n.Value)
	}
	return d.float(n)
}

func (d *document) float(n *yaml.Node) any {
	var f float64
	if n.Decode(&f) != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		d.problem(n, "%s is not a number that JSON can carry", abbreviate(n.Value))
		return nil
	}
	return f
}

package config

import (
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/squall-dev/squall/runtime/automation"
)

// yamlEntry is one key of a mapping with its value.
type yamlEntry struct{ key, value *yaml.Node }

func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// mapping returns the entries of a mapping, with those that "<<" brings in as long as
// the mapping does not say them itself.
func (r *webhookReader) mapping(n *yaml.Node, what string, depth int) []yamlEntry {
	m := resolved(n)
	if m.Kind == yaml.ScalarNode && m.ShortTag() == "!!null" {
		return nil
	}
	if m.Kind != yaml.MappingNode || depth > 8 {
		r.problem(n, "", "%s must be a mapping", what)
		return nil
	}
	own, merged, seen := []yamlEntry{}, []yamlEntry{}, map[string]bool{}
	for i := 0; i+1 < len(m.Content); i += 2 {
		key, value := resolved(m.Content[i]), m.Content[i+1]
		if r.entries++; r.entries > mostEntries {
			r.problems = []Problem{{Line: n.Line, Column: n.Column, Text: "a webhook has more entries than any needs"}}
			return nil
		}
		switch {
		case key.ShortTag() == "!!merge":
			merged = append(merged, r.merged(value, what, depth)...)
		case seen[key.Value]:
			r.problem(key, "", "%s stands here for the second time", key.Value)
		default:
			seen[key.Value] = true
			own = append(own, yamlEntry{key, value})
		}
	}
	for _, e := range merged {
		if !seen[e.key.Value] {
			seen[e.key.Value] = true
			own = append(own, e)
		}
	}
	return own
}

func (r *webhookReader) merged(n *yaml.Node, what string, depth int) []yamlEntry {
	m := resolved(n)
	if m.Kind != yaml.SequenceNode {
		return r.mapping(n, what, depth+1)
	}
	var all []yamlEntry
	for _, item := range m.Content {
		all = append(all, r.mapping(item, what, depth+1)...)
	}
	return all
}

// near is the end of a message that names what somebody may have meant.
func near(word string, known []string) string {
	if best := automation.Closest(word, known); best != "" {
		return fmt.Sprintf("; did you mean %s?", best)
	}
	return ""
}

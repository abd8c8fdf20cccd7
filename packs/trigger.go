package packs

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/parameter"
)

func readTrigger(file, pack string, data []byte) (automation.TriggerType, error) {
	d, err := parse(file, data)
	if err != nil {
		return automation.TriggerType{}, err
	}
	t := d.triggerType(d.root, pack)
	return t, d.err()
}

// triggerType reads the declaration of a trigger type: a file of its own, or an
// item of a sensor's trigger_types.
func (d *document) triggerType(n *yaml.Node, pack string) automation.TriggerType {
	t := automation.TriggerType{Pack: pack, Position: d.position(n)}
	known := fields{
		"name":              func(v *yaml.Node) { t.Name = d.resourceName(v) },
		"pack":              func(v *yaml.Node) { d.samePack(v, pack) },
		"description":       func(v *yaml.Node) { t.Description = d.text(v) },
		"parameters_schema": func(v *yaml.Node) { t.ParametersSchema = d.jsonSchema(v, "parameters_schema") },
		"payload_schema":    func(v *yaml.Node) { t.PayloadSchema = d.jsonSchema(v, "payload_schema") },
		"payload_check":     func(v *yaml.Node) { t.PayloadCheck = d.payloadCheck(v) },
	}
	for _, key := range []string{"tags", "metadata_file", "ref", "uid", "id"} {
		known[key] = ignored
	}
	seen := d.read(n, "a trigger type", known)
	d.needs(n, "a trigger type", "a name", seen["name"])
	return t
}

// jsonSchema reads a JSON Schema and refuses one that can not be compiled, at the
// key that is wrong.
func (d *document) jsonSchema(n *yaml.Node, what string) map[string]any {
	before := len(d.errs)
	schema := d.anyMap(n, what)
	if len(d.errs) > before {
		return schema
	}
	_, err := parameter.CompileSchema(schema)
	if wrong := (*parameter.SchemaError)(nil); errors.As(err, &wrong) {
		d.hinted(nodeAt(n, wrong.Path), `write it in draft 4 of JSON Schema, or name a newer draft with "$schema"`, "%s: %s", what, wrong)
	}
	return schema
}

// nodeAt follows a path as far as it leads: what is merged into a mapping stands
// for the mapping.
func nodeAt(n *yaml.Node, path []string) *yaml.Node {
	at := n
	for _, step := range path {
		next := childAt(target(at), step)
		if next == nil {
			break
		}
		at = next
	}
	return at
}

func childAt(n *yaml.Node, step string) *yaml.Node {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				return n.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i]
		}
	}
	return nil
}

func (d *document) payloadCheck(n *yaml.Node) automation.PayloadCheck {
	policies := []string{string(automation.PayloadReject), string(automation.PayloadWarn)}
	word := d.text(n)
	if word != "" && !slices.Contains(policies, word) {
		d.problem(n, "payload_check must be %s, not %q", strings.Join(policies, " or "), abbreviate(word))
	}
	return automation.PayloadCheck(word)
}

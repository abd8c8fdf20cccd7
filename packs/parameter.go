package packs

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/squall-dev/squall/runtime/automation"
)

var parameterName = regexp.MustCompile(`^[\p{L}\p{N}_]+$`)

// parameters reads a map of parameter schemas: an action's, or config.schema.yaml.
func (d *document) parameters(n *yaml.Node) map[string]automation.Parameter {
	all := map[string]automation.Parameter{}
	for _, e := range d.object(n, "parameters") {
		if !parameterName.MatchString(e.name) {
			d.hinted(e.key, "use letters, digits and underscores", "%q can not name a parameter", e.name)
			continue
		}
		all[e.name] = d.parameter(e.value, fmt.Sprintf("parameter %q", e.name))
	}
	d.checkPositions(n, all)
	return all
}

func (d *document) parameter(n *yaml.Node, what string) automation.Parameter {
	var p automation.Parameter
	var fallback *yaml.Node
	known := d.schemaFields(what)
	known["type"] = func(v *yaml.Node) { p.Type = d.typeName(v) }
	known["description"] = func(v *yaml.Node) { p.Description = d.text(v) }
	known["default"] = func(v *yaml.Node) { p.HasDefault, fallback = true, v }
	known["required"] = func(v *yaml.Node) { p.Required = d.boolean(v, false) }
	known["secret"] = func(v *yaml.Node) { p.Secret = d.boolean(v, false) }
	known["immutable"] = func(v *yaml.Node) { p.Immutable = d.boolean(v, false) }
	known["enum"] = func(v *yaml.Node) { p.Enum = d.enum(v) }
	known["position"] = func(v *yaml.Node) { p.Position = d.ordinal(v) }
	d.read(n, what, known)
	p.Schema = d.schema(n)
	if p.HasDefault {
		p.Default = d.fallback(fallback, p.Type, what)
		p.Schema["default"] = p.Default
	}
	if p.Immutable && !p.HasDefault {
		d.problem(n, "%s is immutable and so needs a default", what)
	}
	return p
}

// schema keeps every key as written, for validation and for forms.
func (d *document) schema(n *yaml.Node) map[string]any {
	if m, ok := d.value(n).(map[string]any); ok {
		return m
	}
	return map[string]any{}
}

// schemaFields are the keys of StackStorm's dialect of JSON Schema that may stand
// at every level.
func (d *document) schemaFields(what string) fields {
	known := fields{}
	for _, key := range []string{
		"id", "$schema", "title", "description", "default", "required", "secret", "immutable", "position", "enum",
		"multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength",
		"maxItems", "minItems", "uniqueItems", "maxProperties", "minProperties", "dependencies",
	} {
		known[key] = ignored
	}
	nested := func(v *yaml.Node) { d.subschema(v, what, 0) }
	for _, key := range []string{"items", "additionalItems", "additionalProperties", "not", "allOf", "anyOf", "oneOf"} {
		known[key] = nested
	}
	for _, key := range []string{"properties", "patternProperties", "definitions"} {
		known[key] = func(v *yaml.Node) { d.subschemas(v, what, 0) }
	}
	known["type"] = func(v *yaml.Node) { d.typeNames(v) }
	known["pattern"] = func(v *yaml.Node) { d.text(v) }
	return known
}

// subschema checks a schema, a list of schemas or the booleans that may stand
// for one.
func (d *document) subschema(n *yaml.Node, what string, depth int) {
	v := target(n)
	switch {
	case depth > maxDepth:
		d.giveUp(n, "%s: nested deeper than %d levels", what, maxDepth)
	case v.Kind == yaml.SequenceNode:
		for _, item := range d.list(v) {
			d.subschema(item, what, depth+1)
		}
	case v.Kind == yaml.MappingNode:
		known := d.schemaFields(what)
		for key := range known {
			switch key {
			case "items", "additionalItems", "additionalProperties", "not", "allOf", "anyOf", "oneOf":
				known[key] = func(v *yaml.Node) { d.subschema(v, what, depth+1) }
			case "properties", "patternProperties", "definitions":
				known[key] = func(v *yaml.Node) { d.subschemas(v, what, depth+1) }
			}
		}
		d.read(v, what, known)
	default:
		d.boolean(n, true)
	}
}

func (d *document) subschemas(n *yaml.Node, what string, depth int) {
	for _, e := range d.object(n, what) {
		d.subschema(e.value, what+", "+e.name, depth+1)
	}
}

func typeNames() []string {
	return []string{"array", "boolean", "integer", "null", "number", "object", "string"}
}

func (d *document) typeName(n *yaml.Node) string {
	if target(n).Kind == yaml.SequenceNode {
		d.problem(n, "a parameter has one type, not a list of types")
		return ""
	}
	name := target(n).Value
	if !slices.Contains(typeNames(), name) {
		d.hinted(n, "known types: "+strings.Join(typeNames(), ", "), "%q is not a type", abbreviate(name))
		return ""
	}
	return name
}

// typeNames checks the type of a nested schema, which may be a list.
func (d *document) typeNames(n *yaml.Node) {
	if target(n).Kind != yaml.SequenceNode {
		d.typeName(n)
		return
	}
	for _, item := range d.list(n) {
		d.typeName(item)
	}
}

func (d *document) enum(n *yaml.Node) []any {
	values, ok := d.value(n).([]any)
	if !ok || len(values) == 0 {
		d.problem(n, "enum must be a list of the allowed values")
	}
	return values
}

func (d *document) ordinal(n *yaml.Node) *float64 {
	var f float64
	switch v := d.value(n).(type) {
	case int64:
		f = float64(v)
	case float64:
		f = v
	default:
		f = -1
	}
	if f < 0 {
		d.problem(n, "position must be a number from 0 on, not %s", kindName(target(n)))
		return nil
	}
	return &f
}

// checkPositions holds StackStorm's law: positions are unique and leave no gap.
func (d *document) checkPositions(n *yaml.Node, all map[string]automation.Parameter) {
	at := map[float64]string{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		position := all[name].Position
		if position == nil {
			continue
		}
		if other, taken := at[*position]; taken {
			d.problem(n, "parameters %q and %q have the same position %v", other, name, *position)
		}
		at[*position] = name
	}
	positions := slices.Sorted(maps.Keys(at))
	for i := 1; i < len(positions); i++ {
		if positions[i] != positions[i-1]+1 {
			d.problem(n, "positions must follow one another: %v comes after %v", positions[i], positions[i-1])
		}
	}
}

// fallback reads a default. Text may stand for any type, because it may be a
// template and is cast when the parameters are rendered; "yes" and "no" without
// quotes are what people write for booleans.
func (d *document) fallback(n *yaml.Node, typ, what string) any {
	v := d.value(n)
	_, text := v.(string)
	if typ == "boolean" && text && target(n).Style == 0 {
		var b bool
		if target(n).Decode(&b) == nil {
			return b
		}
	}
	if !text && v != nil && !fits(v, typ) {
		d.problem(n, "the default of %s must be of type %s, not %s", what, typ, kindName(target(n)))
	}
	return v
}

// fits reports whether a value is of a type of the dialect; no type takes all.
func fits(v any, typ string) bool {
	switch v := v.(type) {
	case nil:
		return typ == "null" || typ == ""
	case map[string]any:
		return typ == "object" || typ == ""
	case []any:
		return typ == "array" || typ == ""
	case bool:
		return typ == "boolean" || typ == ""
	case string:
		return typ == "string" || typ == ""
	case int, int64, json.Number:
		return typ == "integer" || typ == "number" || typ == ""
	case float64:
		return typ == "number" || typ == "" || typ == "integer" && v == float64(int64(v))
	}
	return typ == ""
}

package parameter

import (
	"maps"
	"slices"
	"strings"
)

// draft4 turns a schema in StackStorm's dialect into one that the standard knows.
// The dialect is draft 4 in which "required: true" stands on the property itself,
// and in which a property that is not required may be null. Nothing moves to
// another place, so that what is said about the result is true of the source. What
// is nested deeper than depth allows is dropped.
func draft4(schema map[string]any, required bool, depth int) map[string]any {
	out := make(map[string]any, len(schema))
	for key, v := range schema {
		switch key {
		case "id", "$schema": // would change where references look
		case "required":
			if _, own := v.(bool); !own {
				out[key] = v
			}
		default:
			out[key] = draft4Value(schema, key, depth-1)
		}
	}
	hoistRequired(out, schema)
	if !required {
		allowNull(out)
	}
	return out
}

func draft4Value(schema map[string]any, key string, depth int) any {
	v := schema[key]
	switch key {
	case "properties", "patternProperties", "definitions":
		members, ok := v.(map[string]any)
		if !ok || depth < 0 {
			return v
		}
		out := make(map[string]any, len(members))
		for name, member := range members {
			must := key != "properties" || hasDuty(member) || isRequired(schema, nil, name)
			out[name] = draft4Member(member, must, depth)
		}
		return out
	case "items", "additionalItems", "additionalProperties", "not", "allOf", "anyOf", "oneOf":
		return draft4Member(v, true, depth)
	}
	return v
}

// draft4Member turns a schema or a list of them; what may stand in their place
// stays as it is.
func draft4Member(v any, required bool, depth int) any {
	if depth < 0 {
		return map[string]any{}
	}
	switch v := v.(type) {
	case map[string]any:
		return draft4(v, required, depth)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = draft4Member(item, required, depth-1)
		}
		return out
	}
	return v
}

// hasDuty tells whether a property says of itself that it must be there. One that
// has a default need not: StackStorm would fill it in.
func hasDuty(member any) bool {
	m, _ := member.(map[string]any)
	_, fallback := m["default"]
	return m["required"] == true && !fallback
}

// hoistRequired writes the list of required properties that the standard wants.
func hoistRequired(out, schema map[string]any) {
	properties, _ := schema["properties"].(map[string]any)
	var names []any
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if hasDuty(properties[name]) {
			names = append(names, name)
		}
	}
	list, isList := out["required"].([]any)
	if len(names) == 0 || out["required"] != nil && !isList {
		return
	}
	for _, name := range list {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	out["required"] = names
}

// allowNull lets a property that may be left out also be null.
func allowNull(schema map[string]any) {
	if typ, ok := schema["type"].(string); ok && typ != "null" {
		schema["type"] = []any{typ, "null"}
	}
	if values, ok := schema["enum"].([]any); ok && len(values) > 0 && !slices.Contains(values, nil) {
		schema["enum"] = append(slices.Clone(values), nil)
	}
}

// isDialect tells whether a schema is in StackStorm's dialect: it names no newer
// draft.
func isDialect(schema map[string]any) bool {
	draft, _ := schema["$schema"].(string)
	return draft == "" || strings.Contains(draft, "draft-03") || strings.Contains(draft, "draft-04")
}

package parameter

import (
	"maps"
	"slices"
	"strings"
)

// Example makes a value that is likely to fit a schema, for people to begin with.
// It makes no promise: patterns and formats are beyond it.
func Example(schema map[string]any) any {
	return exampler{root: schema}.of(schema, 12)
}

type exampler struct{ root map[string]any }

func (x exampler) of(schema map[string]any, depth int) any {
	if schema == nil || depth == 0 {
		return nil
	}
	if ref, ok := schema["$ref"].(string); ok {
		return x.of(x.find(ref), depth-1)
	}
	if v, ok := given(schema); ok {
		return v
	}
	for _, key := range []string{"allOf", "anyOf", "oneOf"} {
		if list, _ := schema[key].([]any); len(list) > 0 && schema["type"] == nil {
			first, _ := list[0].(map[string]any)
			return x.of(first, depth-1)
		}
	}
	return x.ofType(schema, depth)
}

// given is a value that the schema itself offers.
func given(schema map[string]any) (any, bool) {
	for _, key := range []string{"default", "example", "const"} {
		if v, ok := schema[key]; ok {
			return v, true
		}
	}
	for _, key := range []string{"examples", "enum"} {
		if list, _ := schema[key].([]any); len(list) > 0 {
			return list[0], true
		}
	}
	return nil, false
}

func (x exampler) ofType(schema map[string]any, depth int) any {
	switch typeOfSchema(schema) {
	case "object":
		return x.object(schema, depth)
	case "array":
		items, ok := schema["items"].(map[string]any)
		if !ok {
			return []any{}
		}
		return []any{x.of(items, depth-1)}
	case "string":
		return text(schema)
	case "integer", "number":
		if least, ok := number(schema["minimum"]); ok && least > 0 {
			return least
		}
		return int64(0)
	case "boolean":
		return false
	}
	return nil
}

func typeOfSchema(schema map[string]any) string {
	switch typ := schema["type"].(type) {
	case string:
		return typ
	case []any:
		if len(typ) > 0 {
			name, _ := typ[0].(string)
			return name
		}
	}
	if schema["properties"] != nil {
		return "object"
	}
	return ""
}

func (x exampler) object(schema map[string]any, depth int) any {
	properties, _ := schema["properties"].(map[string]any)
	out := make(map[string]any, len(properties))
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		member, _ := properties[name].(map[string]any)
		out[name] = x.of(member, depth-1)
	}
	return out
}

func text(schema map[string]any) string {
	switch schema["format"] {
	case "date-time":
		return "2026-01-02T15:04:05Z"
	case "date":
		return "2026-01-02"
	case "uri":
		return "https://example.com/"
	case "email":
		return "someone@example.com"
	}
	const most = 64
	if least, _ := number(schema["minLength"]); least > 4 {
		return strings.Repeat("t", int(min(least, most)))
	}
	return "text"
}

// find follows a reference within the schema: "#/definitions/pod".
func (x exampler) find(ref string) map[string]any {
	path, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil
	}
	at := x.root
	for step := range strings.SplitSeq(path, "/") {
		at, _ = at[strings.NewReplacer("~1", "/", "~0", "~").Replace(step)].(map[string]any)
	}
	return at
}

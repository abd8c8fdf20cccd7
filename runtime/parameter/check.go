package parameter

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/squall-dev/squall/runtime/automation"
)

// maxCheckDepth bounds recursion into schemas.
const maxCheckDepth = 64

// checkParameter checks a value that is already of the declared type.
func checkParameter(p automation.Parameter, v any) []string {
	schema := p.Schema
	if len(p.Enum) > 0 { // the field counts, also without the map
		schema = maps.Clone(schema)
		if schema == nil {
			schema = map[string]any{}
		}
		schema["enum"] = p.Enum
	}
	c := checker{secret: p.Secret || isSecret(p.Schema)}
	c.check("", schema, v, 0, false)
	return c.problems
}

// checker collects what is wrong with one value.
type checker struct {
	problems []string
	secret   bool // allowed values are not told either
}

// fail notes a problem; path is the place inside of the value.
func (c *checker) fail(path, format string, args ...any) {
	problem := fmt.Sprintf(format, args...)
	if path != "" {
		problem = "at " + path + " " + problem
	}
	c.problems = append(c.problems, problem)
}

func (c *checker) check(path string, schema map[string]any, v any, depth int, inner bool) {
	if schema == nil || depth > maxCheckDepth {
		return
	}
	if inner && !hasType(schema["type"], v) {
		c.fail(path, "is a %s, not of type %v", typeName(v), schema["type"])
		return
	}
	c.checkEnum(path, schema, v)
	switch v := v.(type) {
	case string:
		c.checkText(path, schema, v)
	case int64, float64, json.Number:
		c.checkNumber(path, schema, v)
	case []any:
		c.checkList(path, schema, v, depth)
	case map[string]any:
		c.checkObject(path, schema, v, depth)
	}
	c.checkCombined(path, schema, v, depth)
}

// hasType accepts one type or a list of them; no type accepts everything.
func hasType(typ, v any) bool {
	switch typ := typ.(type) {
	case string:
		return isType(typ, v)
	case []any:
		return slices.ContainsFunc(typ, func(one any) bool {
			name, ok := one.(string)
			return ok && isType(name, v)
		})
	}
	return true
}

func isType(typ string, v any) bool {
	switch typ {
	case "string", "boolean", "null", "array", "object":
		names := map[string]string{"string": "text", "boolean": "boolean", "null": "null", "array": "list", "object": "map"}
		return typeName(v) == names[typ]
	case "number":
		return typeName(v) == "number"
	case "integer":
		_, problem := castInteger(v)
		return typeName(v) == "number" && problem == ""
	}
	return true
}

func (c *checker) checkEnum(path string, schema map[string]any, v any) {
	allowed, ok := schema["enum"].([]any)
	if !ok || slices.ContainsFunc(allowed, func(a any) bool { return same(a, v) }) {
		return
	}
	if c.secret {
		c.fail(path, "is not one of the allowed values")
		return
	}
	texts := make([]string, len(allowed))
	for i, a := range allowed {
		texts[i] = fmt.Sprint(a)
	}
	c.fail(path, "is not one of %s", strings.Join(texts, ", "))
}

// same compares values; 1 and 1.0 are the same number.
func same(a, b any) bool { return reflect.DeepEqual(canonical(normal(a)), canonical(normal(b))) }

// canonical makes whole floats integers, in place.
func canonical(v any) any {
	switch v := v.(type) {
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int64(v)
		}
	case []any:
		for i, item := range v {
			v[i] = canonical(item)
		}
	case map[string]any:
		for k, item := range v {
			v[k] = canonical(item)
		}
	}
	return v
}

func (c *checker) checkText(path string, schema map[string]any, s string) {
	length := float64(utf8.RuneCountInString(s))
	if limit, ok := number(schema["minLength"]); ok && length < limit {
		c.fail(path, "is shorter than %v characters", limit)
	}
	if limit, ok := number(schema["maxLength"]); ok && length > limit {
		c.fail(path, "is longer than %v characters", limit)
	}
	pattern, ok := schema["pattern"].(string)
	if !ok {
		return
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		c.fail(path, "can not be checked: the pattern %q of the schema is not valid here", pattern)
		return
	}
	if !re.MatchString(s) {
		c.fail(path, "does not match the pattern %s", pattern)
	}
}

func (c *checker) checkNumber(path string, schema map[string]any, v any) {
	f, _ := number(v)
	if limit, ok := number(schema["minimum"]); ok && (f < limit || f == limit && schema["exclusiveMinimum"] == true) {
		c.fail(path, "is too small: the minimum is %s", limitText(schema, "minimum", "exclusiveMinimum"))
	}
	if limit, ok := number(schema["maximum"]); ok && (f > limit || f == limit && schema["exclusiveMaximum"] == true) {
		c.fail(path, "is too large: the maximum is %s", limitText(schema, "maximum", "exclusiveMaximum"))
	}
	if step, ok := number(schema["multipleOf"]); ok && step > 0 {
		if q := f / step; math.Abs(q-math.Round(q)) > 1e-9 {
			c.fail(path, "is not a multiple of %v", step)
		}
	}
}

func limitText(schema map[string]any, limit, exclusive string) string {
	text := fmt.Sprint(schema[limit])
	if schema[exclusive] == true {
		text += ", which is itself not allowed"
	}
	return text
}

func number(v any) (float64, bool) {
	switch v := normal(v).(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case json.Number:
		f, _ := v.Float64() // out of range gives an infinity, which compares well
		return f, true
	}
	return 0, false
}

func (c *checker) checkList(path string, schema map[string]any, list []any, depth int) {
	c.checkSize(path, schema, "minItems", "maxItems", len(list), "items")
	if schema["uniqueItems"] == true && hasTwins(list) {
		c.fail(path, "holds the same item twice")
	}
	items, ok := schema["items"].(map[string]any)
	if !ok {
		return
	}
	for i, item := range list {
		c.check(fmt.Sprintf("%s[%d]", path, i), items, item, depth+1, true)
	}
}

func (c *checker) checkSize(path string, schema map[string]any, least, most string, n int, what string) {
	if limit, ok := number(schema[least]); ok && float64(n) < limit {
		c.fail(path, "has fewer than %v %s", limit, what)
	}
	if limit, ok := number(schema[most]); ok && float64(n) > limit {
		c.fail(path, "has more than %v %s", limit, what)
	}
}

// hasTwins compares by the JSON form, so that long lists do not take for ever.
func hasTwins(list []any) bool {
	seen := make(map[string]bool, len(list))
	for _, item := range list {
		data, err := json.Marshal(canonical(normal(item)))
		if err != nil {
			continue
		}
		if seen[string(data)] {
			return true
		}
		seen[string(data)] = true
	}
	return false
}

func (c *checker) checkObject(path string, schema, object map[string]any, depth int) {
	c.checkSize(path, schema, "minProperties", "maxProperties", len(object), "properties")
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		member, _ := properties[name].(map[string]any)
		v, ok := object[name]
		switch {
		case !ok && isRequired(schema, member, name):
			c.fail(joinPath(path, name), "is required")
		case !ok || v == nil && !isRequired(schema, member, name):
		default:
			c.check(joinPath(path, name), member, v, depth+1, true)
		}
	}
	c.checkAdditional(path, schema, properties, object, depth)
}

// isRequired knows both dialects: on the property, and the list beside them.
func isRequired(schema, member map[string]any, name string) bool {
	if member["required"] == true {
		return true
	}
	list, _ := schema["required"].([]any)
	return slices.Contains(list, any(name))
}

func (c *checker) checkAdditional(path string, schema, properties, object map[string]any, depth int) {
	additional, isSchema := schema["additionalProperties"].(map[string]any)
	if !isSchema && schema["additionalProperties"] != false {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if _, ok := properties[name]; ok {
			continue
		}
		if !isSchema {
			c.fail(joinPath(path, name), "is not a known property")
			continue
		}
		c.check(joinPath(path, name), additional, object[name], depth+1, true)
	}
}

func joinPath(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// checkCombined handles allOf, anyOf, oneOf and not.
func (c *checker) checkCombined(path string, schema map[string]any, v any, depth int) {
	if all, ok := schema["allOf"].([]any); ok && c.fitting(all, v, depth) < len(all) {
		c.fail(path, "does not fit all of the schemas in allOf")
	}
	if some, ok := schema["anyOf"].([]any); ok && c.fitting(some, v, depth) == 0 {
		c.fail(path, "fits none of the schemas in anyOf")
	}
	if one, ok := schema["oneOf"].([]any); ok && c.fitting(one, v, depth) != 1 {
		c.fail(path, "does not fit exactly one of the schemas in oneOf")
	}
	if not, ok := schema["not"].(map[string]any); ok && c.fitting([]any{not}, v, depth) == 1 {
		c.fail(path, "fits the schema in not")
	}
}

// fitting counts the schemas that accept v.
func (c *checker) fitting(schemas []any, v any, depth int) int {
	n := 0
	for _, s := range schemas {
		schema, ok := s.(map[string]any)
		inner := checker{}
		inner.check("", schema, v, depth+1, true)
		if ok && len(inner.problems) == 0 {
			n++
		}
	}
	return n
}

// withDefaults fills in the defaults of properties that are not given.
func withDefaults(schema map[string]any, v any) any {
	object, ok := v.(map[string]any)
	properties, _ := schema["properties"].(map[string]any)
	if !ok || len(properties) == 0 {
		return v
	}
	for name, p := range properties {
		member, _ := p.(map[string]any)
		item, given := object[name]
		fallback, has := member["default"]
		if !given && has && fallback != nil {
			item, given = normal(fallback), true
		}
		if given {
			object[name] = withDefaults(member, item)
		}
	}
	return object
}

// Package parameter makes an action's input from what a caller gave: it fills in
// defaults, casts texts to the declared types and checks every value against the
// schema, and it masks what is secret before others see it.
//
// The package is pure. What it is not: it renders no templates; values come
// rendered.
package parameter

import (
	"maps"
	"slices"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

// Code is the code of the error that [Apply] returns.
const Code = string(automation.CodeInvalidParameters)

// Apply returns the values an action runs with. It reports everything that is
// wrong in one *[automation.Error] of kind ErrInvalid that names each parameter.
// The maps and lists of given are not changed.
func Apply(schema map[string]automation.Parameter, given map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(schema))
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(schema)) {
		v, present, wrong := apply(schema[name], given, name)
		problems = append(problems, prefixed(name, wrong)...)
		if present && len(wrong) == 0 {
			out[name] = v
		}
	}
	unknown := unknownNames(schema, given)
	for _, name := range unknown {
		problems = append(problems, name+" is not a parameter of this action")
	}
	if len(problems) > 0 {
		return nil, invalid(problems, hint(schema, unknown))
	}
	return out, nil
}

// apply settles one parameter. present is false if it has no value at all.
func apply(p automation.Parameter, given map[string]any, name string) (v any, present bool, wrong []string) {
	v, present = given[name]
	if present && p.Immutable {
		return nil, false, []string{"can not be changed: it is immutable"}
	}
	if !present {
		v, present = p.Default, p.HasDefault || p.Default != nil
	}
	switch {
	case !present && p.Required, present && v == nil && p.Required:
		return nil, false, []string{"is required"}
	case !present:
		return nil, false, nil
	case v == nil: // what is optional may be null
		return nil, true, nil
	}
	v, problem := cast(typeOf(p), normal(v))
	if problem != "" {
		return nil, false, []string{problem}
	}
	if v == nil {
		return nil, true, nil
	}
	v = withDefaults(p.Schema, v)
	return v, true, checkParameter(p, v)
}

// typeOf prefers the field; hand-written schemas may have only the map.
func typeOf(p automation.Parameter) string {
	if p.Type != "" {
		return p.Type
	}
	t, _ := p.Schema["type"].(string)
	return t
}

func prefixed(name string, problems []string) []string {
	out := make([]string, len(problems))
	for i, problem := range problems {
		out[i] = name + " " + problem
	}
	return out
}

func unknownNames(schema map[string]automation.Parameter, given map[string]any) []string {
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, ok := schema[name]; !ok {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

func invalid(problems []string, hint string) error {
	return automation.Invalid("the parameters are not valid: %s", strings.Join(problems, "; ")).
		WithCode(Code).WithHint("%s", hint)
}

// hint names what was probably meant, and otherwise what there is.
func hint(schema map[string]automation.Parameter, unknown []string) string {
	declared := slices.Sorted(maps.Keys(schema))
	for _, name := range unknown {
		if c := automation.Closest(name, declared); c != "" {
			return "did you mean " + c + "?"
		}
	}
	if len(declared) == 0 {
		return "the action has no parameters"
	}
	for i, name := range declared {
		if schema[name].Required {
			declared[i] += " (required)"
		}
	}
	return "the parameters are " + strings.Join(declared, ", ")
}

// Mask stands for a secret value.
const Mask = "********"

// Redact returns a copy of params in which every secret value, also inside of
// objects, is masked.
func Redact(schema map[string]automation.Parameter, params map[string]any) map[string]any {
	if params == nil {
		return nil
	}
	out := make(map[string]any, len(params))
	for name, v := range params {
		p := schema[name]
		if p.Secret || isSecret(p.Schema) {
			v = mask(v)
		}
		out[name] = redact(p.Schema, v)
	}
	return out
}

// SecretTexts are the texts among the values that Redact would mask.
func SecretTexts(schema map[string]automation.Parameter, params map[string]any) []string {
	var all []string
	for name, v := range params {
		p := schema[name]
		collect(p.Schema, v, p.Secret || isSecret(p.Schema), &all)
	}
	return all
}

// collect takes every text below a secret value.
func collect(schema map[string]any, v any, secret bool, into *[]string) {
	switch v := v.(type) {
	case string:
		if secret {
			*into = append(*into, v)
		}
	case map[string]any:
		for name, item := range v {
			member := memberSchema(schema, name)
			collect(member, item, secret || isSecret(member), into)
		}
	case []any:
		items, _ := schema["items"].(map[string]any)
		for _, item := range v {
			collect(items, item, secret || isSecret(items), into)
		}
	}
}

// HasSecrets reports whether some parameter, or a part of one, is secret.
func HasSecrets(schema map[string]automation.Parameter) bool {
	for _, p := range schema {
		if p.Secret || secretInside(p.Schema) {
			return true
		}
	}
	return false
}

// secretInside looks for the mark anywhere in a schema.
func secretInside(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		if isSecret(v) {
			return true
		}
		for _, inner := range v {
			if secretInside(inner) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, secretInside)
	}
	return false
}

func isSecret(schema map[string]any) bool {
	secret, _ := schema["secret"].(bool)
	return secret
}

func mask(v any) any {
	if v == nil {
		return nil
	}
	return Mask
}

func redact(schema map[string]any, v any) any {
	switch v := v.(type) {
	case map[string]any:
		return redactObject(schema, v)
	case []any:
		return redactList(schema, v)
	}
	return v
}

func redactObject(schema, v map[string]any) any {
	out := maps.Clone(v)
	for name, item := range v {
		member := memberSchema(schema, name)
		if isSecret(member) {
			item = mask(item)
		}
		out[name] = redact(member, item)
	}
	return out
}

// memberSchema is the schema of one property, named or additional.
func memberSchema(schema map[string]any, name string) map[string]any {
	properties, _ := schema["properties"].(map[string]any)
	if member, ok := properties[name].(map[string]any); ok {
		return member
	}
	additional, _ := schema["additionalProperties"].(map[string]any)
	return additional
}

func redactList(schema map[string]any, v []any) any {
	items, _ := schema["items"].(map[string]any)
	if items == nil {
		return v
	}
	out := make([]any, len(v))
	for i, item := range v {
		if isSecret(items) {
			item = mask(item)
		}
		out[i] = redact(items, item)
	}
	return out
}

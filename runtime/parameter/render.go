package parameter

import (
	"maps"
	"slices"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

// Rendering says what the templates of an action's parameters may use.
type Rendering struct {
	// Names are what templates refer to besides the other parameters, which win
	// over a name that is called the same.
	Names map[string]any
	// Secrets are names for the templates of secret parameters only, where they win
	// over Names.
	Secrets map[string]any
	// Written are the values as they stood in a rule before it rendered the given
	// ones: a list or map that a template gave is printed for a text parameter.
	Written map[string]any
	// Given makes templates of the given values too. Leave it off for values that
	// are rendered already: what an event brought is never a template.
	Given bool
}

// Complete is [Apply] for an action whose defaults, also immutable ones, may be
// templates. Templates refer to other parameters by their names and see them cast
// to their types. They are rendered in the order in which they need each other; a
// circle is an error.
func Complete(schema map[string]automation.Parameter, given map[string]any, r Rendering) (map[string]any, error) {
	given = printed(schema, given, r.Written)
	w := &rendering{Rendering: r, schema: schema, given: given, done: map[string]any{}, busy: map[string]bool{}}
	if !w.needed() {
		return Apply(schema, given)
	}
	rendered, provided := maps.Clone(schema), maps.Clone(given)
	var problems []string
	for _, name := range w.names() {
		v, present, err := w.value(name)
		switch _, isGiven := given[name]; {
		case err != nil:
			problems = append(problems, name+" "+w.problem(name, err))
		case !present:
		case isGiven:
			provided[name] = v
		default:
			p := rendered[name]
			p.Default = v
			rendered[name] = p
		}
	}
	if len(problems) > 0 {
		return nil, invalid(problems, "parameters are called by their names in each other's templates")
	}
	return Apply(rendered, provided)
}

// printed makes texts of the lists and maps that templates gave for text parameters.
func printed(schema map[string]automation.Parameter, given, written map[string]any) map[string]any {
	if len(written) == 0 {
		return given
	}
	out := maps.Clone(given)
	for name, v := range given {
		out[name] = asText(schema[name], written[name], v)
	}
	return out
}

// asText prints a list or map as StackStorm does, whose templates always give a text.
// One that is written out as such is not: who wrote it probably meant otherwise.
func asText(p automation.Parameter, written, v any) any {
	template, isText := written.(string)
	if !isText || !expr.IsTemplate(template) || typeOf(p) != "string" {
		return v
	}
	switch v.(type) {
	case []any, map[string]any:
		return expr.Text(v)
	}
	return v
}

// rendering is one call of Complete.
type rendering struct {
	Rendering
	schema map[string]automation.Parameter
	given  map[string]any
	done   map[string]any
	busy   map[string]bool // being rendered: meeting one again is a circle
}

// needed reports whether there is any template at all.
func (w *rendering) needed() bool {
	for name, p := range w.schema {
		if _, given := w.given[name]; !given && hasTemplate(p.Default) {
			return true
		}
	}
	for _, v := range w.given {
		if w.Given && hasTemplate(v) {
			return true
		}
	}
	return false
}

func hasTemplate(v any) bool {
	switch v := v.(type) {
	case string:
		return expr.IsTemplate(v)
	case []any:
		return slices.ContainsFunc(v, hasTemplate)
	case map[string]any:
		for _, item := range v {
			if hasTemplate(item) {
				return true
			}
		}
	}
	return false
}

// names are those of all parameters, declared or not, in order.
func (w *rendering) names() []string {
	all := maps.Clone(w.given)
	if all == nil {
		all = map[string]any{}
	}
	for name := range w.schema {
		all[name] = nil
	}
	return slices.Sorted(maps.Keys(all))
}

// value renders a parameter once.
func (w *rendering) value(name string) (v any, present bool, err error) {
	if v, ok := w.done[name]; ok {
		return v, true, nil
	}
	v, isTemplate := w.given[name], w.Given
	if _, given := w.given[name]; !given {
		p := w.schema[name]
		if !p.HasDefault && p.Default == nil {
			return nil, false, nil
		}
		v, isTemplate = p.Default, true
	}
	if isTemplate && hasTemplate(v) {
		if w.busy[name] {
			return nil, true, automation.Invalid("needs itself, through other parameters or at once")
		}
		w.busy[name] = true
		defer delete(w.busy, name)
		written := v
		if v, err = expr.EvalDeep(v, w.scope(w.schema[name])); err != nil {
			return nil, true, err
		}
		v = asText(w.schema[name], written, v)
	}
	w.done[name] = v
	return v, true, nil
}

// scope names the other parameters for the template of one of them, each to be
// rendered when it is asked for.
func (w *rendering) scope(of automation.Parameter) map[string]any {
	scope := map[string]any{}
	maps.Copy(scope, w.Names)
	if of.Secret || isSecret(of.Schema) {
		maps.Copy(scope, w.Secrets)
	}
	for _, name := range w.names() {
		if _, given := w.given[name]; !given && !w.schema[name].HasDefault && w.schema[name].Default == nil {
			continue
		}
		scope[name] = expr.Lazy(func() (any, error) {
			v, _, err := w.value(name)
			return w.seen(name, v), err
		})
	}
	return scope
}

// seen is a value as the templates of others see it. One that can not be cast is
// left for Apply to refuse.
func (w *rendering) seen(name string, v any) any {
	if v == nil {
		return nil
	}
	out, problem := cast(typeOf(w.schema[name]), normal(v))
	if problem != "" {
		return v
	}
	return out
}

// problem keeps what a secret's template deals with out of the message.
func (w *rendering) problem(name string, err error) string {
	if p := w.schema[name]; p.Secret || isSecret(p.Schema) {
		return "can not be rendered"
	}
	return "can not be rendered: " + err.Error()
}

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
	// Given makes templates of the given values too. Leave it off for values that
	// are rendered already: what an event brought is never a template.
	Given bool
}

// Complete is [Apply] for an action whose defaults, also immutable ones, may be
// templates. Templates refer to other parameters by their names and see them cast
// to their types. They are rendered in the order in which they need each other; a
// circle is an error.
func Complete(schema map[string]automation.Parameter, given map[string]any, r Rendering) (map[string]any, error) {
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
		if v, err = expr.EvalDeep(v, w.scope()); err != nil {
			return nil, true, err
		}
	}
	w.done[name] = v
	return v, true, nil
}

// scope names the other parameters, each to be rendered when it is asked for.
func (w *rendering) scope() map[string]any {
	scope := maps.Clone(w.Names)
	if scope == nil {
		scope = map[string]any{}
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

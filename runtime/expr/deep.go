package expr

import (
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/squall-dev/squall/runtime/automation"
)

// Deep is a value whose texts, at any depth of lists and maps, are compiled
// templates. Keys of maps are not templates.
type Deep struct {
	constant any // the value, when there is nothing to evaluate in it
	template *Template
	list     []*Deep
	object   map[string]*Deep
}

// CompileDeep compiles every text in v. All problems are reported together, each
// with the path of the text.
func CompileDeep(v any) (*Deep, error) {
	var errs []error
	d := compileDeep(Normal(v), "", &errs)
	return d, errors.Join(errs...)
}

func compileDeep(v any, path string, errs *[]error) *Deep {
	switch v := v.(type) {
	case string:
		return compileText(v, path, errs)
	case []any:
		return compileList(v, path, errs)
	case map[string]any:
		return compileMap(v, path, errs)
	}
	return &Deep{constant: v}
}

func compileText(s, path string, errs *[]error) *Deep {
	if !IsTemplate(s) {
		return &Deep{constant: s}
	}
	t, err := Compile(s)
	if err != nil {
		*errs = append(*errs, at(path, err))
	}
	return &Deep{template: t}
}

func compileList(list []any, path string, errs *[]error) *Deep {
	d := &Deep{list: make([]*Deep, len(list))}
	constant := true
	for i, item := range list {
		d.list[i] = compileDeep(item, path+"["+strconv.Itoa(i)+"]", errs)
		constant = constant && d.list[i].isConstant()
	}
	if constant {
		return &Deep{constant: list}
	}
	return d
}

func compileMap(m map[string]any, path string, errs *[]error) *Deep {
	d := &Deep{object: make(map[string]*Deep, len(m))}
	constant := true
	for _, key := range slices.Sorted(maps.Keys(m)) {
		d.object[key] = compileDeep(m[key], join(path, key), errs)
		constant = constant && d.object[key].isConstant()
	}
	if constant {
		return &Deep{constant: m}
	}
	return d
}

func (d *Deep) isConstant() bool {
	return d.template == nil && d.list == nil && d.object == nil
}

// Eval renders every template. The error names the path of the first text that
// can not be rendered. The result is the caller's, except for what templates
// took from scope.
func (d *Deep) Eval(scope map[string]any) (any, error) { return d.eval(scope, "") }

func (d *Deep) eval(scope map[string]any, path string) (any, error) {
	switch {
	case d.template != nil:
		v, err := d.template.Eval(scope)
		return v, at(path, err)
	case d.list != nil:
		return d.evalList(scope, path)
	case d.object != nil:
		return d.evalMap(scope, path)
	}
	return clone(d.constant), nil
}

func (d *Deep) evalList(scope map[string]any, path string) (any, error) {
	out := make([]any, len(d.list))
	for i, item := range d.list {
		v, err := item.eval(scope, path+"["+strconv.Itoa(i)+"]")
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func (d *Deep) evalMap(scope map[string]any, path string) (any, error) {
	out := make(map[string]any, len(d.object))
	for _, key := range slices.Sorted(maps.Keys(d.object)) {
		v, err := d.object[key].eval(scope, join(path, key))
		if err != nil {
			return nil, err
		}
		out[key] = v
	}
	return out, nil
}

// EvalDeep compiles and renders every text in v. Use [CompileDeep] for what is
// evaluated more than once.
func EvalDeep(v any, scope map[string]any) (any, error) {
	d, err := CompileDeep(v)
	if err != nil {
		return nil, err
	}
	return d.Eval(scope)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func at(path string, err error) error {
	if err == nil || path == "" {
		return err
	}
	wrapped := automation.Invalid("%s", path).Because(err)
	if hint := automation.HintOf(err); hint != "" {
		wrapped = wrapped.WithHint("%s", hint)
	}
	return wrapped
}

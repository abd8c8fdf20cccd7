package expr

import (
	"maps"
	"slices"
)

// Path is a compiled key path, a subset of JSONPath: names, quoted names, list
// indexes (also negative), slices, [*] and ..name.
type Path struct {
	source string
	steps  []step
}

type stepKind int

const (
	stepKey     stepKind = iota // .name, ['name']
	stepIndex                   // [0], [-1]
	stepSlice                   // [1:3], [::2]
	stepAll                     // [*], .*
	stepDescend                 // ..name: the next step, here or at any depth
)

type step struct {
	kind  stepKind
	key   string
	index int
	slice sliceBounds
}

// String returns the path as it was written.
func (p Path) String() string { return p.source }

// Lookup returns the first value that the path leads to. A map's members are
// tried in the order of their names.
func (p Path) Lookup(root any) (value any, found bool) {
	walk(p.steps, root, 0, func(v any) bool {
		value, found = v, true
		return false
	})
	return value, found
}

// All returns every value that the path leads to, at most limit of them.
func (p Path) All(root any, limit int) []any {
	var out []any
	walk(p.steps, root, 0, func(v any) bool {
		out = append(out, v)
		return len(out) < limit
	})
	return out
}

// walk calls yield for each match until yield returns false; it returns false
// when it was stopped so.
func walk(steps []step, v any, depth int, yield func(any) bool) bool {
	if len(steps) == 0 {
		return yield(v)
	}
	s, rest := steps[0], steps[1:]
	switch s.kind {
	case stepKey:
		return walkKey(s.key, rest, v, yield)
	case stepIndex:
		return walkIndex(s.index, rest, v, yield)
	case stepSlice:
		return walkSlice(s.slice, rest, v, yield)
	case stepAll:
		return walkEach(rest, v, yield)
	}
	return walkDescend(steps, v, depth, yield)
}

func walkKey(key string, rest []step, v any, yield func(any) bool) bool {
	m, ok := v.(map[string]any)
	if !ok {
		return true
	}
	item, ok := m[key]
	if !ok {
		return true
	}
	return walk(rest, item, 0, yield)
}

func walkIndex(index int, rest []step, v any, yield func(any) bool) bool {
	list, ok := v.([]any)
	if !ok {
		return true
	}
	if index < 0 {
		index += len(list)
	}
	if index < 0 || index >= len(list) {
		return true
	}
	return walk(rest, list[index], 0, yield)
}

func walkSlice(bounds sliceBounds, rest []step, v any, yield func(any) bool) bool {
	list := asList(v)
	for i := range bounds.indexes(len(list)) {
		if !walk(rest, list[i], 0, yield) {
			return false
		}
	}
	return true
}

func walkEach(rest []step, v any, yield func(any) bool) bool {
	for _, item := range asList(v) {
		if !walk(rest, item, 0, yield) {
			return false
		}
	}
	return true
}

// walkDescend tries the rest of the path here, then in every child. steps[0] is
// the descent itself.
func walkDescend(steps []step, v any, depth int, yield func(any) bool) bool {
	if !walk(steps[1:], v, 0, yield) {
		return false
	}
	if depth > maxDepth {
		return true
	}
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if !walk(steps, item, depth+1, yield) {
				return false
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if !walk(steps, v[key], depth+1, yield) {
				return false
			}
		}
	}
	return true
}

// asList treats a single value as a list of one, as key paths always did.
func asList(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

package kube

import (
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

// fields is what to keep of an object: a tree of keys. Its zero value keeps
// everything but metadata.managedFields, which is long and of no use to guests.
type fields struct {
	under map[string]fields // nil: all that is below
}

// parseFields reads dotted paths: "metadata.name", "metadata.labels.app\.kubernetes\.io/name".
func parseFields(paths []string) (fields, error) {
	var root fields
	for _, p := range paths {
		keys, err := splitPath(p)
		if err != nil {
			return fields{}, err
		}
		root = root.with(keys, root.under == nil)
	}
	return root, nil
}

func splitPath(p string) ([]string, error) {
	hint := "write paths such as metadata.name; lists are followed element by element, without brackets"
	if strings.ContainsAny(p, "[]{}") {
		return nil, automation.Invalid("%q is not a path of fields", p).WithHint("%s", hint)
	}
	const dot = "\x00" // stands for a dot that is part of a key
	escaped := strings.ReplaceAll(strings.TrimPrefix(p, "."), `\.`, dot)
	keys := strings.Split(escaped, ".")
	for i, key := range keys {
		keys[i] = strings.ReplaceAll(key, dot, ".")
		if keys[i] == "" {
			return nil, automation.Invalid("%q is not a path of fields", p).WithHint("%s", hint)
		}
	}
	return keys, nil
}

// with returns f with one more path. A path that ends here keeps all that is
// below, whatever other paths say; fresh tells that there is none yet.
func (f fields) with(keys []string, fresh bool) fields {
	if len(keys) == 0 {
		return fields{}
	}
	if f.under == nil && !fresh {
		return f
	}
	if f.under == nil {
		f.under = map[string]fields{}
	}
	below, known := f.under[keys[0]]
	f.under[keys[0]] = below.with(keys[1:], !known)
	return f
}

// of returns what is to be kept of an object; object itself is not changed but
// for the loss of its managed fields.
func (f fields) of(object map[string]any) any {
	if f.under == nil {
		if metadata, ok := object["metadata"].(map[string]any); ok {
			delete(metadata, "managedFields")
		}
	}
	kept, ok := f.from(object)
	if !ok {
		return map[string]any{}
	}
	return kept
}

func (f fields) from(v any) (kept any, ok bool) {
	if f.under == nil {
		return v, true
	}
	switch v := v.(type) {
	case map[string]any:
		return f.fromMap(v)
	case []any:
		return f.fromList(v), true
	}
	return nil, false // the path goes on where the object ends
}

func (f fields) fromMap(m map[string]any) (any, bool) {
	kept := map[string]any{}
	for key, below := range f.under {
		value, there := m[key]
		if !there {
			continue
		}
		if v, ok := below.from(value); ok {
			kept[key] = v
		}
	}
	return kept, len(kept) > 0
}

// fromList keeps the place of every element, so that indexes stay true.
func (f fields) fromList(list []any) []any {
	kept := make([]any, 0, len(list))
	for _, element := range list {
		v, ok := f.from(element)
		if !ok {
			v = map[string]any{}
		}
		kept = append(kept, v)
	}
	return kept
}

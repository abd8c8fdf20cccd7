package expr

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// maxDigits bounds the whole numbers that are compared exactly; longer ones
// count as infinite, because reading them takes more than linear time.
const maxDigits = 400

// maxDepth bounds recursion into values. encoding/json stops at the same depth.
const maxDepth = 10_000

// TypeName names the type of v for people: "text", "list", "null" ...
func TypeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "text"
	case []any:
		return "list"
	case map[string]any:
		return "map"
	}
	if isNumber(v) {
		return "number"
	}
	return fmt.Sprintf("%T", v)
}

// Equal compares as Python does: 1 == 1.0 == true, text never equals a number,
// lists and maps compare deeply.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case string:
		s, ok := b.(string)
		return ok && a == s
	case []any:
		list, ok := b.([]any)
		return ok && equalLists(a, list)
	case map[string]any:
		m, ok := b.(map[string]any)
		return ok && equalMaps(a, m)
	}
	c, ok := compareNumbers(a, b)
	return ok && c == 0
}

func equalLists(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func equalMaps(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		w, ok := b[k]
		if !ok || !Equal(v, w) {
			return false
		}
	}
	return true
}

// Compare orders like with like: numbers (booleans count as 0 and 1), texts by
// code point, lists element by element. Anything else is an error.
func Compare(a, b any) (int, error) {
	if c, ok := compareNumbers(a, b); ok {
		return c, nil
	}
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y), nil
		}
	case []any:
		if y, ok := b.([]any); ok {
			return compareLists(x, y)
		}
	}
	return 0, fmt.Errorf("a %s can not be ordered against a %s", TypeName(a), TypeName(b))
}

func compareLists(a, b []any) (int, error) {
	for i := range min(len(a), len(b)) {
		if Equal(a[i], b[i]) {
			continue
		}
		return Compare(a[i], b[i])
	}
	return cmp.Compare(len(a), len(b)), nil
}

// Contains reports whether item is an element of a list, a part of a text or a
// key of a map.
func Contains(container, item any) (bool, error) {
	switch c := container.(type) {
	case []any:
		return containsElement(c, item), nil
	case string:
		if s, ok := item.(string); ok {
			return strings.Contains(c, s), nil
		}
		return false, fmt.Errorf("a text can not contain a %s", TypeName(item))
	case map[string]any:
		return containsKey(c, item)
	}
	return false, fmt.Errorf("a %s can not contain anything", TypeName(container))
}

func containsElement(list []any, item any) bool {
	for _, element := range list {
		if Equal(element, item) {
			return true
		}
	}
	return false
}

func containsKey(m map[string]any, item any) (bool, error) {
	switch item := item.(type) {
	case string:
		_, ok := m[item]
		return ok, nil
	case []any, map[string]any:
		return false, fmt.Errorf("a %s can not be a key of a map", TypeName(item))
	}
	return false, nil // keys are texts
}

func isNumber(v any) bool {
	switch v.(type) {
	case int, int64, float64, json.Number:
		return true
	}
	return false
}

// compareNumbers compares exactly, also a big integer with a float. ok is false
// unless both are numbers or booleans.
func compareNumbers(a, b any) (c int, ok bool) {
	x, okx := smallInt(a)
	y, oky := smallInt(b)
	if okx && oky {
		return cmp.Compare(x, y), true
	}
	p, okp := bigFloat(a)
	q, okq := bigFloat(b)
	if !okp || !okq {
		return 0, false
	}
	return p.Cmp(q), true
}

func smallInt(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case int:
		return int64(v), true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

func bigFloat(v any) (*big.Float, bool) {
	if i, ok := smallInt(v); ok {
		return new(big.Float).SetInt64(i), true
	}
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) {
			return nil, false // never equal, not ordered
		}
		return big.NewFloat(v), true
	case json.Number:
		return bigNumber(v.String())
	}
	return nil, false
}

func bigNumber(s string) (*big.Float, bool) {
	if len(s) <= maxDigits && !strings.ContainsAny(s, ".eE") {
		i, ok := new(big.Int).SetString(s, 10)
		if !ok {
			return nil, false
		}
		return new(big.Float).SetInt(i), true
	}
	if len(s) > maxDigits && !strings.ContainsAny(s, ".eE") {
		return new(big.Float).SetInf(strings.HasPrefix(s, "-")), true
	}
	f, err := strconv.ParseFloat(s, 64) // out of range gives an infinity
	if math.IsInf(f, 0) || err == nil {
		return big.NewFloat(f), true
	}
	return nil, false
}

// Float gives a number or boolean as float64; ok is false for anything else.
func Float(v any) (f float64, ok bool) {
	if f, ok := v.(float64); ok {
		return f, true
	}
	b, ok := bigFloat(v)
	if !ok {
		return 0, false
	}
	f, _ = b.Float64()
	return f, true
}

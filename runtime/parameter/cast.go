package parameter

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// noneMarker is what the template filter use_none leaves in the place of null.
const noneMarker = "%*****__%NONE%__*****%"

// cast turns a text into the declared type, as templates render texts. Values of
// other types are only checked. The problem is for people; it does not show the
// value, which may be secret.
func cast(typ string, v any) (out any, problem string) {
	s, isText := v.(string)
	if isText && s == noneMarker && typ != "integer" && typ != "number" {
		return nil, ""
	}
	switch typ {
	case "string":
		return castString(v)
	case "integer":
		return castInteger(v)
	case "number":
		return castNumber(v)
	case "boolean":
		return castBoolean(v)
	case "array":
		return castCollection(v, "list", func(v any) bool { _, ok := v.([]any); return ok })
	case "object":
		return castCollection(v, "map", func(v any) bool { _, ok := v.(map[string]any); return ok })
	case "null":
		return nil, "has to be null"
	}
	return v, ""
}

// castString accepts numbers and booleans: a template that is one reference
// keeps the type of what it refers to, and a Pod may be called 42.
func castString(v any) (any, string) {
	switch v := v.(type) {
	case string:
		return v, ""
	case bool:
		if v {
			return "True", ""
		}
		return "False", ""
	case int64:
		return strconv.FormatInt(v, 10), ""
	case float64:
		return floatText(v), ""
	case json.Number:
		return v.String(), ""
	}
	return nil, notA(v, "text") + "; a template makes a text of it with the filter to_json_string"
}

func floatText(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1e16 {
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

func castInteger(v any) (any, string) {
	switch v := v.(type) {
	case int64:
		return v, ""
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int64(v), ""
		}
		return nil, "is a number with a fraction, not a whole one"
	case json.Number:
		if isWhole(v.String()) {
			return v, ""
		}
		return nil, "is not a whole number"
	case string:
		return parseInteger(strings.TrimSpace(v))
	}
	return nil, notA(v, "whole number")
}

func parseInteger(s string) (any, string) {
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i, ""
	}
	if isWhole(s) {
		return json.Number(s), ""
	}
	return nil, "is a text that is not a whole number"
}

// isWhole accepts the JSON form of a whole number of any size.
func isWhole(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	return digits != "" && strings.Trim(digits, "0123456789") == "" && (len(digits) == 1 || digits[0] != '0')
}

func castNumber(v any) (any, string) {
	switch v := v.(type) {
	case int64, float64, json.Number:
		return v, ""
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return nil, "is a text that is not a number"
		}
		return f, ""
	}
	return nil, notA(v, "number")
}

func castBoolean(v any) (any, string) {
	switch v := v.(type) {
	case bool:
		return v, ""
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "true":
			return true, ""
		case "false":
			return false, ""
		}
		return nil, "is a text that is neither true nor false"
	}
	return nil, notA(v, "boolean")
}

func castCollection(v any, kind string, is func(any) bool) (any, string) {
	if is(v) {
		return v, ""
	}
	s, ok := v.(string)
	if !ok {
		return nil, notA(v, kind)
	}
	parsed, err := parseLiteral(s)
	if err != nil || !is(parsed) {
		return nil, "is a text that is not the JSON form of a " + kind
	}
	return parsed, ""
}

func notA(v any, want string) string { return "is a " + typeName(v) + ", not a " + want }

func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "text"
	case int64, float64, json.Number:
		return "number"
	case []any:
		return "list"
	case map[string]any:
		return "map"
	}
	return "value of an unknown kind"
}

// normal brings numbers to int64, float64 or json.Number, and copies lists and
// maps on the way.
func normal(v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case uint64:
		return normal(json.Number(strconv.FormatUint(v, 10)))
	case json.Number:
		if i, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return i
		}
		if f, err := v.Float64(); err == nil && !isWhole(v.String()) {
			return f
		}
		return v
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = normal(item)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			out[k] = normal(item)
		}
		return out
	}
	return v
}

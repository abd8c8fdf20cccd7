package expr

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// Decode reads one JSON document. Whole numbers become int64, others float64;
// a number that neither can hold stays json.Number, so that it leaves as it came.
func Decode(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, automation.Invalid("decode JSON").Because(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, automation.Invalid("decode JSON: more text after the document")
	}
	return normalize(v), nil
}

// Normal turns what other decoders make (int, uint64, json.Number, time.Time,
// maps with keys of any type) into the types this package works with. Lists and
// maps are copied, so the result shares nothing that changes with v.
func Normal(v any) any { return normalize(clone(v)) }

func clone(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = clone(item)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			out[k] = clone(item)
		}
		return out
	}
	return v
}

// normalize works in place on lists and maps.
func normalize(v any) any {
	switch v := v.(type) {
	case nil, bool, string, int64, float64:
		return v
	case json.Number:
		return normalNumber(v)
	case int:
		return int64(v)
	case uint64:
		return normalNumber(json.Number(strconv.FormatUint(v, 10)))
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case []any:
		return normalList(v)
	case map[string]any:
		return normalMap(v)
	case map[any]any:
		return normalAnyMap(v)
	}
	return normalOther(v)
}

// normalOther goes through JSON: exotic types are rare and need no speed.
func normalOther(v any) any {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	out, err := Decode(data)
	if err != nil {
		return fmt.Sprint(v)
	}
	return out
}

func normalNumber(n json.Number) any {
	s := n.String()
	if !strings.ContainsAny(s, ".eE") {
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return i
		}
		return n
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) {
		return n
	}
	return f
}

func normalList(list []any) []any {
	for i, item := range list {
		list[i] = normalize(item)
	}
	return list
}

func normalMap(m map[string]any) map[string]any {
	for k, item := range m {
		m[k] = normalize(item)
	}
	return m
}

func normalAnyMap(m map[any]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, item := range m {
		out[Text(normalize(k))] = normalize(item)
	}
	return out
}

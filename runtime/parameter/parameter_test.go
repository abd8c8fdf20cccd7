package parameter

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
)

type schema = map[string]automation.Parameter

// of makes the schema of one parameter "a" of a type, with more keys.
func of(typ string, keys ...any) schema {
	m := map[string]any{"type": typ}
	for i := 0; i+1 < len(keys); i += 2 {
		m[keys[i].(string)] = keys[i+1]
	}
	return schema{"a": {Type: typ, Schema: m}}
}

func TestApplyCastsWhatIsGiven(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		schema schema
		given  any
		want   any
	}{
		{"a text stays", of("string"), "x", "x"},
		{"a text parameter takes a number", of("string"), int64(42), "42"},
		{"a text parameter takes a fraction", of("string"), 2.5, "2.5"},
		{"a text parameter takes a boolean as templates print it", of("string"), true, "True"},
		{"a text of digits becomes a whole number", of("integer"), " 12 ", int64(12)},
		{"a negative text becomes a whole number", of("integer"), "-3", int64(-3)},
		{"a whole float becomes a whole number", of("integer"), 7.0, int64(7)},
		{"a whole number beyond 64 bits survives as text", of("integer"), "12345678901234567890", json.Number("12345678901234567890")},
		{"a whole number beyond 64 bits survives", of("integer"), json.Number("12345678901234567890"), json.Number("12345678901234567890")},
		{"a whole number beyond 53 bits survives", of("integer"), json.Number("9007199254740993"), int64(9007199254740993)},
		{"a text becomes a number", of("number"), "1.5", 1.5},
		{"true in any case becomes a boolean", of("boolean"), "True", true},
		{"false in any case becomes a boolean", of("boolean"), "FALSE", false},
		{"JSON becomes a list", of("array"), `[1, "b"]`, []any{int64(1), "b"}},
		{"a printed list becomes a list", of("array"), `['a', 1, None, (True, 2.5)]`, []any{"a", int64(1), nil, []any{true, 2.5}}},
		{"JSON becomes a map", of("object"), `{"k": {"l": null}}`, map[string]any{"k": map[string]any{"l": nil}}},
		{"a printed map becomes a map", of("object"), `{'k': "it's", 'l': 'a\n\x41'}`, map[string]any{"k": "it's", "l": "a\nA"}},
		{"null is allowed where nothing is required", of("integer"), nil, nil},
		{"the marker of null becomes null", of("string"), noneMarker, nil},
		{"without a type anything goes", schema{"a": {}}, []any{int64(1)}, []any{int64(1)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := Apply(c.schema, map[string]any{"a": c.given})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]any{"a": c.want}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	object := of("object", "properties", map[string]any{
		"port": map[string]any{"type": "integer", "required": true},
	}, "additionalProperties", false)
	for _, c := range []struct {
		name   string
		schema schema
		given  any
		want   string
	}{
		{"a text that is no number", of("integer"), "x7", "a is a text that is not a whole number"},
		{"a fraction for a whole number", of("integer"), "7.5", "a is a text that is not a whole number"},
		{"a boolean for a whole number", of("integer"), true, "a is a boolean, not a whole number"},
		{"the marker of null for a number", of("integer"), noneMarker, "not a whole number"},
		{"other words for a boolean", of("boolean"), "yes", "a is a text that is neither true nor false"},
		{"a number for a boolean", of("boolean"), int64(1), "a is a number, not a boolean"},
		{"words for a list", of("array"), "a,b", "a is a text that is not the JSON form of a list"},
		{"a map for a list", of("array"), `{"a": 1}`, "not the JSON form of a list"},
		{"a map for a text", of("string"), map[string]any{}, "a is a map, not a text"},
		{"too small a number", of("integer", "minimum", 5), int64(4), "a is too small: the minimum is 5"},
		{"the minimum when it is excluded", of("number", "minimum", 5.0, "exclusiveMinimum", true), 5.0, "a is too small"},
		{"too large a number", of("integer", "maximum", 5), "6", "a is too large: the maximum is 5"},
		{"no multiple", of("integer", "multipleOf", 3), int64(4), "a is not a multiple of 3"},
		{"too short a text", of("string", "minLength", 2), "é", "a is shorter than 2 characters"},
		{"too long a text", of("string", "maxLength", 2), "abc", "a is longer than 2 characters"},
		{"a text against its pattern", of("string", "pattern", "^[a-z]+$"), "A1", "a does not match the pattern ^[a-z]+$"},
		{"a value outside of the enumeration", schema{"a": {Type: "string", Enum: []any{"x", "y"}}}, "z", "a is not one of x, y"},
		{"too few items", of("array", "minItems", 1), []any{}, "a has fewer than 1 items"},
		{"twins", of("array", "uniqueItems", true), []any{int64(1), 1.0}, "a holds the same item twice"},
		{"an item of another type", of("array", "items", map[string]any{"type": "integer"}), []any{int64(1), "2"}, "a at [1] is a text, not of type integer"},
		{"a missing property", object, map[string]any{}, "a at port is required"},
		{"an unknown property", object, map[string]any{"port": int64(1), "prot": int64(2)}, "a at prot is not a known property"},
		{"a value that fits nothing", of("object", "anyOf", []any{map[string]any{"required": []any{"x"}, "properties": map[string]any{"x": map[string]any{}}}}), map[string]any{}, "a fits none of the schemas in anyOf"},
		{"a value for what is immutable", schema{"a": {Type: "string", Immutable: true, Default: "d"}}, "x", "a can not be changed: it is immutable"},
		{"null for what is required", schema{"a": {Type: "string", Required: true}}, nil, "a is required"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Apply(c.schema, map[string]any{"a": c.given})
			var e *automation.Error
			if !errors.As(err, &e) || e.Code != Code || !errors.Is(err, automation.ErrInvalid) {
				t.Fatalf("got %v, want an error of kind invalid and code %s", err, Code)
			}
			if !strings.Contains(e.Message, c.want) {
				t.Errorf("message %q does not say %q", e.Message, c.want)
			}
		})
	}
}

func TestApplyReportsAllProblemsTogether(t *testing.T) {
	t.Parallel()
	s := schema{"pod": {Type: "string", Required: true}, "port": {Type: "integer"}}
	_, err := Apply(s, map[string]any{"port": "x", "pdo": "leaky"})
	want := "the parameters are not valid: pod is required; port is a text that is not a whole number; pdo is not a parameter of this action"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if got := automation.HintOf(err); got != "did you mean pod?" {
		t.Errorf("hint %q", got)
	}
}

func TestApplyListsTheParametersWhenNothingIsClose(t *testing.T) {
	t.Parallel()
	s := schema{"pod": {Required: true}, "namespace": {}}
	_, err := Apply(s, map[string]any{"pod": "x", "whatever": "y"})
	if got, want := automation.HintOf(err), "the parameters are namespace, pod (required)"; got != want {
		t.Errorf("hint %q, want %q", got, want)
	}
}

func TestApplyFillsInDefaults(t *testing.T) {
	t.Parallel()
	s := schema{
		"given":     {Type: "string", Default: "d", HasDefault: true},
		"missing":   {Type: "integer", Default: "5", HasDefault: true},
		"immutable": {Type: "string", Default: "fixed", HasDefault: true, Immutable: true},
		"null":      {Type: "string", HasDefault: true},
		"nothing":   {Type: "string"},
		"object": {Type: "object", Default: map[string]any{"k": int64(1)}, HasDefault: true, Schema: map[string]any{
			"properties": map[string]any{"l": map[string]any{"type": "integer", "default": 2}},
		}},
	}
	got, err := Apply(s, map[string]any{"given": "g"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"given": "g", "missing": int64(5), "immutable": "fixed", "null": nil,
		"object": map[string]any{"k": int64(1), "l": int64(2)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"k": int64(1)}, s["object"].Default); diff != "" {
		t.Errorf("the declared default changed:\n%s", diff)
	}
}

func TestErrorsDoNotTellSecrets(t *testing.T) {
	t.Parallel()
	s := schema{"token": {Type: "integer", Secret: true}, "key": {Type: "string", Secret: true, Enum: []any{"hunter2"}}}
	_, err := Apply(s, map[string]any{"token": "hunter3", "key": "hunter4"})
	if err == nil || strings.Contains(err.Error(), "hunter") {
		t.Errorf("got %v", err)
	}
}

func TestRedactMasksSecretsAtAnyDepth(t *testing.T) {
	t.Parallel()
	s := schema{
		"token": {Secret: true},
		"empty": {Secret: true},
		"auth": {Schema: map[string]any{"properties": map[string]any{
			"user": map[string]any{}, "password": map[string]any{"secret": true},
		}}},
		"keys": {Schema: map[string]any{"items": map[string]any{"secret": true}}},
	}
	params := map[string]any{
		"token": "t", "empty": nil, "plain": "p", "keys": []any{"k1", "k2"},
		"auth": map[string]any{"user": "u", "password": "x"},
	}
	want := map[string]any{
		"token": Mask, "empty": nil, "plain": "p", "keys": []any{Mask, Mask},
		"auth": map[string]any{"user": "u", "password": Mask},
	}
	if diff := cmp.Diff(want, Redact(s, params)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if params["auth"].(map[string]any)["password"] != "x" {
		t.Error("Redact changed its argument")
	}
}

func FuzzApply(f *testing.F) {
	for _, s := range []string{`[1, 'a', None]`, `{"k": [true]}`, "12", "True", `'\x41`, "((((", `{'a': `} {
		f.Add("array", s)
		f.Add("object", s)
		f.Add("integer", s)
	}
	f.Fuzz(func(t *testing.T, typ, given string) {
		got, err := Apply(of(typ, "minLength", 1, "maximum", 3), map[string]any{"a": given})
		if err != nil {
			return
		}
		if _, err := json.Marshal(got); err != nil {
			t.Errorf("%q as %s gives what has no JSON form: %v", given, typ, err)
		}
	})
}

package parameter

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

func decodeSchema(t testing.TB, text string) map[string]any {
	t.Helper()
	v, err := expr.Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	m, _ := v.(map[string]any)
	return m
}

func TestSchemaChecksPayloads(t *testing.T) {
	t.Parallel()
	const pod = `{"type":"object","properties":{
		"name":{"type":"string","required":true,"minLength":2,"pattern":"^[a-z]+$"},
		"restarts":{"type":"integer","minimum":0,"exclusiveMinimum":true},
		"phase":{"type":"string","enum":["Running","Failed"]},
		"labels":{"type":"object","additionalProperties":{"type":"string"}},
		"alerts":{"type":"array","items":{"type":"object","properties":{"id":{"type":"integer","required":true}}}},
		"node":{"type":"string","required":true,"default":"n1"}},
		"additionalProperties":false}`
	for _, tt := range []struct{ name, schema, payload, want string }{
		{"a payload that fits has no problem", pod, `{"name":"ab","restarts":1,"phase":"Failed","labels":{"a":"b"},"alerts":[{"id":1}]}`, ""},
		{"what is required must be there", pod, `{}`, `lacks "name"`},
		{"what has a default need not be there", pod, `{"name":"ab"}`, ""},
		{"what is not required may be null", pod, `{"name":"ab","restarts":null,"phase":null,"alerts":null}`, ""},
		{"the list of what is required is understood too", `{"properties":{"a":{"type":"string"}},"required":["a"]}`, `{"a":null}`, "a is null, not string"},
		{"what is required must not be null", pod, `{"name":null}`, "name is null, not string"},
		{"a problem deep inside says where", pod, `{"name":"ab","alerts":[{"id":1},{"id":"x"}]}`, "alerts[1].id is string, not integer"},
		{"what nobody declared is refused when the schema says so", pod, `{"name":"ab","extra":1}`, `must not have "extra"`},
		{"an enum names what is allowed", pod, `{"name":"ab","phase":"Odd"}`, "phase is not one of Running, Failed"},
		{"draft 4 bounds are understood", pod, `{"name":"ab","restarts":0}`, "restarts is not more than 0"},
		{"a pattern is not told with the value", pod, `{"name":"SECRET"}`, "name does not match the pattern ^[a-z]+$"},
		{"a length counts", pod, `{"name":"a"}`, "name is shorter than 2 characters"},
		{"several problems come at once", pod, `{"restarts":"x"}`, `lacks "name"; restarts is string, not integer`},
		{"the root may be wrong", pod, `[]`, "is array, not object"},
		{"a whole number written as 1.0 is an integer", pod, `{"name":"ab","restarts":1.0}`, ""},
		{"a definition is followed", `{"definitions":{"p":{"type":"integer"}},"properties":{"a":{"$ref":"#/definitions/p"}}}`, `{"a":"x"}`, "a is string, not integer"},
		{"a property may be called required", `{"properties":{"required":{"type":"boolean","required":true}}}`, `{"required":1}`, "required is number, not boolean"},
		{"a newer draft is taken at its word", `{"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"a":{"type":"integer","exclusiveMinimum":3}},"required":["a"]}`, `{"a":3}`, "a is not more than 3"},
		{"a newer draft knows no null for what is optional", `{"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"a":{"type":"integer"}}}`, `{"a":null}`, "a is null, not integer"},
		{"alternatives are one problem", `{"anyOf":[{"type":"string"},{"type":"integer"}]}`, `[]`, "does not fit the keyword anyOf"},
		{"a number that no machine holds is refused, not fatal", `{"maximum":3,"type":"number"}`, `1e99999999`, "it can not be compared with the schema"},
		{"an empty schema accepts everything", `{}`, `[1,{"a":null}]`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := CompileSchema(decodeSchema(t, tt.schema))
			if err != nil {
				t.Fatal(err)
			}
			payload, err := expr.Decode([]byte(tt.payload))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if err := s.Check(payload); err != nil {
				got, _, _ = strings.Cut(err.Error(), ": ")
				if !errors.Is(err, automation.ErrInvalid) {
					t.Errorf("%v is not of kind invalid", err)
				}
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSchemaErrorsSayWhere(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, schema, want string }{
		{"an unknown type", `{"properties":{"a":{"type":"text"}}}`, "the schema at properties.a.type"},
		{"a bound that is no number", `{"properties":{"a":{"minLength":"x"}}}`, "the schema at properties.a.minLength is string, not integer"},
		{"properties that are a list", `{"properties":[]}`, "the schema at properties is array, not object"},
		{"a pattern that is none", `{"properties":{"a":{"pattern":"("}}}`, "the schema at properties.a.pattern"},
		{"a reference to nothing", `{"properties":{"a":{"$ref":"#/definitions/b"}}}`, "the schema can not be used"},
		{"a reference to the web", `{"$ref":"https://example.com/schema.json"}`, "references to other documents are not followed"},
		{"a reference to a file", `{"$ref":"file:///etc/passwd"}`, "references to other documents are not followed"},
		{"required that is text", `{"required":"yes"}`, "the schema at required is string, not array"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := CompileSchema(decodeSchema(t, tt.schema))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestNoSchemaAcceptsEverything(t *testing.T) {
	t.Parallel()
	s, err := CompileSchema(nil)
	if err != nil || s.Check(map[string]any{"a": 1}) != nil {
		t.Errorf("compile: %v", err)
	}
}

func TestCheckNamesAFewProblemsOnly(t *testing.T) {
	t.Parallel()
	s, err := CompileSchema(decodeSchema(t, `{"items":{"type":"string"}}`))
	if err != nil {
		t.Fatal(err)
	}
	list := make([]any, 100_000)
	for i := range list {
		list[i] = int64(i)
	}
	if err := s.Check(list); err == nil || len(err.Error()) > 300 || !strings.HasSuffix(err.Error(), "and more") {
		t.Errorf("got %v", err)
	}
}

func TestExampleFitsItsSchema(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, schema, want string }{
		{"every type has a value", `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer","minimum":3},"c":{"type":"boolean"},"d":{"type":"array","items":{"type":"number"}},"e":{"type":"string","format":"date-time"},"f":{}}}`,
			`{"a":"text","b":3,"c":false,"d":[0],"e":"2026-01-02T15:04:05Z","f":null}`},
		{"what the schema offers is taken", `{"properties":{"a":{"enum":["x","y"]},"b":{"default":7},"c":{"examples":["ex"]}}}`, `{"a":"x","b":7,"c":"ex"}`},
		{"references and alternatives are followed", `{"definitions":{"p":{"type":"string"}},"properties":{"a":{"$ref":"#/definitions/p"},"b":{"anyOf":[{"type":"boolean"}]}}}`, `{"a":"text","b":false}`},
		{"a schema that refers to itself ends", `{"properties":{"a":{"type":"integer"}},"type":"object"}`, `{"a":0}`},
		{"no schema has no example", `null`, `null`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			schema := decodeSchema(t, tt.schema)
			got, err := json.Marshal(Example(schema))
			if err != nil || string(got) != tt.want {
				t.Errorf("got %s %v, want %s", got, err, tt.want)
			}
			s, err := CompileSchema(schema)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Check(expr.Normal(Example(schema))); err != nil {
				t.Errorf("the example does not fit: %v", err)
			}
		})
	}
	loop := decodeSchema(t, `{"definitions":{"n":{"properties":{"next":{"$ref":"#/definitions/n"}}}},"$ref":"#/definitions/n"}`)
	if Example(loop) == nil {
		t.Error("a schema that refers to itself has an example")
	}
}

func FuzzSchema(f *testing.F) {
	f.Add(`{"type":"object","properties":{"a":{"type":"string","required":true}}}`, `{"a":"x"}`)
	f.Add(`{"definitions":{"n":{"properties":{"next":{"$ref":"#/definitions/n"}}}},"$ref":"#/definitions/n"}`, `{"next":{"next":{}}}`)
	f.Add(`{"$ref":"#"}`, `{}`)
	f.Add(`{"maximum":1e9999999}`, `1e9999999`)
	f.Add(`{"type":["integer","null"],"enum":[1,null],"multipleOf":0.1}`, `12345678901234567890123`)
	f.Add(`{"$schema":"https://json-schema.org/draft/2020-12/schema","unevaluatedProperties":false}`, `{"a":1}`)
	f.Add(`{"pattern":"(a+)+$","uniqueItems":true,"required":true}`, `"aaaaaaaaaaaaaaaaaaaaa!"`)
	f.Fuzz(func(t *testing.T, schema, payload string) {
		doc, err := expr.Decode([]byte(schema))
		m, ok := doc.(map[string]any)
		if err != nil || !ok {
			return
		}
		Example(m)
		s, err := CompileSchema(m)
		if err != nil {
			if !errors.As(err, new(*SchemaError)) {
				t.Errorf("compile: %v is no SchemaError", err)
			}
			return
		}
		v, err := expr.Decode([]byte(payload))
		if err != nil {
			return
		}
		if err := s.Check(v); err != nil && !errors.Is(err, automation.ErrInvalid) {
			t.Errorf("check: %v is not of kind invalid", err)
		}
	})
}

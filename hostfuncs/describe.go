package hostfuncs

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// ABIVersion changes only when a guest that was built before would break; until
// then functions and fields are added.
const ABIVersion = 1

// ABI is the description of a set of functions that SDK stubs are made from.
type ABI struct {
	Version   int           `json:"version"`
	Functions []FunctionABI `json:"functions"` // by name
}

// FunctionABI describes one function.
type FunctionABI struct {
	Name     string `json:"name"`
	Doc      string `json:"doc"`
	Request  Schema `json:"request"`
	Response Schema `json:"response"`
}

// Schema is the part of JSON Schema that Go's types need; an empty one allows
// every value.
type Schema struct {
	Type        string            `json:"type,omitempty"`
	Format      string            `json:"format,omitempty"`
	Description string            `json:"description,omitempty"`
	Properties  map[string]Schema `json:"properties,omitempty"`
	Required    []string          `json:"required,omitempty"`
	Items       *Schema           `json:"items,omitempty"`
	Values      *Schema           `json:"additionalProperties,omitempty"` // of a map
}

// Describe reads the wire types of a set by reflection: JSON names, what may be
// absent, and the doc tags of fields.
func Describe(set Set) ABI {
	abi := ABI{Version: ABIVersion, Functions: []FunctionABI{}}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		f := set[name]
		abi.Functions = append(abi.Functions, FunctionABI{
			Name: f.Name, Doc: f.Doc, Request: schemaOf(f.Request), Response: schemaOf(f.Response)})
	}
	return abi
}

func schemaOf(t reflect.Type) Schema {
	switch t {
	case reflect.TypeFor[time.Time]():
		return Schema{Type: "string", Format: "date-time"}
	case reflect.TypeFor[json.RawMessage]():
		return Schema{}
	case reflect.TypeFor[[]byte]():
		return Schema{Type: "string", Format: "base64"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem())
	case reflect.Struct:
		s := Schema{Type: "object", Properties: map[string]Schema{}}
		s.addFields(t)
		return s
	case reflect.Slice, reflect.Array:
		items := schemaOf(t.Elem())
		return Schema{Type: "array", Items: &items}
	case reflect.Map:
		values := schemaOf(t.Elem())
		return Schema{Type: "object", Values: &values}
	}
	return Schema{Type: scalar(t.Kind())}
}

func scalar(k reflect.Kind) string {
	switch {
	case k == reflect.String:
		return "string"
	case k == reflect.Bool:
		return "boolean"
	case k >= reflect.Int && k <= reflect.Uint64:
		return "integer"
	case k == reflect.Float32 || k == reflect.Float64:
		return "number"
	}
	return ""
}

// addFields adds the fields of a struct, those of embedded structs as its own.
func (s *Schema) addFields(t reflect.Type) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct:
			s.addFields(field.Type) // also of an unexported type, as encoding/json does
			continue
		case !field.IsExported() || name == "-":
			continue
		case name == "":
			name = field.Name
		}
		value := schemaOf(field.Type)
		value.Description = field.Tag.Get("doc")
		s.Properties[name] = value
		if !strings.Contains(options, "omit") {
			s.Required = append(s.Required, name)
		}
	}
}

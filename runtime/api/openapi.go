package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
)

func (s *Server) openapi(c echo.Context) error { return c.JSON(http.StatusOK, s.OpenAPI()) }

// OpenAPI describes the API as an OpenAPI 3.1 document, read off the route table
// and the Go types. It needs nothing of the server: a nil one will do.
func (s *Server) OpenAPI() map[string]any {
	d := &describer{schemas: map[string]any{}}
	paths := map[string]map[string]any{}
	for _, r := range s.routes() {
		path := openapiPath(r.Path)
		if paths[path] == nil {
			paths[path] = map[string]any{}
		}
		paths[path][strings.ToLower(r.Method)] = d.operation(r)
	}
	d.schema(reflect.TypeFor[automation.Change]()) // travels on the stream only
	return map[string]any{
		"openapi": "3.1.0",
		"info":    map[string]any{"title": "Squall", "version": "v1"},
		"paths":   paths,
		"components": map[string]any{
			"schemas": d.schemas,
			"securitySchemes": map[string]any{
				"token":   map[string]any{"type": "http", "scheme": "bearer"},
				"session": map[string]any{"type": "apiKey", "in": "cookie", "name": sessionCookie},
			},
		},
	}
}

// enums are the string types with a closed set of words.
func enums() map[reflect.Type][]string {
	return map[reflect.Type][]string{
		reflect.TypeFor[automation.Status](): words(automation.Statuses()...),
		reflect.TypeFor[automation.AttemptStatus](): words(automation.AttemptRunning, automation.AttemptSucceeded, automation.AttemptFailed,
			automation.AttemptTimedOut, automation.AttemptCanceled, automation.AttemptLost, automation.AttemptInterrupted),
		reflect.TypeFor[automation.ModuleKind]():   words(automation.ModuleCommand, automation.ModuleReactor, automation.ModuleExtism),
		reflect.TypeFor[automation.PayloadCheck](): words(automation.PayloadReject, automation.PayloadWarn),
		reflect.TypeFor[automation.CheckStatus]():  words(automation.CheckOK, automation.CheckWarning, automation.CheckFailed),
		reflect.TypeFor[automation.Outcome]():      words(automation.Matched, automation.NotMatched, automation.Suppressed, automation.Errored),
		reflect.TypeFor[automation.LogLevel]():     words(automation.LevelDebug, automation.LevelInfo, automation.LevelWarning, automation.LevelError),
		reflect.TypeFor[automation.ChangeKind](): words(automation.EventCreated, automation.ExecutionUpdated, automation.LogAppended,
			automation.ArtifactCreated, automation.PackUpdated),
	}
}

func words[T ~string](list ...T) []string {
	out := make([]string, 0, len(list))
	for _, w := range list {
		out = append(out, string(w))
	}
	return out
}

var pathParam = regexp.MustCompile(`:(\w+)`)

// openapiPath writes a route's path the OpenAPI way.
func openapiPath(p string) string {
	return pathParam.ReplaceAllString(strings.Replace(p, "*", "{path}", 1), "{$1}")
}

// describer collects the schemas of named types.
type describer struct{ schemas map[string]any }

func (d *describer) operation(r route) map[string]any {
	success := map[string]any{"description": http.StatusText(r.Status)}
	if r.Reply != nil {
		success["content"] = d.json(r.Reply)
	}
	problem := map[string]any{"description": "What went wrong", "content": map[string]any{
		"application/problem+json": map[string]any{"schema": d.schema(reflect.TypeFor[Problem]())},
	}}
	op := map[string]any{"summary": r.Doc, "responses": map[string]any{strconv.Itoa(r.Status): success, "default": problem}}
	if r.Request != nil {
		op["requestBody"] = map[string]any{"required": true, "content": d.json(r.Request)}
	}
	if params := pathParameters(r.Path); len(params) > 0 {
		op["parameters"] = params
	}
	if !r.Open {
		op["security"] = []any{map[string]any{"token": []any{}}, map[string]any{"session": []any{}}}
	}
	return op
}

func pathParameters(path string) []any {
	var out []any
	for _, m := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(openapiPath(path), -1) {
		out = append(out, map[string]any{"name": m[1], "in": "path", "required": true, "schema": map[string]any{"type": "string"}})
	}
	return out
}

func (d *describer) json(t reflect.Type) map[string]any {
	return map[string]any{"application/json": map[string]any{"schema": d.schema(t)}}
}

// schema describes a Go type as encoding/json writes it.
func (d *describer) schema(t reflect.Type) map[string]any {
	switch t {
	case reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case reflect.TypeFor[json.RawMessage]():
		return map[string]any{}
	case reflect.TypeFor[automation.Duration]():
		return map[string]any{"type": "string", "examples": []string{"1m30s"}}
	}
	if words, ok := enums()[t]; ok {
		d.schemas[t.Name()] = map[string]any{"type": "string", "enum": words}
		return map[string]any{"$ref": "#/components/schemas/" + t.Name()}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return d.schema(t.Elem())
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Float32, reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Slice, reflect.Array:
		return map[string]any{"type": "array", "items": d.schema(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": d.schema(t.Elem())}
	case reflect.Struct:
		return d.named(t)
	case reflect.Interface:
		return map[string]any{}
	}
	return map[string]any{"type": "integer"}
}

// named puts a struct among the components and refers to it.
func (d *describer) named(t reflect.Type) map[string]any {
	name := schemaName(t)
	ref := map[string]any{"$ref": "#/components/schemas/" + name}
	if _, done := d.schemas[name]; done {
		return ref
	}
	object := map[string]any{"type": "object"}
	d.schemas[name] = object // before its fields: types may contain themselves
	properties := map[string]any{}
	required := d.fields(t, properties)
	object["properties"] = properties
	if len(required) > 0 {
		object["required"] = required
	}
	return ref
}

// schemaName writes List[automation.Event] as ListEvent.
func schemaName(t reflect.Type) string {
	name := t.Name()
	base, arg, generic := strings.Cut(strings.TrimSuffix(name, "]"), "[")
	if !generic {
		return name
	}
	return base + arg[strings.LastIndex(arg, ".")+1:]
}

func (d *describer) fields(t reflect.Type, properties map[string]any) (required []string) {
	for f := range fieldsOf(t) {
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported():
		case f.Anonymous && name == "":
			required = append(required, d.fields(f.Type, properties)...)
		default:
			properties[name] = d.schema(f.Type)
			if !strings.Contains(opts, "omit") {
				required = append(required, name)
			}
		}
	}
	return required
}

func fieldsOf(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

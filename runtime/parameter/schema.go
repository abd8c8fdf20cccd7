package parameter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/squall-dev/squall/runtime/automation"
)

// Schema is a compiled JSON Schema: the form of an event's payload, or of a
// trigger's parameters. A nil one accepts everything. It is safe for concurrent
// use.
type Schema struct {
	compiled *jsonschema.Schema
}

// SchemaError is what is wrong with a schema, and at which of its keys.
type SchemaError struct {
	Path    []string // of the key, from the root of the schema; list items by number
	Message string
}

func (e *SchemaError) Error() string {
	if len(e.Path) == 0 {
		return "the schema " + e.Message
	}
	return "the schema at " + placeOf(e.Path) + " " + e.Message
}

// schemaURL names the schema within the compiler, nothing else.
const schemaURL = "schema:///payload"

// CompileSchema compiles a schema in StackStorm's dialect, or in the draft that its
// "$schema" names. References lead to the schema's own parts only. The error is a
// [*SchemaError].
func CompileSchema(doc map[string]any) (_ *Schema, err error) {
	if doc == nil {
		return nil, nil
	}
	defer func() { // the compiler does so for numbers that it can not hold
		if recover() != nil {
			err = &SchemaError{Message: "holds what can not be compiled"}
		}
	}()
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	c.DefaultDraft(jsonschema.Draft2020)
	if isDialect(doc) {
		c.DefaultDraft(jsonschema.Draft4)
		doc = draft4(doc, true, maxCheckDepth)
	}
	clean, err := asJSON(doc)
	if err != nil {
		return nil, &SchemaError{Message: "is not JSON: " + err.Error()}
	}
	if err := c.AddResource(schemaURL, clean); err != nil {
		return nil, schemaError(err)
	}
	compiled, err := c.Compile(schemaURL)
	if err != nil {
		return nil, schemaError(err)
	}
	return &Schema{compiled}, nil
}

// noLoader refuses to read anything: a schema must not make the server fetch.
type noLoader struct{}

func (noLoader) Load(string) (any, error) {
	return nil, errors.New("references to other documents are not followed")
}

// asJSON gives the compiler the types that it expects.
func asJSON(doc map[string]any) (any, error) {
	data, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(data))
}

func schemaError(err error) *SchemaError {
	var misfit *jsonschema.ValidationError
	if wrong := (*jsonschema.SchemaValidationError)(nil); errors.As(err, &wrong) && errors.As(wrong.Err, &misfit) {
		if all := leaves(misfit, nil); len(all) > 0 {
			return &SchemaError{Path: all[0].InstanceLocation, Message: sayKey(all[0])}
		}
	}
	if bad := (*jsonschema.InvalidRegexError)(nil); errors.As(err, &bad) {
		_, pointer, _ := strings.Cut(bad.URL, "#/")
		return &SchemaError{Path: strings.Split(pointer, "/"), Message: fmt.Sprintf("is not a pattern: %q", shorten(bad.Regex, 100))}
	}
	text := strings.ReplaceAll(err.Error(), schemaURL, "")
	return &SchemaError{Message: "can not be used: " + firstLine(text)}
}

// sayKey words what is wrong with a key of a schema: the metaschema itself is too
// general for the two mistakes that people make.
func sayKey(e *jsonschema.ValidationError) string {
	_, choice := e.ErrorKind.(*kind.AnyOf)
	format, _ := e.ErrorKind.(*kind.Format)
	switch at := e.InstanceLocation; {
	case choice && len(at) > 0 && at[len(at)-1] == "type":
		return "is none of array, boolean, integer, null, number, object, string"
	case format != nil && format.Want == "regex":
		return "is not a regular expression"
	}
	return sayKind(e.ErrorKind)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// maxMisfits is how many problems one answer names.
const maxMisfits = 5

// Check returns nil when v, decoded as [expr.Decode] does, fits the schema. The
// error is of kind ErrInvalid and says where v does not fit and why; it repeats no
// value of v.
func (s *Schema) Check(v any) error {
	if s == nil {
		return nil
	}
	err := s.validate(v)
	if err == nil {
		return nil
	}
	misfit := (*jsonschema.ValidationError)(nil)
	if !errors.As(err, &misfit) {
		return automation.Invalid("it can not be compared with the schema").Because(err)
	}
	var problems []string
	for _, leaf := range leaves(misfit, nil) {
		if len(problems) == maxMisfits {
			problems = append(problems, "and more")
			break
		}
		problems = append(problems, strings.TrimSpace(placeOf(leaf.InstanceLocation)+" "+sayKind(leaf.ErrorKind)))
	}
	return automation.Invalid("%s", strings.Join(problems, "; "))
}

// validate turns a panic into an error: the library has one for numbers with
// exponents of millions, and whoever sends those must not take the server down.
func (s *Schema) validate(v any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the value can not be looked at: %v", p)
		}
	}()
	return s.compiled.Validate(v)
}

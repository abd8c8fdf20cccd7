// Command gen prints the page's types: the schemas of the API as TypeScript.
// `make generate` writes them to web/src/api/types.ts.
package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/squall-dev/squall/runtime/api"
)

func main() {
	var s *api.Server
	schemas := s.OpenAPI()["components"].(map[string]any)["schemas"].(map[string]any)
	fmt.Println("// Code generated from the Go types of the API. DO NOT EDIT.")
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		write(os.Stdout, name, schemas[name].(map[string]any))
	}
}

func write(w io.Writer, name string, schema map[string]any) {
	if words, ok := schema["enum"].([]string); ok {
		quoted := make([]string, 0, len(words))
		for _, word := range words {
			quoted = append(quoted, strconv.Quote(word))
		}
		fmt.Fprintf(w, "\nexport type %s = %s;\n", name, strings.Join(quoted, " | "))
		return
	}
	fmt.Fprintf(w, "\nexport interface %s {\n", name)
	required, _ := schema["required"].([]string)
	properties := schema["properties"].(map[string]any)
	for _, field := range slices.Sorted(maps.Keys(properties)) {
		optional := "?"
		if slices.Contains(required, field) {
			optional = ""
		}
		fmt.Fprintf(w, "  %s%s: %s;\n", field, optional, typeOf(properties[field].(map[string]any)))
	}
	fmt.Fprintln(w, "}")
}

// typeOf writes a schema as a TypeScript type.
func typeOf(schema map[string]any) string {
	if ref, ok := schema["$ref"].(string); ok {
		return ref[strings.LastIndex(ref, "/")+1:]
	}
	switch schema["type"] {
	case "boolean":
		return "boolean"
	case "string":
		return "string"
	case "integer", "number":
		return "number"
	case "array":
		item := typeOf(schema["items"].(map[string]any))
		if strings.Contains(item, " ") {
			item = "(" + item + ")"
		}
		return item + "[]"
	case "object":
		return "Record<string, " + typeOf(schema["additionalProperties"].(map[string]any)) + ">"
	}
	return "unknown"
}

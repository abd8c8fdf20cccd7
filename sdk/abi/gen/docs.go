package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/squall-dev/squall/hostfuncs"
)

// family is host functions that are explained together.
type family struct {
	file, title, intro string
	prefix             string // of the names of its functions
	names              []string
}

func explained() []family {
	return []family{
		{file: "kubernetes.md", title: "Kubernetes", prefix: "kube_", intro: "They need `kubernetes` with the verb that each names, see [capabilities](../capabilities.md). Any kind through discovery, several clusters by `context`."},
		{file: "http.md", title: "HTTP", prefix: "http_", intro: "They need `http`. Every connection and every redirect is checked: the host against the capability, the address against what lies inside, see [capabilities](../capabilities.md#http)."},
		{file: "secrets.md", title: "Secrets", names: []string{"secret"}, intro: "It needs `secrets`, see [secrets](../secrets.md)."},
		{file: "keys.md", title: "Keys and values", prefix: "kv_", intro: "They need `kv: [{scope: pack}]`, or `{scope: system, write: true, reason: ...}`. Rules hear of changes."},
		{file: "events.md", title: "Events", names: []string{"emit"}, intro: "It needs `triggers: [\"PACK.*\"]`. A chain of events that lead to one another is cut after 10."},
		{file: "artifacts.md", title: "Artifacts", prefix: "artifact_", intro: "They need `artifacts`. Large files do not pass through guests: other functions stream into artifacts. An execution reads its own files and those of the executions that it was started from, no others."},
		{file: "actions.md", title: "Actions", prefix: "action_", intro: "They need `actions: [\"core.*\"]`, see [actions that run others](../capabilities.md#actions-that-run-others). At most 8 executions start one another."},
		{file: "always.md", title: "Without asking", names: []string{"config", "context", "log", "random", "sleep", "time"}, intro: "Every guest has these."},
	}
}

// example is what a vector shows.
type example struct {
	Name    string          `json:"name"`
	Request json.RawMessage `json:"request"`
	Reply   json.RawMessage `json:"reply"`
}

// pages are what every host function takes and answers, for people: a page for each
// family and one that leads to them, by their path below the documentation.
func pages(set hostfuncs.Set, examples func(function string) ([]example, error)) (map[string]string, error) {
	left := map[string]hostfuncs.FunctionABI{}
	for _, f := range hostfuncs.Describe(set).Functions {
		left[f.Name] = f
	}
	all := map[string]string{}
	var index strings.Builder
	index.WriteString("# Host functions\n\nWhat sandboxed code may ask of the world: a name and a JSON request in, an envelope out, `{\"ok\": RESULT}` or\n" +
		"`{\"error\": {\"kind\", \"message\", \"hint\"}}`. Generated from the Go types by `make generate`; the same as data is\n" +
		"[sdk/abi/abi.json](../../sdk/abi/abi.json), and `sdk/abi/vectors` has requests with their replies.\n\n" +
		"| family | functions |\n|---|---|\n")
	for _, fam := range explained() {
		var b strings.Builder
		fmt.Fprintf(&b, "# Host functions: %s\n\n%s\n", fam.title, fam.intro)
		var links []string
		for _, name := range slices.Sorted(maps.Keys(left)) {
			if !fam.has(name) {
				continue
			}
			shown, err := examples(name)
			if err != nil {
				return nil, err
			}
			function(&b, left[name], set[name].Changes, shown)
			links = append(links, fmt.Sprintf("[%s](hostfuncs/%s#%s)", name, fam.file, name))
			delete(left, name)
		}
		fmt.Fprintf(&index, "| [%s](hostfuncs/%s) | %s |\n", fam.title, fam.file, strings.Join(links, ", "))
		all["hostfuncs/"+fam.file] = b.String()
	}
	if len(left) > 0 {
		return nil, fmt.Errorf("functions without a family: %v", slices.Sorted(maps.Keys(left)))
	}
	all["hostfuncs.md"] = index.String()
	return all, nil
}

func (f family) has(name string) bool {
	return f.prefix != "" && strings.HasPrefix(name, f.prefix) || slices.Contains(f.names, name)
}

func function(b *strings.Builder, f hostfuncs.FunctionABI, changes bool, examples []example) {
	fmt.Fprintf(b, "\n## %s\n\n%s", f.Name, f.Doc)
	if changes {
		b.WriteString(" It changes the world: [dry runs, budgets and the stop switch](../changes.md) know it.")
	}
	b.WriteString("\n")
	fields(b, "request", f.Request)
	fields(b, "reply", f.Response)
	if len(examples) > 0 { // the first is the plain one
		fmt.Fprintf(b, "\n%s:\n\n```json\n%s\n```\n\n```json\n%s\n```\n", upper(examples[0].Name), readable(examples[0].Request), readable(examples[0].Reply))
	}
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// readable is JSON on lines of its own, or on one when that is short.
func readable(raw json.RawMessage) string {
	var one, many bytes.Buffer
	if json.Compact(&one, raw) != nil || json.Indent(&many, raw, "", "  ") != nil {
		return string(raw)
	}
	if one.Len() <= 100 {
		return one.String()
	}
	return many.String()
}

func fields(b *strings.Builder, what string, s hostfuncs.Schema) {
	if len(s.Properties) == 0 {
		return
	}
	fmt.Fprintf(b, "\n| %s | type | |\n|---|---|---|\n", what)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		text := strings.ReplaceAll(p.Description, "|", "\\|")
		if what == "request" && slices.Contains(s.Required, name) {
			text = strings.TrimSuffix("needed; "+text, "; ")
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", name, typeOf(p), text)
	}
}

func typeOf(s hostfuncs.Schema) string {
	switch {
	case s.Type == "array" && s.Items != nil:
		return "list of " + typeOf(*s.Items)
	case s.Format != "":
		return s.Format
	case s.Type == "":
		return "any"
	}
	return s.Type
}

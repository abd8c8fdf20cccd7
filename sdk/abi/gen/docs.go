package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/squall-dev/squall/hostfuncs"
)

// family is host functions that are explained together.
type family struct {
	title, intro string
	prefix       string // of the names of its functions
	names        []string
}

func explained() []family {
	return []family{
		{title: "Kubernetes", prefix: "kube_", intro: "They need `kubernetes` with the verb that each names, see [capabilities](capabilities.md). Any kind through discovery, several clusters by `context`."},
		{title: "HTTP", prefix: "http_", intro: "They need `http`. Every connection and every redirect is checked: the host against the capability, the address against what lies inside."},
		{title: "Secrets", names: []string{"secret"}, intro: "It needs `secrets`, see [secrets](secrets.md)."},
		{title: "Keys and values", prefix: "kv_", intro: "They need `kv: [{scope: pack}]`, or `{scope: system, write: true, reason: ...}`. Rules hear of changes."},
		{title: "Events", names: []string{"emit"}, intro: "It needs `triggers: [\"PACK.*\"]`. A chain of events that lead to one another is cut after 10."},
		{title: "Artifacts", prefix: "artifact_", intro: "They need `artifacts`. Large files do not pass through guests: other functions stream into artifacts. An execution reads its own files and those of the executions that it was started from, no others."},
		{title: "Actions", prefix: "action_", intro: "They need `actions: [\"core.*\"]`, see [actions that run others](capabilities.md#actions-that-run-others). At most 8 executions start one another."},
		{title: "Without asking", names: []string{"config", "context", "log", "random", "sleep", "time"}, intro: "Every guest has these."},
	}
}

// page writes what every host function takes and answers, for people.
func page(out io.Writer, set hostfuncs.Set) error {
	abi := hostfuncs.Describe(set)
	var b strings.Builder
	b.WriteString("# Host functions\n\nWhat sandboxed code may ask of the world: a name and a JSON request in, an envelope out, `{\"ok\": RESULT}` or\n" +
		"`{\"error\": {\"kind\", \"message\", \"hint\"}}`. Generated from the Go types by `make generate`; the same as data is\n" +
		"[sdk/abi/abi.json](../../sdk/abi/abi.json), and `sdk/abi/vectors` has requests with their replies.\n")
	left := map[string]hostfuncs.FunctionABI{}
	for _, f := range abi.Functions {
		left[f.Name] = f
	}
	for _, fam := range explained() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", fam.title, fam.intro)
		for _, name := range slices.Sorted(maps.Keys(left)) {
			if fam.has(name) {
				function(&b, left[name], set[name].Changes)
				delete(left, name)
			}
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("functions without a family: %v", slices.Sorted(maps.Keys(left)))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (f family) has(name string) bool {
	return f.prefix != "" && strings.HasPrefix(name, f.prefix) || slices.Contains(f.names, name)
}

func function(b *strings.Builder, f hostfuncs.FunctionABI, changes bool) {
	fmt.Fprintf(b, "\n### %s\n\n%s", f.Name, f.Doc)
	if changes {
		b.WriteString(" It changes the world: [dry runs, budgets and the stop switch](changes.md) know it.")
	}
	b.WriteString("\n")
	fields(b, "request", f.Request)
	fields(b, "reply", f.Response)
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

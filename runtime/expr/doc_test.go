package expr

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of filters and tests into the documentation")

const page = "../../packs/TEMPLATES.md"

func TestEveryFilterAndTestIsDescribed(t *testing.T) {
	t.Parallel()
	wanted := append(slices.Collect(maps.Keys(filters())), "default", "d")
	checkDocs(t, "filter", FilterDocs(), wanted)
	others := []string{"equalto", "==", "!=", "lessthan", "<", "<=", "greaterthan", ">", ">="}
	wanted = slices.DeleteFunc(slices.Collect(maps.Keys(tests())), func(s string) bool { return slices.Contains(others, s) })
	checkDocs(t, "test", TestDocs(), wanted)
}

func checkDocs(t *testing.T, what string, docs []Doc, wanted []string) {
	t.Helper()
	var names []string
	for _, d := range docs {
		names = append(names, d.Name)
		if d.Meaning == "" {
			t.Errorf("%s %s has no meaning", what, d.Name)
		}
	}
	slices.Sort(names)
	slices.Sort(wanted)
	if !slices.Equal(names, wanted) {
		t.Errorf("%ss described:\n%v\nthere are:\n%v", what, names, wanted)
	}
}

// TestThePageOfTemplatesIsUpToDate: make generate writes it.
func TestThePageOfTemplatesIsUpToDate(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want := withTable(t, withTable(t, string(data), "filters", FilterDocs()), "tests", TestDocs())
	if want == string(data) {
		return
	}
	if !*update {
		t.Fatalf("%s is out of date, run make generate", page)
	}
	if err := os.WriteFile(page, []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
}

func withTable(t *testing.T, text, name string, docs []Doc) string {
	t.Helper()
	before, rest, ok := strings.Cut(text, "<!-- "+name+": ")
	head, rest, ok2 := strings.Cut(rest, "-->\n")
	_, after, ok3 := strings.Cut(rest, "<!-- end of "+name)
	if !ok || !ok2 || !ok3 {
		t.Fatalf("%s has no place for %s", page, name)
	}
	var b strings.Builder
	b.WriteString(before + "<!-- " + name + ": " + head + "-->\n\n| name | meaning |\n|---|---|\n")
	for _, d := range docs {
		call := d.Name
		if d.Arguments != "" {
			call += "(" + d.Arguments + ")"
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", call, strings.ReplaceAll(d.Meaning, "|", `\|`))
	}
	return b.String() + "\n<!-- end of " + name + after
}

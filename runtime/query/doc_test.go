package query_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/squall-dev/squall/runtime/query"
)

var update = flag.Bool("update", false, "write the table of keys into web/docs/history.md")

const historyPage = "../../web/docs/history.md"

// TestThePageOfFilters keeps the table of keys in the documentation true.
func TestThePageOfFilters(t *testing.T) {
	t.Parallel()
	const head = "|---|---|---|\n"
	text, err := os.ReadFile(historyPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), head)
	_, after, ends := strings.Cut(rest, "\n\nWords are")
	if !found || !ends {
		t.Fatal("the page has lost its table")
	}
	var rows []string
	for _, k := range query.Keys() {
		name := k.Name
		if name == string(query.Param) {
			name += ".PATH"
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | `%s` |", name, k.Doc, k.Example))
	}
	want := before + head + strings.Join(rows, "\n") + "\n\nWords are" + after
	if *update {
		if err := os.WriteFile(historyPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(text) {
		t.Error("the table of keys is stale; refresh it with: go test ./runtime/query -run ThePageOfFilters -update")
	}
}

package rule

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the operator table into the documentation")

// The table stands between these lines of the page.
const (
	rulesPage  = "../../web/docs/rules.md"
	tableBegin = "<!-- operators: made from runtime/rule by make generate -->\n"
	tableEnd   = "<!-- end of operators -->\n"
)

func operatorTable() string {
	var b strings.Builder
	b.WriteString("\n| operator | also | holds when |\n| --- | --- | --- |\n")
	for _, o := range Operators() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", o.Name, strings.Join(o.Aliases, ", "), strings.ReplaceAll(o.Doc, "|", `\|`))
	}
	b.WriteString("\n")
	return b.String()
}

func TestThePageOfRulesListsEveryOperator(t *testing.T) {
	page, err := os.ReadFile(rulesPage)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := bytes.Cut(page, []byte(tableBegin))
	old, tail, ends := bytes.Cut(rest, []byte(tableEnd))
	if !ok || !ends {
		t.Fatalf("%s has no place for the table", rulesPage)
	}
	if string(old) == operatorTable() {
		return
	}
	if !*update {
		t.Fatalf("%s is out of date: make generate", rulesPage)
	}
	text := string(head) + tableBegin + operatorTable() + tableEnd + string(tail)
	if err := os.WriteFile(rulesPage, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

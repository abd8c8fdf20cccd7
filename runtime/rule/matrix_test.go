package rule

import (
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

// matrixTypes are one value of each type, as values down and as patterns across.
func matrixTypes() []string { return []string{`null`, `true`, `1`, `"a"`, `["a"]`, `{"a":1}`} }

// matrix says what each operator makes of each pair of types: T holds, F does
// not, E is an error. Rows are values, columns are patterns.
func matrix() map[string][6]string {
	equal := [6]string{"FFFFFF", "FTTFFF", "FTTFFF", "FFFTFF", "FFFFTF", "FFFFFT"}
	unequal := [6]string{"FTTTTT", "TFFTTT", "TFFTTT", "TTTFTT", "TTTTFT", "TTTTTF"}
	text := [6]string{"FEEEEE", "FEEEEE", "FEEEEE", "FEETEE", "FEEEEE", "FEEEEE"}
	notText := [6]string{"FEEEEE", "FEEEEE", "FEEEEE", "FEEFEE", "FEEEEE", "FEEEEE"}
	order := [6]string{"FEEEEE", "FFFEEE", "FFFEEE", "FEEFEE", "FEEEFE", "FEEEEE"}
	never := [6]string{"FEEEEE", "FEEEEE", "FEEEEE", "FEEEEE", "FEEEEE", "FEEEEE"}
	return map[string][6]string{
		"equals": equal, "nequals": unequal,
		"iequals": text, "icontains": text, "incontains": notText,
		"startswith": text, "istartswith": text, "endswith": text, "iendswith": text,
		"matchwildcard": text, "matchregex": text, "regex": text, "iregex": text,
		"contains":  {"FEEEEE", "FEEEEE", "FEEEEE", "FEETEE", "FFFTFF", "FFFTEE"},
		"ncontains": {"FEEEEE", "FEEEEE", "FEEEEE", "FEEFEE", "FTTFTT", "FTTFEE"},
		"lessthan":  order, "greaterthan": order,
		"timediff_lt": never, "timediff_gt": never,
		"exists":  {"FFFFFF", "TTTTTT", "TTTTTT", "TTTTTT", "TTTTTT", "TTTTTT"},
		"nexists": {"TTTTTT", "FFFFFF", "FFFFFF", "FFFFFF", "FFFFFF", "FFFFFF"},
		"inside":  {"FEEEFF", "FEEEFF", "FEEEFF", "FEETTT", "FEEEFE", "FEEEFE"},
		"ninside": {"FEEETT", "FEEETT", "FEEETT", "FEEFFF", "FEEETE", "FEEETE"},
	}
}

func TestEveryPairOfTypesIsDecidedAsInPython(t *testing.T) {
	t.Parallel()
	rows := matrix()
	for _, o := range Operators() {
		if o.Name == "search" { // its pattern is a map of criteria
			continue
		}
		want, ok := rows[o.Name]
		if !ok {
			t.Errorf("%s has no row in the matrix", o.Name)
		}
		for _, name := range append([]string{o.Name}, o.Aliases...) {
			for i, value := range matrixTypes() {
				if got := matrixRow(t, name, value); got != want[i] {
					t.Errorf("%s of %s gives %s, want %s", name, value, got, want[i])
				}
			}
		}
	}
}

func matrixRow(t *testing.T, operator, value string) string {
	t.Helper()
	o, err := findOperator(operator)
	if err != nil {
		t.Fatal(err)
	}
	var row strings.Builder
	for _, pattern := range matrixTypes() {
		held := false
		test, err := o.predicate(decode(t, pattern), "")
		if err == nil {
			held, err = test(decode(t, value), scope{now: time.Unix(0, 0)})
		}
		switch {
		case err != nil:
			row.WriteByte('E')
		case held:
			row.WriteByte('T')
		default:
			row.WriteByte('F')
		}
	}
	return row.String()
}

// FuzzCriteria holds that no criterion and no payload make the judge panic.
func FuzzCriteria(f *testing.F) {
	for name := range matrix() {
		f.Add("trigger.a", name, `"a"`, "", `{"a":"a"}`)
	}
	f.Add("trigger.a[-1]", "search", `{"item.x":{"type":"regex","pattern":"(?P<n>a)(?P=n)"}}`, "any", `{"a":[{"x":"aa"}]}`)
	f.Add("trigger..a", "search", `{"item":{"type":"search","pattern":{},"condition":"all"}}`, "all2any", `{"a":[[1]]}`)
	f.Fuzz(func(t *testing.T, key, operator, pattern, condition, payload string) {
		p, err := expr.Decode([]byte(pattern))
		if err != nil {
			return
		}
		v, err := expr.Decode([]byte(payload))
		if err != nil {
			return
		}
		c, err := compileCriterion(automation.Criterion{Key: key, Operator: operator, Pattern: p, Condition: condition})
		if err != nil {
			return
		}
		c.evaluate(scope{names: map[string]any{"trigger": v}, now: time.Unix(0, 0)})
	})
}

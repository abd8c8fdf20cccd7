package rule

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/expr"
)

// operatorCase is one fact about an operator. Expect is true, false or "error".
type operatorCase struct {
	Operator  string          `json:"operator"`
	Value     json.RawMessage `json:"value"`
	Pattern   json.RawMessage `json:"pattern"`
	Condition string          `json:"condition"`
	Expect    any             `json:"expect"`
}

func TestOperatorsDecideAsExistingRulesExpect(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/operators.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []operatorCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		t.Run(fmt.Sprintf("%d %s %s %s", i, c.Operator, c.Value, c.Pattern), func(t *testing.T) {
			t.Parallel()
			if got := c.decide(t); fmt.Sprint(got) != fmt.Sprint(c.Expect) {
				t.Errorf("%s: %s with pattern %s gives %v, want %v", c.Operator, c.Value, c.Pattern, got, c.Expect)
			}
		})
	}
}

func (c operatorCase) decide(t *testing.T) any {
	now := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
	item := map[string]any{}
	if value, missing := testValue(t, c.Value, now); !missing {
		item["value"] = value
	}
	o, err := findOperator(c.Operator)
	if err != nil {
		return "error"
	}
	pattern, _ := testValue(t, c.Pattern, now)
	test, err := o.predicate(pattern, c.Condition)
	if err != nil {
		return "error"
	}
	held, err := test(item["value"], scope{names: map[string]any{"trigger": item}, now: now})
	if err != nil {
		return "error"
	}
	return held
}

// testValue decodes a value of the table, which has ways to say "missing" and
// "so many seconds ago".
func testValue(t *testing.T, data []byte, now time.Time) (v any, missing bool) {
	t.Helper()
	v, err := expr.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	m, ok := v.(map[string]any)
	if !ok {
		return v, false
	}
	if m["missing"] == true {
		return nil, true
	}
	if seconds, ok := expr.Float(m["now_minus_seconds"]); ok {
		at := now.Add(-time.Duration(seconds * float64(time.Second)))
		return at.Format(dateFormat(m["format"])), false
	}
	return v, false
}

func dateFormat(name any) string {
	switch name {
	case "iso_naive":
		return "2006-01-02T15:04:05.000000"
	case "rfc2822":
		return time.RFC1123Z
	case "iso_z":
		return "2006-01-02T15:04:05.000000Z"
	}
	return "2006-01-02T15:04:05.000000-07:00"
}

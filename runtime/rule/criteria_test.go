package rule

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

type criteriaCase struct {
	Name     string           `json:"name"`
	Payload  *json.RawMessage `json:"payload"`
	Disabled bool             `json:"disabled"`
	Criteria json.RawMessage  `json:"criteria"`
	// Expect is matched, not_matched, error, or invalid for a rule that is
	// refused before any event.
	Expect string `json:"expect"`
}

func TestCriteriaDecideAsExistingRulesExpect(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/criteria.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Payload json.RawMessage `json:"payload"`
		Cases   []criteriaCase  `json:"cases"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if c.Payload == nil {
				c.Payload = &file.Payload
			}
			if got := c.outcome(t); got != c.Expect {
				t.Errorf("got %s, want %s", got, c.Expect)
			}
		})
	}
}

func (c criteriaCase) outcome(t *testing.T) string {
	r := pprofRule()
	r.Enabled, r.Criteria, r.Action.Parameters = !c.Disabled, orderedCriteria(t, c.Criteria), nil
	set, err := Compile([]automation.Rule{r})
	if err != nil {
		return "invalid"
	}
	payload, err := expr.Decode(*c.Payload)
	if err != nil {
		t.Fatal(err)
	}
	in := alert(t)
	in.Payload = payload
	matches := set.Match(in)
	if len(matches) == 0 {
		return "not_matched"
	}
	return string(matches[0].Verdict.Outcome)
}

// orderedCriteria reads a list: the order decides the outcome.
func orderedCriteria(t *testing.T, data []byte) []automation.Criterion {
	t.Helper()
	v, err := expr.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	list, _ := v.([]any)
	var criteria []automation.Criterion
	for _, item := range list {
		m, _ := item.(map[string]any)
		key, _ := m["key"].(string)
		operator, _ := m["type"].(string)
		criteria = append(criteria, automation.Criterion{Key: key, Operator: operator, Pattern: m["pattern"]})
	}
	return criteria
}

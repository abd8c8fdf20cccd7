package client

import (
	"context"
	"encoding/json"

	"github.com/squall-dev/squall/runtime/automation"
)

// RuleDetail is a rule and what it decided of late, newest first.
type RuleDetail struct {
	Rule     automation.Rule      `json:"rule"`
	Verdicts []automation.Verdict `json:"verdicts"`
}

// Rules lists all rules.
func (c *Client) Rules(ctx context.Context) (List[automation.Rule], error) {
	return list[automation.Rule](ctx, c, get("rules"))
}

// Rule returns one rule and its latest verdicts.
func (c *Client) Rule(ctx context.Context, ref automation.Ref) (RuleDetail, error) {
	return one[RuleDetail](ctx, c, get("rules", string(ref)))
}

// RuleTrial asks what a rule would decide: a rule's YAML or the reference of a
// loaded one, about a stored event or a payload.
type RuleTrial struct {
	Rule    string          `json:"rule,omitempty"`
	Ref     automation.Ref  `json:"ref,omitempty"`
	Event   string          `json:"event,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// TestRule asks what a rule would decide; nothing is stored or started.
func (c *Client) TestRule(ctx context.Context, t RuleTrial) (automation.RuleTest, error) {
	return one[automation.RuleTest](ctx, c, post(t, "rules", "test"))
}

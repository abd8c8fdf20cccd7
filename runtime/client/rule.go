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

// VerdictQuery selects verdicts. Zero fields do not restrict.
type VerdictQuery struct {
	Page
	Rule     string
	Outcomes string // with commas between: "matched,suppressed"
	Held     bool   // suppressed, and released by nobody
}

// Verdicts lists what rules decided, newest event first.
func (c *Client) Verdicts(ctx context.Context, q VerdictQuery) (List[automation.Verdict], error) {
	v := q.Page.values().set("rule", q.Rule).set("outcome", q.Outcomes)
	if q.Held {
		v.set("held", "true")
	}
	return list[automation.Verdict](ctx, c, get("verdicts").with(v.query()))
}

// Release lets a suppressed verdict of a rule about an event pass. Item is nil for a
// rule without foreach.
func (c *Client) Release(ctx context.Context, event string, rule automation.Ref, item *int) (automation.Execution, error) {
	body := map[string]any{"rule": rule}
	if item != nil {
		body["item"] = *item
	}
	return one[automation.Execution](ctx, c, post(body, "events", event, "release"))
}

// RuleReplayQuery asks what a rule would have decided about the last events: a
// rule's YAML or the reference of a loaded one.
type RuleReplayQuery struct {
	Rule string         `json:"rule,omitempty"`
	Ref  automation.Ref `json:"ref,omitempty"`
	Last int            `json:"last"`
}

// ReplayRule asks what a rule would have decided; nothing is stored or started.
func (c *Client) ReplayRule(ctx context.Context, q RuleReplayQuery) (automation.RuleReplay, error) {
	return one[automation.RuleReplay](ctx, c, post(q, "rules", "replay"))
}

package client

import (
	"context"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// Trigger is a trigger type that a pack declares, and what it is used for.
type Trigger struct {
	Ref automation.Ref `json:"ref"`
	automation.TriggerType
	Rules     []automation.Ref `json:"rules"`
	LastEvent *time.Time       `json:"last_event,omitempty"`
	// Example is a payload that is likely to fit; only in an answer about one.
	Example any `json:"example,omitempty"`
}

// Triggers lists the trigger types of all packs.
func (c *Client) Triggers(ctx context.Context) (List[Trigger], error) {
	return list[Trigger](ctx, c, get("triggers"))
}

// Trigger returns one trigger type.
func (c *Client) Trigger(ctx context.Context, ref automation.Ref) (Trigger, error) {
	return one[Trigger](ctx, c, get("triggers", string(ref)))
}

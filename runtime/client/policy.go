package client

import (
	"context"

	"github.com/squall-dev/squall/runtime/automation"
)

// Policies lists the policies of all packs, or those of one action.
func (c *Client) Policies(ctx context.Context, action string) (List[automation.PolicyStatus], error) {
	return list[automation.PolicyStatus](ctx, c, get("policies").with(values{}.set("action", action).query()))
}

// Policy returns one policy.
func (c *Client) Policy(ctx context.Context, ref automation.Ref) (automation.PolicyStatus, error) {
	return one[automation.PolicyStatus](ctx, c, get("policies", string(ref)))
}

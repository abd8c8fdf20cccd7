package client

import (
	"context"

	"github.com/squall-dev/squall/runtime/automation"
)

// Packs lists all packs, also those that could not be loaded.
func (c *Client) Packs(ctx context.Context) (List[automation.PackStatus], error) {
	return list[automation.PackStatus](ctx, c, get("packs"))
}

// Pack returns one pack.
func (c *Client) Pack(ctx context.Context, name string) (automation.PackStatus, error) {
	return one[automation.PackStatus](ctx, c, get("packs", name))
}

// Actions lists the actions of all packs in service.
func (c *Client) Actions(ctx context.Context) (List[automation.Action], error) {
	return list[automation.Action](ctx, c, get("actions"))
}

// Action returns one action.
func (c *Client) Action(ctx context.Context, ref automation.Ref) (automation.Action, error) {
	return one[automation.Action](ctx, c, get("actions", string(ref)))
}

package client

import (
	"context"
	"net/http"

	"github.com/squall-dev/squall/runtime/automation"
)

// Grants tells what a pack asks for and what it is granted.
func (c *Client) Grants(ctx context.Context, pack string) (automation.Grants, error) {
	return one[automation.Grants](ctx, c, get("packs", pack, "grants"))
}

// Usage tells what a pack has used of what it may do, since a time or for that long.
func (c *Client) Usage(ctx context.Context, pack string, since Time) (automation.PackUsage, error) {
	return one[automation.PackUsage](ctx, c, get("packs", pack, "usage").with(values{}.set("since", string(since)).query()))
}

// Grant narrows a pack to these capabilities, at once.
func (c *Client) Grant(ctx context.Context, pack string, to automation.Capabilities) (automation.Grants, error) {
	return one[automation.Grants](ctx, c, request{method: http.MethodPut, path: []string{"packs", pack, "grants"}, body: to})
}

// Ungrant leaves a pack what it asks for.
func (c *Client) Ungrant(ctx context.Context, pack string) (automation.Grants, error) {
	return one[automation.Grants](ctx, c, request{method: http.MethodDelete, path: []string{"packs", pack, "grants"}})
}

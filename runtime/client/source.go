package client

import (
	"context"

	"github.com/squall-dev/squall/runtime/automation"
)

// Sources lists what raises events by itself; an empty kind means all of timer,
// sensor and watch.
func (c *Client) Sources(ctx context.Context, kind string) (List[automation.SourceStatus], error) {
	return list[automation.SourceStatus](ctx, c, get("sources").with(values{}.set("kind", kind).query()))
}

// Source tells about one of them; an empty kind means any.
func (c *Client) Source(ctx context.Context, kind, id string) (automation.SourceStatus, error) {
	return one[automation.SourceStatus](ctx, c, get("sources", id).with(values{}.set("kind", kind).query()))
}

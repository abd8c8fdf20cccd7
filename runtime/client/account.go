package client

import (
	"context"

	"github.com/squall-dev/squall/runtime/automation"
)

// Account is who the server takes the caller for.
type Account struct {
	User string `json:"user"`
	Role string `json:"role"`
}

// Me asks who the caller is.
func (c *Client) Me(ctx context.Context) (Account, error) {
	return one[Account](ctx, c, get("me"))
}

// Doctor asks whether the server is well; deep, it takes its time.
func (c *Client) Doctor(ctx context.Context, deep bool) (List[automation.Check], error) {
	return list[automation.Check](ctx, c, get("doctor").with(values{}.set("deep", truth(deep)).query()))
}

// Version is which build a program is.
type Version struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
}

// Version asks which build the server is.
func (c *Client) Version(ctx context.Context) (Version, error) {
	return one[Version](ctx, c, get("version"))
}

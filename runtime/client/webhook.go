package client

import (
	"context"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// Webhook is a path that rules listen to.
type Webhook struct {
	Path  string           `json:"path"`
	URL   string           `json:"url"`
	Rules []automation.Ref `json:"rules"`
	// Auth is how senders are checked; none for an open webhook.
	Auth    string `json:"auth"`
	Observe bool   `json:"observe,omitempty"` // accepts what it would reject
	Closed  bool   `json:"closed,omitempty"`  // accepts nothing: it is not declared
	Pack    string `json:"pack,omitempty"`    // whose file says how senders are checked
	// Counts are the deliveries since the server started.
	Counts struct {
		Accepted  int64      `json:"accepted"`
		Observed  int64      `json:"observed"`
		Duplicate int64      `json:"duplicate"`
		Rejected  int64      `json:"rejected"`
		LastAt    *time.Time `json:"last_at,omitempty"`
	} `json:"counts"`
}

// Webhooks lists the addresses that rules listen to.
func (c *Client) Webhooks(ctx context.Context) (List[Webhook], error) {
	return list[Webhook](ctx, c, get("webhooks"))
}

// DeliveryQuery selects deliveries. Zero fields do not restrict.
type DeliveryQuery struct {
	Page
	Webhook  string
	Outcomes string // with commas between: "rejected,observed"
}

// Deliveries lists what was posted to webhooks and not simply accepted.
func (c *Client) Deliveries(ctx context.Context, q DeliveryQuery) (List[automation.Delivery], error) {
	v := q.Page.values().set("webhook", q.Webhook).set("outcome", q.Outcomes)
	return list[automation.Delivery](ctx, c, get("deliveries").with(v.query()))
}

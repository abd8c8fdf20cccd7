package client

import (
	"context"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

// EventQuery selects events. Zero fields do not restrict.
type EventQuery struct {
	Page
	Trigger string // a ref, or a pattern with "*"
	Matched *bool  // true: some rule matched; false: none did
	TraceID string
	Text    string
	Since   Time
	Until   Time
}

func (q EventQuery) values() values {
	v := q.Page.values().set("trigger", q.Trigger).set("trace_id", q.TraceID).set("q", q.Text).
		set("since", string(q.Since)).set("until", string(q.Until))
	if q.Matched != nil {
		v.set("matched", strconv.FormatBool(*q.Matched))
	}
	return v
}

// Events lists events.
func (c *Client) Events(ctx context.Context, q EventQuery) (List[automation.Event], error) {
	return list[automation.Event](ctx, c, get("events").with(q.values().query()))
}

// Event returns one event with payload, verdicts and executions.
func (c *Client) Event(ctx context.Context, id string) (automation.Event, error) {
	return one[automation.Event](ctx, c, get("events", id))
}

// EventMisses tells why rules did not match that left no verdict on an event.
func (c *Client) EventMisses(ctx context.Context, id string) (automation.EventMisses, error) {
	return one[automation.EventMisses](ctx, c, get("events", id, "misses"))
}

// NewEvent is an event to send.
type NewEvent struct {
	Trigger    automation.Ref  `json:"trigger"`
	Parameters map[string]any  `json:"parameters,omitempty"`
	Payload    json.RawMessage `json:"payload"`
}

// Send sends an event.
func (c *Client) Send(ctx context.Context, e NewEvent) (automation.Accepted, error) {
	return one[automation.Accepted](ctx, c, post(e, "events"))
}

// Webhook delivers a body to a webhook as anybody may. The token is not sent:
// the headers of a delivery are kept in the event.
func (c *Client) Webhook(ctx context.Context, path, contentType string, body io.Reader) (automation.Accepted, error) {
	elements := append([]string{"webhooks"}, strings.Split(strings.Trim(path, "/"), "/")...)
	r := post(body, elements...)
	r.anonymous, r.header = true, map[string]string{"Content-Type": contentType}
	return one[automation.Accepted](ctx, c, r)
}

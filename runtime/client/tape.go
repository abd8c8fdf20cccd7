package client

import (
	"bytes"
	"context"
	"net/url"
	"strconv"

	"github.com/squall-dev/squall/runtime/automation"
)

// Tape returns the host calls of an attempt with what was said. Attempt 0 is the
// last.
func (c *Client) Tape(ctx context.Context, id string, attempt int) (automation.AttemptTape, error) {
	var t automation.AttemptTape
	_, err := c.call(ctx, get("executions", id, "tape").with(attemptQuery(attempt)), &t)
	return t, err
}

// Case is the last attempt of an execution as a test of its pack.
func (c *Client) Case(ctx context.Context, id string) (automation.RecordedCase, error) {
	return one[automation.RecordedCase](ctx, c, get("executions", id, "case"))
}

// Replay runs an attempt again from its tape, without touching the world: with the
// recorded module when code is empty, else with that. Attempt 0 is the last.
func (c *Client) Replay(ctx context.Context, id string, attempt int, code []byte) (automation.ExecutionReplay, error) {
	var r automation.ExecutionReplay
	req := post(nil, "executions", id, "replay").with(attemptQuery(attempt))
	if len(code) > 0 {
		req.body = bytes.NewReader(code)
	}
	_, err := c.call(ctx, req, &r)
	return r, err
}

func attemptQuery(attempt int) url.Values {
	if attempt == 0 {
		return nil
	}
	return url.Values{"attempt": {strconv.Itoa(attempt)}}
}

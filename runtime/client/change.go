package client

import (
	"context"
	"net/http"

	"github.com/squall-dev/squall/runtime/automation"
)

// Changes tells what holds changes of host calls back.
func (c *Client) Changes(ctx context.Context) (automation.ChangeGuard, error) {
	return one[automation.ChangeGuard](ctx, c, get("changes"))
}

// StopChanges holds back every change from now on; calls that only read go on.
func (c *Client) StopChanges(ctx context.Context, reason string) (automation.ChangeGuard, error) {
	return one[automation.ChangeGuard](ctx, c, request{method: http.MethodPut, path: []string{"changes", "stop"},
		body: map[string]string{"reason": reason}})
}

// ResumeChanges lets changes pass again.
func (c *Client) ResumeChanges(ctx context.Context) (automation.ChangeGuard, error) {
	return one[automation.ChangeGuard](ctx, c, request{method: http.MethodDelete, path: []string{"changes", "stop"}})
}

// ReleaseChange runs an execution again whose change was held back, and lets the
// change pass once.
func (c *Client) ReleaseChange(ctx context.Context, id string) (automation.Execution, error) {
	return one[automation.Execution](ctx, c, post(nil, "changes", "held", id, "release"))
}

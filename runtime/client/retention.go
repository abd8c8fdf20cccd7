package client

import (
	"context"
	"net/http"

	"github.com/squall-dev/squall/runtime/automation"
)

// Retention tells how far the history is kept.
func (c *Client) Retention(ctx context.Context) (automation.Retention, error) {
	return one[automation.Retention](ctx, c, get("retention"))
}

// ApplyRetention lets what is beyond the bounds go soon, and tells how things stand
// now. A dry run only tells.
func (c *Client) ApplyRetention(ctx context.Context, dry bool) (automation.Retention, error) {
	return one[automation.Retention](ctx, c, post(map[string]any{"dry_run": dry}, "retention"))
}

// PinArtifact keeps an artifact, with its execution, whatever retention says.
func (c *Client) PinArtifact(ctx context.Context, id string) (automation.Artifact, error) {
	return one[automation.Artifact](ctx, c, request{method: http.MethodPut, path: []string{"artifacts", id, "pin"}})
}

// UnpinArtifact leaves an artifact to retention.
func (c *Client) UnpinArtifact(ctx context.Context, id string) (automation.Artifact, error) {
	return one[automation.Artifact](ctx, c, request{method: http.MethodDelete, path: []string{"artifacts", id, "pin"}})
}

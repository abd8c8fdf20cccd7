package ambient

import (
	"context"

	"github.com/squall-dev/squall/hostfuncs"
)

// ConfigRequest asks for the whole configuration.
type ConfigRequest struct{}

// Config returns the pack's configuration: an empty object when there is none.
func (c *Client) Config(_ context.Context, who hostfuncs.Caller, _ ConfigRequest) (map[string]any, error) {
	if who.Config == nil {
		return map[string]any{}, nil
	}
	return who.Config, nil
}

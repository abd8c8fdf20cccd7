package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/trigger"
)

// WebhookResult is what came of a delivery whose sender waits for it.
type WebhookResult struct {
	automation.Accepted
	Execution string            `json:"execution"`
	Status    automation.Status `json:"status"`
	Output    json.RawMessage   `json:"output,omitempty"`
	Message   string            `json:"message,omitempty"`
}

// lookEvery is how often an execution is looked at whose end somebody waits for.
const lookEvery = 20 * time.Millisecond

// answerWithResult waits for the execution that the endpoint's rule has started. An
// answer of 202 says that there is none, or that it goes on.
func (s *Server) answerWithResult(c echo.Context, e trigger.Endpoint, accepted automation.Accepted) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), e.Waits())
	defer cancel()
	for _, id := range accepted.Executions {
		x, err := s.Store.Execution(ctx, id)
		if err != nil || x.Rule != e.WaitFor {
			continue
		}
		if x, ended := s.ended(ctx, x); ended {
			return c.JSON(http.StatusOK, WebhookResult{Accepted: accepted, Execution: x.ID, Status: x.Status, Output: x.Output, Message: x.Message})
		}
		break
	}
	return c.JSON(http.StatusAccepted, accepted)
}

func (s *Server) ended(ctx context.Context, x automation.Execution) (automation.Execution, bool) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for !x.Status.Final() {
		select {
		case <-ctx.Done():
			return x, false
		case <-tick.C:
		}
		var err error
		if x, err = s.Store.Execution(ctx, x.ID); err != nil {
			return x, false
		}
	}
	return x, true
}

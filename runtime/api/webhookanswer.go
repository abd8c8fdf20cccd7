package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/live"
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

// mostWaiting is how many senders may wait at the same time: each holds a connection.
// The others are answered at once, as if their time were up.
const mostWaiting = 500

// answerWithResult waits for the execution that the endpoint's rule has started. An
// answer of 202 says that there is none, or that it goes on.
func (s *Server) answerWithResult(c echo.Context, e trigger.Endpoint, accepted automation.Accepted) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), e.Waits())
	defer cancel()
	if s.waiting.Add(1) > mostWaiting {
		cancel()
	}
	defer s.waiting.Add(-1)
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

// ended waits for the end of an execution. Who waits is told by the live hub, and
// reads again when it has missed something.
func (s *Server) ended(ctx context.Context, x automation.Execution) (automation.Execution, bool) {
	for {
		seen := s.Live.Last() // before reading: what happens after that is told
		x, err := s.Store.Execution(ctx, x.ID)
		if err != nil || x.Status.Final() {
			return x, err == nil
		}
		if !s.changes(ctx, seen, x.ID) {
			return x, false
		}
	}
}

// changes waits until an execution has ended, or something was missed.
func (s *Server) changes(ctx context.Context, after int64, id string) bool {
	const batch = 1000
	for {
		changes, err := s.Live.Next(ctx, after, batch)
		if errors.Is(err, live.ErrResync) {
			return true
		}
		if err != nil {
			return false
		}
		for _, c := range changes {
			if c.Execution != nil && c.Execution.ID == id && c.Execution.Status.Final() {
				return true
			}
			after = c.Seq
		}
	}
}

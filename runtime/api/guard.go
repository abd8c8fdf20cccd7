package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
)

// changes is what handlers ask about changes that guests make.
type changes interface {
	State() automation.ChangeGuard
	// Stop holds back every change from now on, over restarts too.
	Stop(ctx context.Context, s automation.Stop) error
	Resume(ctx context.Context) error
	// Release runs an execution again, and lets the change pass that was held back.
	Release(ctx context.Context, id, user string) (automation.Execution, error)
}

// StopRequest says why every change is to be held back.
type StopRequest struct {
	Reason string `json:"reason,omitempty"`
}

// mostReason bounds a reason, in bytes.
const mostReason = 1000

func (s *Server) getChanges(c echo.Context) error { return c.JSON(http.StatusOK, s.Changes.State()) }

func (s *Server) stopChanges(c echo.Context) error {
	var req StopRequest
	if err := decodeOptional(c, &req); err != nil {
		return err
	}
	if len(req.Reason) > mostReason {
		return automation.Invalid("the reason has %d bytes, the limit is %d", len(req.Reason), mostReason)
	}
	noted(c, "", "reason", req.Reason)
	if err := s.Changes.Stop(c.Request().Context(), automation.Stop{By: identity(c).User, Reason: req.Reason}); err != nil {
		return err
	}
	return s.getChanges(c)
}

func (s *Server) resumeChanges(c echo.Context) error {
	if err := s.Changes.Resume(c.Request().Context()); err != nil {
		return err
	}
	return s.getChanges(c)
}

func (s *Server) releaseChange(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	x, err := s.Changes.Release(c.Request().Context(), id, identity(c).User)
	if err != nil {
		return err
	}
	noted(c, "", "execution", x.ID)
	return c.JSON(http.StatusCreated, s.masked(x))
}

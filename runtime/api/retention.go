package api

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
)

// keeper keeps the history within its bounds.
type keeper interface {
	State(ctx context.Context) (automation.Retention, error)
	Wake()
}

// RetentionRequest asks for the rules of retention to be applied soon.
type RetentionRequest struct {
	// DryRun asks only what would go.
	DryRun bool `json:"dry_run,omitempty"`
}

func (s *Server) getRetention(c echo.Context) error {
	state, err := s.Retention.State(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, state)
}

func (s *Server) applyRetention(c echo.Context) error {
	var req RetentionRequest
	if err := decode(c, &req); err != nil {
		return err
	}
	noted(c, "", "dry_run", onlyTrue(req.DryRun))
	if !req.DryRun {
		s.Retention.Wake()
	}
	state, err := s.Retention.State(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, state)
}

func (s *Server) pinArtifact(c echo.Context) error { return s.setPin(c, identity(c).User) }

func (s *Server) unpinArtifact(c echo.Context) error { return s.setPin(c, "") }

func (s *Server) setPin(c echo.Context, by string) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	a, err := s.Store.PinArtifact(c.Request().Context(), id, by, time.Now())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, a)
}

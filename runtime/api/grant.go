package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
)

// granter is what handlers ask about the rights of packs.
type granter interface {
	Grants(pack string) (automation.Grants, error)
	Usage(ctx context.Context, pack string, since time.Time) (automation.PackUsage, error)
	Grant(ctx context.Context, pack string, c *automation.Capabilities) error
}

func (s *Server) getGrants(c echo.Context) error {
	g, err := s.Grants.Grants(c.Param("name"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, g)
}

// getUsage looks back 30 days, or as far as ?since says.
func (s *Server) getUsage(c echo.Context) error {
	q := &query{c: c}
	since := q.moment("since")
	if q.err != nil {
		return q.err
	}
	if since.IsZero() {
		since = time.Now().AddDate(0, 0, -30)
	}
	u, err := s.Grants.Usage(c.Request().Context(), c.Param("name"), since)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, u)
}

func (s *Server) putGrants(c echo.Context) error {
	var req automation.Capabilities
	if err := decode(c, &req); err != nil {
		return err
	}
	if text, err := json.Marshal(req); err == nil { // it always can: it was just read
		noted(c, "", "to", string(text))
	}
	return s.grant(c, &req)
}

func (s *Server) deleteGrants(c echo.Context) error { return s.grant(c, nil) }

func (s *Server) grant(c echo.Context, to *automation.Capabilities) error {
	if err := s.Grants.Grant(c.Request().Context(), c.Param("name"), to); err != nil {
		return err
	}
	s.Logger.Info("grants changed", "pack", c.Param("name"), "by", identity(c).User, "narrowed", to != nil)
	return s.getGrants(c)
}

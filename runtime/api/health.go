package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
)

// Health is the answer of the probes.
type Health struct {
	Status string            `json:"status"` // "ok" or "unavailable"
	Checks map[string]string `json:"checks,omitempty"`
}

// Version is which build is running.
type Version struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
}

func (s *Server) healthz(c echo.Context) error { return c.JSON(http.StatusOK, Health{Status: "ok"}) }

func (s *Server) readyz(c echo.Context) error {
	h := Health{Status: "ok", Checks: map[string]string{"store": "ok", "engine": "ok"}}
	if err := s.Store.Ping(c.Request().Context()); err != nil {
		h.Status, h.Checks["store"] = "unavailable", "can not write"
	}
	if !s.Engine.Ready() {
		h.Status, h.Checks["engine"] = "unavailable", "starting or stopping"
	}
	if h.Status != "ok" {
		return c.JSON(http.StatusServiceUnavailable, h)
	}
	return c.JSON(http.StatusOK, h)
}

// doctor looks anew each time it is asked.
func (s *Server) doctor(c echo.Context) error {
	q := &query{c: c}
	deep := q.flag("deep")
	if q.err != nil {
		return q.err
	}
	return c.JSON(http.StatusOK, List[automation.Check]{Items: s.Doctor(deep != nil && *deep)})
}

func (s *Server) version(c echo.Context) error { return c.JSON(http.StatusOK, s.Version) }

func (s *Server) metrics(c echo.Context) error {
	s.Metrics.ServeHTTP(c.Response(), c.Request())
	return nil
}

package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
)

// listSources tells how timers, sensors and watches are doing; ?kind= restricts to
// one of them.
func (s *Server) listSources(c echo.Context) error {
	l := List[automation.SourceStatus]{Items: []automation.SourceStatus{}}
	if s.Sources == nil {
		return c.JSON(http.StatusOK, l)
	}
	for _, source := range s.Sources() {
		if kind := c.QueryParam("kind"); kind == "" || kind == source.Kind {
			l.Items = append(l.Items, source)
		}
	}
	return c.JSON(http.StatusOK, l)
}

package api

import (
	"net/http"
	"strings"

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

const sourcePrefix = "/api/v1/sources/"

// getSource tells about one. An id holds blanks, braces and slashes, which need not
// be escaped; ?kind= is for two of the same id.
func (s *Server) getSource(c echo.Context) error {
	id, kind := strings.TrimPrefix(c.Request().URL.Path, sourcePrefix), c.QueryParam("kind")
	if s.Sources != nil {
		for _, source := range s.Sources() {
			if source.ID == id && (kind == "" || kind == source.Kind) {
				return c.JSON(http.StatusOK, source)
			}
		}
	}
	return automation.NotFound("nothing of the id %q raises events", brief(id)).WithCode("unknown_source").
		WithHint("list the ids there are: squall source list -o name")
}

package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
)

func (s *Server) listPacks(c echo.Context) error {
	packs := s.Catalogue().Packs()
	if packs == nil {
		packs = []automation.PackStatus{}
	}
	return c.JSON(http.StatusOK, List[automation.PackStatus]{Items: packs})
}

func (s *Server) getPack(c echo.Context) error {
	name := c.Param("name")
	for _, p := range s.Catalogue().Packs() {
		if p.Name == name {
			return c.JSON(http.StatusOK, p)
		}
	}
	return automation.NotFound("pack %q is not loaded", name).WithHint("list the packs there are: squall pack list")
}

func (s *Server) listActions(c echo.Context) error {
	actions := s.Catalogue().Actions()
	if actions == nil {
		actions = []automation.Action{}
	}
	return c.JSON(http.StatusOK, List[automation.Action]{Items: actions})
}

func (s *Server) getAction(c echo.Context) error {
	ref := automation.Ref(c.Param("ref"))
	a, ok := s.Catalogue().Action(ref)
	if !ok {
		return automation.NotFound("action %q is not in any loaded pack", ref).WithCode(string(automation.CodeUnknownAction)).
			WithHint("list the actions there are: squall action list")
	}
	return c.JSON(http.StatusOK, a)
}

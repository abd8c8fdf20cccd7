package api

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
)

func (s *Server) listPolicies(c echo.Context) error {
	policies := s.Catalogue().DeclaredPolicies()
	if action := c.QueryParam("action"); action != "" {
		policies = slices.DeleteFunc(policies, func(p automation.Policy) bool { return string(p.Resource) != action })
	}
	items, err := s.Engine.Policies(c.Request().Context(), policies)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, List[automation.PolicyStatus]{Items: items})
}

func (s *Server) getPolicy(c echo.Context) error {
	ref := automation.Ref(c.Param("ref"))
	p, ok := s.Catalogue().DeclaredPolicy(ref)
	if !ok {
		return automation.NotFound("policy %q is not in any loaded pack", ref).WithCode("unknown_policy").
			WithHint("list the policies there are: squall policy list")
	}
	items, err := s.Engine.Policies(c.Request().Context(), []automation.Policy{p})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, items[0])
}

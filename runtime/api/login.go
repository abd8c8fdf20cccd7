package api

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/access"
	"github.com/squall-dev/squall/runtime/automation"
)

// Login holds either the code of a one-time link or an API token.
type Login struct {
	Code  string `json:"code,omitempty"`
	Token string `json:"token,omitempty"`
}

func (s *Server) login(c echo.Context) error {
	var req Login
	if err := decode(c, &req); err != nil {
		return err
	}
	ctx := c.Request().Context()
	var cookie string
	var who access.Identity
	var err error
	switch {
	case req.Code != "":
		cookie, who, err = s.Guard.LoginWithCode(ctx, req.Code)
	case req.Token != "":
		cookie, who, err = s.Guard.LoginWithToken(ctx, strings.TrimSpace(req.Token))
	default:
		return automation.Invalid("a code or a token is needed")
	}
	if err != nil {
		return err
	}
	c.Set(identityKey, who)
	c.SetCookie(s.cookie(c, cookie, int(access.SessionLife.Seconds())))
	return c.JSON(http.StatusOK, who)
}

func (s *Server) logout(c echo.Context) error {
	if cookie, err := c.Cookie(sessionCookie); err == nil {
		if err := s.Guard.Logout(c.Request().Context(), cookie.Value); err != nil {
			return err
		}
	}
	c.SetCookie(s.cookie(c, "", -1))
	return c.NoContent(http.StatusNoContent)
}

func (s *Server) me(c echo.Context) error { return c.JSON(http.StatusOK, identity(c)) }

func (s *Server) cookie(c echo.Context, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: sessionCookie, Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true,
		SameSite: http.SameSiteStrictMode, Secure: c.IsTLS() || strings.HasPrefix(s.PublicURL, "https://"),
	}
}

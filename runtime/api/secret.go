package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
)

// secrets is what handlers ask the vault. Values go in and never come out.
type secrets interface {
	List() []automation.Secret
	Set(ctx context.Context, name, value, by string) (automation.Secret, error)
	Delete(ctx context.Context, name string) error
	Rotate(ctx context.Context) (int, error)
}

// SecretValue is a secret to keep.
type SecretValue struct {
	Value string `json:"value"`
}

// Rotation tells how many secrets were sealed with a new key.
type Rotation struct {
	Sealed int `json:"sealed"`
}

func (s *Server) listSecrets(c echo.Context) error {
	l := List[automation.Secret]{Items: s.Secrets.List()}
	if l.Items == nil {
		l.Items = []automation.Secret{}
	}
	return c.JSON(http.StatusOK, l)
}

func (s *Server) putSecret(c echo.Context) error {
	var req SecretValue
	if err := decode(c, &req); err != nil {
		return err
	}
	out, err := s.Secrets.Set(c.Request().Context(), c.Param("name"), req.Value, identity(c).User)
	if err != nil {
		return err
	}
	s.Logger.Info("secret set", "name", out.Name, "by", out.By)
	return c.JSON(http.StatusOK, out)
}

func (s *Server) deleteSecret(c echo.Context) error {
	if err := s.Secrets.Delete(c.Request().Context(), c.Param("name")); err != nil {
		return err
	}
	s.Logger.Info("secret deleted", "name", brief(c.Param("name")), "by", identity(c).User)
	return c.NoContent(http.StatusNoContent)
}

func (s *Server) rotateSecrets(c echo.Context) error {
	n, err := s.Secrets.Rotate(c.Request().Context())
	if err != nil {
		return err
	}
	noted(c, "", "sealed", strconv.Itoa(n))
	s.Logger.Info("key of secrets rotated", "sealed", n, "by", identity(c).User)
	return c.JSON(http.StatusOK, Rotation{Sealed: n})
}

package api

import (
	"context"
	"fmt"
	"mime"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/flame"
	"github.com/squall-dev/squall/runtime/store"
)

func (s *Server) listArtifacts(c echo.Context) error {
	q := &query{c: c}
	want := store.ArtifactQuery{Execution: q.id("execution"), MediaType: q.text("media_type"), After: q.id("after"), Limit: q.limit()}
	if q.err != nil {
		return q.err
	}
	items, err := s.Store.Artifacts(c.Request().Context(), want)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, page(items, want.Limit, func(a automation.Artifact) string { return a.ID }))
}

func (s *Server) artifact(c echo.Context) (automation.Artifact, error) {
	id, err := pathID(c)
	if err != nil {
		return automation.Artifact{}, err
	}
	return s.Store.Artifact(c.Request().Context(), id)
}

func (s *Server) getArtifact(c echo.Context) error {
	a, err := s.artifact(c)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, a)
}

// getArtifactContent always answers with an attachment of no type that a browser
// would run: what a guest wrote must not become a page of this origin.
func (s *Server) getArtifactContent(c echo.Context) error {
	a, err := s.artifact(c)
	if err != nil {
		return err
	}
	r, err := s.Artifacts.Reader(a)
	if err != nil {
		return err
	}
	defer r.Close()
	h := c.Response().Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": a.Name}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("ETag", `"`+a.SHA256+`"`)
	http.ServeContent(c.Response(), c.Request(), "", a.CreatedAt, r)
	return nil
}

func (s *Server) getFlame(c echo.Context) error {
	a, err := s.artifact(c)
	if err != nil {
		return err
	}
	q := &query{c: c}
	base := q.id("base")
	if q.err != nil {
		return q.err
	}
	p, err := s.profile(a)
	if err != nil {
		return err
	}
	var f flame.Flame
	if base == "" {
		f, err = p.Flame(q.text("sample"))
	} else {
		f, err = s.compared(c.Request().Context(), p, base, q.text("sample"))
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, f)
}

// compared is a profile's graph with what it has more than an earlier one.
func (s *Server) compared(ctx context.Context, p *flame.Profile, base, sample string) (flame.Flame, error) {
	a, err := s.Store.Artifact(ctx, base)
	if err != nil {
		return flame.Flame{}, fmt.Errorf("read the base: %w", err)
	}
	earlier, err := s.profile(a)
	if err != nil {
		return flame.Flame{}, err
	}
	return p.Diff(earlier, sample)
}

func (s *Server) profile(a automation.Artifact) (*flame.Profile, error) {
	if a.MediaType != automation.MediaTypePprof {
		return nil, automation.Invalid("artifact %s is %s, not a pprof profile", a.ID, a.MediaType).WithCode("not_a_profile").
			WithHint("download it instead: squall artifact get %s", a.ID)
	}
	r, err := s.Artifacts.Reader(a)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	p, err := flame.Parse(r)
	if err != nil {
		return nil, automation.Invalid("artifact %s can not be read as a profile", a.ID).WithCode("not_a_profile").Because(err)
	}
	return p, nil
}

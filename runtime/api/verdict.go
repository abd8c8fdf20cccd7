package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// listVerdicts lists what rules decided, newest event first: ?rule=, ?outcome= (a
// list with commas), ?held=true for matches that still wait for a release, ?after=
// an event, ?limit=.
func (s *Server) listVerdicts(c echo.Context) error {
	q := query{c: c}
	want := store.VerdictQuery{Rule: automation.Ref(q.text("rule")), After: q.id("after"), Limit: q.limit(), Outcomes: q.outcomes()}
	if held := q.flag("held"); held != nil {
		want.Held = *held
	}
	if q.err != nil {
		return q.err
	}
	verdicts, err := s.Store.Verdicts(c.Request().Context(), want)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, page(verdicts, want.Limit, func(v automation.Verdict) string { return v.Event }))
}

func (q *query) outcomes() []automation.Outcome {
	return wordsOf(q, "outcome", []automation.Outcome{automation.Matched, automation.NotMatched, automation.Suppressed, automation.Errored})
}

// ReleaseRequest names a suppressed verdict of an event. Item is needed for a rule
// with foreach only.
type ReleaseRequest struct {
	Rule automation.Ref `json:"rule"`
	Item *int           `json:"item,omitempty"`
}

// releaseVerdict lets a suppressed verdict pass: what the rule would have started
// starts now.
func (s *Server) releaseVerdict(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	var req ReleaseRequest
	if err := decode(c, &req); err != nil {
		return err
	}
	item := -1
	if req.Item != nil {
		item = *req.Item
	}
	noted(c, "", "rule", string(req.Rule))
	x, err := s.Engine.Release(c.Request().Context(), id, req.Rule, item, identity(c).User)
	if err != nil {
		return err
	}
	noted(c, "", "execution", x.ID)
	return c.JSON(http.StatusCreated, s.masked(x))
}

package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// ExecutionList is a page of executions. Counts, on the first page only, tell how
// many there are of each status when the status filter is left out.
type ExecutionList struct {
	List[automation.ExecutionSummary]
	Counts map[automation.Status]int `json:"counts,omitempty"`
}

// LogPage is a part of a log. NextFrom is zero when there is no more now.
type LogPage struct {
	Items    []automation.LogLine `json:"items"`
	NextFrom int                  `json:"next_from"`
	Total    int                  `json:"total"`
}

// Rerun replaces some parameters of an execution that is run again, and leaves
// out others.
type Rerun struct {
	Parameters map[string]any `json:"parameters,omitempty"`
	// Remove names parameters to leave out, so that their defaults hold again.
	Remove []string `json:"remove,omitempty"`
	// DryRun asks to read the world, and to say what would be changed in it.
	DryRun bool `json:"dry_run,omitempty"`
	// RunAt is when it is to run; nil or past: now.
	RunAt *time.Time `json:"run_at,omitempty"`
	// Priority replaces the action's.
	Priority *int `json:"priority,omitempty"`
}

func (s *Server) listExecutions(c echo.Context) error {
	q := &query{c: c}
	want := store.ExecutionQuery{
		Statuses: q.statuses(), Action: q.text("action"), Rule: automation.Ref(q.text("rule")),
		Event: q.id("event"), Parent: q.id("parent"), From: q.id("started_from"), TraceID: q.text("trace_id"), Filter: q.filter(),
		Since: q.moment("since"), Until: q.moment("until"), After: q.id("after"), Limit: q.limit(),
	}
	if q.err != nil {
		return q.err
	}
	ctx := c.Request().Context()
	items, err := s.Store.Executions(ctx, want)
	if err != nil {
		return err
	}
	l := ExecutionList{List: page(items, want.Limit, func(x automation.ExecutionSummary) string { return x.ID })}
	if want.After == "" {
		if l.Counts, err = s.Store.CountExecutions(ctx, want); err != nil {
			return err
		}
	}
	return c.JSON(http.StatusOK, l)
}

func (s *Server) getExecution(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	x, err := s.Store.Execution(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, s.masked(x))
}

func (s *Server) getLog(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	q := &query{c: c}
	from, limit := q.number("from", 1, 1, 1<<31-1), q.number("limit", 1000, 1, 10_000)
	if q.err != nil {
		return q.err
	}
	ctx := c.Request().Context()
	lines, err := s.Store.Log(ctx, id, from, limit)
	if err != nil {
		return err
	}
	p := LogPage{Items: lines}
	if p.Items == nil {
		p.Items = []automation.LogLine{}
	}
	if p.Total, err = s.logTotal(ctx, id, lines, limit); err != nil {
		return err
	}
	if n := len(lines); n == limit && lines[n-1].Number < p.Total {
		p.NextFrom = lines[n-1].Number + 1
	}
	return c.JSON(http.StatusOK, p)
}

// logTotal is how long a log was when lines were read. Lines that end before the
// limit end the log; only otherwise the execution, which may be large, is loaded.
func (s *Server) logTotal(ctx context.Context, id string, lines []automation.LogLine, limit int) (int, error) {
	if n := len(lines); n > 0 && n < limit {
		return lines[n-1].Number, nil
	}
	x, err := s.Store.Execution(ctx, id)
	return x.LogLines, err
}

// masked is an execution as people may see it.
func (s *Server) masked(x automation.Execution) automation.Execution {
	if s.Mask != nil && len(x.Parameters) > 0 {
		x.Parameters = s.Mask(x)
	}
	return x
}

func (s *Server) runAction(c echo.Context) error {
	var req automation.RunRequest
	if err := decode(c, &req); err != nil {
		return err
	}
	req.User = identity(c).User
	noted(c, string(req.Action), "dry_run", onlyTrue(req.DryRun))
	x, err := s.Engine.Submit(c.Request().Context(), req)
	if err != nil {
		return err
	}
	noted(c, "", "execution", x.ID)
	return c.JSON(http.StatusCreated, s.masked(x))
}

func (s *Server) rerunExecution(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	var req Rerun
	if err := decodeOptional(c, &req); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	run := automation.RunRequest{Parent: id, Parameters: req.Parameters, DryRun: req.DryRun, RunAt: req.RunAt, Priority: req.Priority, User: identity(c).User}
	noted(c, "", "dry_run", onlyTrue(req.DryRun))
	x, err := s.Engine.Rerun(c.Request().Context(), run, req.Remove)
	if err != nil {
		return err
	}
	noted(c, "", "execution", x.ID, "action", string(x.Action))
	return c.JSON(http.StatusCreated, s.masked(x))
}

func (s *Server) cancelExecution(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := s.Engine.Cancel(ctx, id, identity(c).User); err != nil {
		return err
	}
	return s.answerSummary(c, http.StatusAccepted, id)
}

func (s *Server) pauseExecution(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := s.Engine.Pause(c.Request().Context(), id, identity(c).User); err != nil {
		return err
	}
	return s.answerSummary(c, http.StatusOK, id)
}

func (s *Server) resumeExecution(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := s.Engine.Resume(c.Request().Context(), id); err != nil {
		return err
	}
	return s.answerSummary(c, http.StatusOK, id)
}

// answerSummary answers with how an execution is now.
func (s *Server) answerSummary(c echo.Context, status int, id string) error {
	x, err := s.Store.Execution(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(status, x.ExecutionSummary)
}

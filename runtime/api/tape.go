package api

import (
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
)

// maxModule is the size of a module that may be sent for a replay, in bytes.
const maxModule = 64 << 20

func (s *Server) getTape(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	q := &query{c: c}
	number := q.number("attempt", 0, 0, 1<<31-1)
	if q.err != nil {
		return q.err
	}
	ctx := c.Request().Context()
	x, err := s.Store.Execution(ctx, id)
	if err != nil {
		return err
	}
	if number == 0 {
		number = len(x.AttemptList)
	}
	told, err := s.Store.Tape(ctx, id, number)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, attemptTape(x, number, told))
}

// attemptTape joins the record of each host call with what was said. Where the tape
// ends before the record, the calls are there without it.
func attemptTape(x automation.Execution, number int, told automation.Tape) automation.AttemptTape {
	out := automation.AttemptTape{Execution: x.ID, Attempt: number, Module: told.Module, Incomplete: told.Incomplete,
		Items: []automation.TapeEntry{}}
	for _, a := range x.AttemptList {
		if a.Number != number {
			continue
		}
		out.StartedAt = a.StartedAt
		for n, call := range a.HostCalls {
			e := automation.TapeEntry{HostCall: call}
			if n < len(told.Calls) {
				said := told.Calls[n]
				e.Request, e.Reply, e.RequestIn, e.ReplyIn = said.Request, said.Reply, said.RequestIn, said.ReplyIn
			}
			out.Items = append(out.Items, e)
		}
	}
	return out
}

// getCase answers with all that a test of the pack needs of the last attempt.
func (s *Server) getCase(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	x, err := s.Store.Execution(ctx, id)
	if err != nil {
		return err
	}
	if !x.Status.Final() || len(x.AttemptList) == 0 {
		return automation.Conflict("execution %s has not ended", id).WithHint("wait for it: squall execution wait %s --for finished", id)
	}
	last := x.AttemptList[len(x.AttemptList)-1]
	told, err := s.Store.Tape(ctx, id, last.Number)
	if err != nil {
		return err
	}
	if told.Incomplete != "" {
		return automation.Conflict("execution %s can not be replayed: %s", id, told.Incomplete).WithCode("incomplete_tape")
	}
	if told, err = s.WholeTape(ctx, told); err != nil {
		return err
	}
	if string(s.masked(x).Parameters) != string(x.Parameters) {
		return automation.Conflict("execution %s has secret parameters, which a test would hold", id).
			WithHint("run the action with values that are none, and make a test of that")
	}
	return c.JSON(http.StatusOK, automation.RecordedCase{
		Action: x.Action, Execution: x.ID, Parameters: x.Parameters, Limits: last.Usage.Limits, Tape: told,
		Want: automation.ReplayedEnd{Code: last.Code, Message: last.Message, Output: x.Output, Fuel: last.Usage.Fuel},
	})
}

// replayExecution takes a module of WebAssembly as the body, or none to replay with
// the one that was recorded.
func (s *Server) replayExecution(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	q := &query{c: c}
	number := q.number("attempt", 0, 0, 1<<31-1)
	if q.err != nil {
		return q.err
	}
	code, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, maxModule))
	if err != nil {
		return automation.Invalid("the module can not be read").WithHint("it may have up to %d MiB", maxModule>>20).Because(err)
	}
	out, err := s.ReplayExecution(c.Request().Context(), id, number, code)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, out)
}

package api

import (
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/trigger"
)

// NewEvent is an event that somebody sends by hand.
type NewEvent struct {
	Trigger    automation.Ref  `json:"trigger"`
	Parameters map[string]any  `json:"parameters,omitempty"`
	Payload    json.RawMessage `json:"payload"`
}

func (s *Server) listEvents(c echo.Context) error {
	q := &query{c: c}
	want := store.EventQuery{
		Trigger: q.text("trigger"), Matched: q.flag("matched"), Text: q.text("q"), TraceID: q.text("trace_id"),
		Since: q.moment("since"), Until: q.moment("until"), After: q.id("after"), Limit: q.limit(),
	}
	if q.err != nil {
		return q.err
	}
	items, err := s.Store.Events(c.Request().Context(), want)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, page(items, want.Limit, func(e automation.Event) string { return e.ID }))
}

func (s *Server) getEvent(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	ev, err := s.Store.Event(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, ev)
}

// eventMisses tells why those rules did not match that were only counted, by asking
// them as they are now.
func (s *Server) eventMisses(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	ev, err := s.Store.Event(c.Request().Context(), id)
	if err != nil {
		return err
	}
	misses, err := s.Misses(c.Request().Context(), ev)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, misses)
}

func (s *Server) sendEvent(c echo.Context) error {
	var req NewEvent
	if err := decode(c, &req); err != nil {
		return err
	}
	noted(c, "", "trigger", string(req.Trigger))
	accepted, err := s.raise(c, automation.Event{
		Trigger: req.Trigger, Parameters: req.Parameters, Payload: req.Payload, Summary: "sent by " + identity(c).User,
		Trace: trigger.TraceOf(c.Request().Header),
	})
	if err != nil {
		return err
	}
	noted(c, accepted.Event)
	return c.JSON(http.StatusAccepted, accepted)
}

// raise makes an event durable whose trigger somebody named.
func (s *Server) raise(c echo.Context, ev automation.Event) (automation.Accepted, error) {
	if len(ev.Payload) == 0 {
		ev.Payload = json.RawMessage("null")
	}
	if !s.Catalogue().HasTrigger(ev.Trigger) {
		return automation.Accepted{}, automation.Invalid("no loaded pack declares or listens to the trigger %q", ev.Trigger).WithCode("unknown_trigger").
			WithHint("a webhook's trigger is core.st2.webhook, with parameters {\"url\": ...}")
	}
	return s.Engine.Ingest(c.Request().Context(), ev)
}

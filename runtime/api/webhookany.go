package api

import (
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/trigger"
)

// anyTrigger is StackStorm's webhook for events of any trigger type; a rule that
// listens to a path of this name hears nothing.
const anyTrigger = "st2"

// AnyTrigger is what is posted to the webhook st2.
type AnyTrigger struct {
	Trigger automation.Ref  `json:"trigger"`
	Payload json.RawMessage `json:"payload"`
}

// receiveAny raises an event of any trigger type for somebody who may send events:
// unlike other webhooks it needs an API token or a session.
func (s *Server) receiveAny(c echo.Context) error {
	who, err := s.authenticate(c)
	if err != nil {
		s.Rejected("unauthenticated")
		return err
	}
	var req AnyTrigger
	if err := decode(c, &req); err != nil {
		s.Rejected("malformed")
		return err
	}
	if req.Trigger == "" {
		s.Rejected("malformed")
		return automation.Invalid("trigger is missing").WithHint(`send {"trigger": "pack.name", "payload": {...}}`)
	}
	accepted, err := s.raise(c, automation.Event{
		Trigger: req.Trigger, Payload: req.Payload, Summary: "sent by " + who.User, Trace: trigger.TraceOf(c.Request().Header),
	})
	if err != nil {
		s.Rejected(automation.KindOf(err))
		return err
	}
	return c.JSON(http.StatusAccepted, accepted)
}

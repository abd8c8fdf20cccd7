package ambient

import (
	"context"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// ContextRequest asks for everything.
type ContextRequest struct{}

// ContextResponse is what a guest may know about the execution it is.
type ContextResponse struct {
	Execution string         `json:"execution"`
	Attempt   int            `json:"attempt" doc:"counts from 1"`
	Action    automation.Ref `json:"action"`
	Rule      automation.Ref `json:"rule,omitempty" doc:"absent when a person started the execution"`
	Event     string         `json:"event,omitempty" doc:"absent when a person started the execution"`
	Pack      string         `json:"pack"`
	Deadline  time.Time      `json:"deadline,omitzero" doc:"when the execution will be stopped"`
}

// Context tells a guest which execution it is.
func (c *Client) Context(_ context.Context, who hostfuncs.Caller, _ ContextRequest) (ContextResponse, error) {
	return ContextResponse{
		Execution: who.Execution,
		Attempt:   who.Attempt,
		Action:    who.Action,
		Rule:      who.Rule,
		Event:     who.Event,
		Pack:      who.Pack,
		Deadline:  who.Deadline,
	}, nil
}

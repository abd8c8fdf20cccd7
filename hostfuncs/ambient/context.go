package ambient

import (
	"context"
	"strconv"
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
	// A key of the execution, for services that do a thing once for each key.
	IdempotencyKey string `json:"idempotency_key,omitempty" doc:"the same in every attempt of the execution, also after the server was killed: what is asked with it is done once"`
	AttemptKey     string `json:"attempt_key,omitempty" doc:"another one in every attempt"`
}

// Context tells a guest which execution it is.
func (c *Client) Context(_ context.Context, who hostfuncs.Caller, _ ContextRequest) (ContextResponse, error) {
	key, attemptKey := keys(who)
	return ContextResponse{
		IdempotencyKey: key, AttemptKey: attemptKey,
		Execution: who.Execution,
		Attempt:   who.Attempt,
		Action:    who.Action,
		Rule:      who.Rule,
		Event:     who.Event,
		Pack:      who.Pack,
		Deadline:  who.Deadline,
	}, nil
}

// keys are what a guest may send as an idempotency key. Sensors have none: what they
// do belongs to no execution.
func keys(who hostfuncs.Caller) (execution, attempt string) {
	if who.Execution == "" {
		return "", ""
	}
	execution = "squall-" + who.Execution
	return execution, execution + "-" + strconv.Itoa(who.Attempt)
}

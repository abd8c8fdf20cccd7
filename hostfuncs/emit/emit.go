// Package emit has the host function that raises events.
package emit

import (
	"context"
	"encoding/json"
	"path"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// Raise makes an event durable that an execution has raised. Its kinds of error are
// those of a person who sends an event.
type Raise func(ctx context.Context, e automation.Event) (automation.Accepted, error)

// Client holds the family's functions.
type Client struct{ raise Raise }

// New returns the family. Without a function every call says that there is no server.
func New(r Raise) *Client { return &Client{r} }

// Funcs announces the family's functions.
func (c *Client) Funcs() []hostfuncs.Func {
	return []hostfuncs.Func{
		hostfuncs.Spec[Request, Response]{Name: "emit", Doc: "Raises an event of a trigger type that a pack declares.",
			Granted: granted, Describe: Request.describe, Change: Request.change, Preview: c.preview, Do: c.Emit}.Func(),
	}
}

// Request is an event to be raised.
type Request struct {
	Trigger automation.Ref  `json:"trigger" doc:"pack.name of a trigger type; it must fit the capability triggers"`
	Payload json.RawMessage `json:"payload,omitempty" doc:"what rules see as trigger; it must fit the type's payload_schema"`
}

// Response is what came of it.
type Response struct {
	Event      string   `json:"event"`
	Matched    int      `json:"matched" doc:"rules that matched"`
	Executions []string `json:"executions"`
}

func (r Request) describe() string { return string(r.Trigger) }

func (r Request) change() *automation.HostChange {
	return &automation.HostChange{Verb: "emit", Target: "trigger/" + string(r.Trigger)}
}

func granted(c automation.Capabilities) error {
	if len(c.Triggers) > 0 {
		return nil
	}
	return automation.Denied("the pack may raise no events").WithHint(`add to pack.yaml: capabilities: {triggers: ["PACK.*"]}`)
}

func (r Request) check(who hostfuncs.Caller) error {
	if r.Trigger == "" {
		return automation.Invalid("trigger is missing")
	}
	return who.Permit(func(c automation.Capabilities) error {
		for _, pattern := range c.Triggers {
			if ok, err := path.Match(pattern, string(r.Trigger)); err == nil && ok {
				return nil
			}
		}
		return automation.Denied("the pack may not raise %s", r.Trigger).WithHint("add to pack.yaml under capabilities.triggers: %q", r.Trigger)
	})
}

// Emit raises an event. It belongs to the execution, so that a chain of events that
// raise themselves is cut like those about executions.
func (c *Client) Emit(ctx context.Context, who hostfuncs.Caller, req Request) (Response, error) {
	if err := req.check(who); err != nil {
		return Response{}, err
	}
	if c.raise == nil {
		return Response{}, automation.Unavailable("there is nobody to hear of events here").WithHint("run the action on a server")
	}
	if len(req.Payload) == 0 {
		req.Payload = json.RawMessage("null")
	}
	a, err := c.raise(ctx, automation.Event{Trigger: req.Trigger, Payload: req.Payload, Cause: who.Execution,
		Summary: "raised by " + string(who.Action)})
	return Response{Event: a.Event, Matched: a.Matched, Executions: append([]string{}, a.Executions...)}, err
}

func (c *Client) preview(_ context.Context, who hostfuncs.Caller, req Request) (Response, string, error) {
	return Response{Executions: []string{}}, "", req.check(who)
}

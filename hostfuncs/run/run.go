// Package run is the host function with which a guest runs another action: as an
// execution of its own, in a sandbox of its own and with the rights of the other
// action's pack. Who started whom stays in the history.
package run

import (
	"context"
	"encoding/json"
	"errors"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// Client holds the family's functions.
type Client struct{}

// New returns the family.
func New() *Client { return &Client{} }

// Funcs announces the family's functions.
func (c *Client) Funcs() []hostfuncs.Func {
	return []hostfuncs.Func{
		hostfuncs.Spec[Request, Response]{
			Name: "action_run", Doc: "Runs another action as an execution of its own, and waits for its end if asked to.",
			Granted: granted, Describe: Request.describe, Change: Request.change, Preview: c.preview, Do: c.Do,
		}.Func(),
	}
}

// Request asks to run an action.
type Request struct {
	Action     automation.Ref  `json:"action" doc:"reference of the action, such as core.echo"`
	Parameters json.RawMessage `json:"parameters,omitempty" doc:"an object: the action's parameters by name"`
	Wait       bool            `json:"wait,omitempty" doc:"answer when the execution has ended; it is canceled when the waiting ends before"`
	// TimeoutSeconds is how long to wait.
	TimeoutSeconds float64 `json:"timeout_seconds,omitempty" doc:"how long to wait, only with wait; the execution is canceled then. As long as this one may run when absent"`
}

// Response is what became of the execution: with wait how it ended, else that it began.
type Response struct {
	Execution string            `json:"execution" doc:"its id"`
	Status    automation.Status `json:"status" doc:"pending or running without wait; else succeeded, failed, timed_out or canceled"`
	Output    json.RawMessage   `json:"output,omitempty" doc:"what the action returned"`
	Large     bool              `json:"output_too_large,omitempty" doc:"the output has more than 1 MiB and is left out; the execution has it"`
	Code      string            `json:"code,omitempty" doc:"why it did not succeed, in one word"`
	Message   string            `json:"message,omitempty" doc:"why it did not succeed, for people"`
}

func (r Request) describe() string {
	if r.Wait {
		return "run " + string(r.Action) + " and wait"
	}
	return "run " + string(r.Action)
}

func (r Request) change() *automation.HostChange {
	return &automation.HostChange{Verb: "run", Target: "action/" + string(r.Action)}
}

func (r Request) check() error {
	if r.Action.Pack() == "" || r.Action.Name() == "" {
		return automation.Invalid("%q is not an action", r.Action).WithHint("write it as pack.action, such as core.echo")
	}
	if !r.Wait && r.TimeoutSeconds != 0 {
		return automation.Invalid("timeout_seconds is how long to wait, and the request does not wait").WithHint(`add "wait": true`)
	}
	return nil
}

// Do runs an action. That it fails is an answer; an error means that it did not run.
func (c *Client) Do(ctx context.Context, who hostfuncs.Caller, req Request) (Response, error) {
	if err := req.check(); err != nil {
		return Response{}, err
	}
	if err := who.Permit(may(req.Action)); err != nil {
		return Response{}, err
	}
	if who.Run == nil {
		return Response{}, automation.Unavailable("actions can not be run from here").WithHint("only the code of actions can run others, not that of sensors")
	}
	bounded, cancel, err := hostfuncs.WithTimeout(ctx, req.TimeoutSeconds, 24*time.Hour)
	if err != nil {
		return Response{}, err
	}
	defer cancel()
	params, err := req.parameters()
	if err != nil {
		return Response{}, err
	}
	x, err := who.Run(bounded, automation.ChildRun{Action: req.Action, Parameters: params, Wait: req.Wait})
	if ctx.Err() != nil {
		return Response{}, hostfuncs.Interrupted(ctx, "run "+string(req.Action))
	}
	if err != nil {
		return Response{}, told(err)
	}
	return responseOf(x), nil
}

// preview runs the action as a dry run: what it does is then as true as it can be.
func (c *Client) preview(ctx context.Context, who hostfuncs.Caller, req Request) (Response, string, error) {
	resp, err := c.Do(ctx, who, req)
	return resp, "", err
}

// parameters are read with their numbers as they are written: an id of twenty digits
// must arrive as it was sent.
func (r Request) parameters() (map[string]any, error) {
	params := map[string]any{}
	if len(r.Parameters) == 0 {
		return params, nil
	}
	dec := json.NewDecoder(strings.NewReader(string(r.Parameters)))
	dec.UseNumber()
	if err := dec.Decode(&params); err != nil {
		return nil, automation.Invalid("parameters are not an object").Because(err)
	}
	return params, nil
}

// told lets the guest know what it did wrong. Other faults are the server's.
func told(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return automation.Unavailable("the time to wait was over before the action began").Because(err)
	}
	return err
}

func responseOf(x automation.Execution) Response {
	r := Response{Execution: x.ID, Status: x.Status, Code: string(x.Code), Message: x.Message, Output: x.Output}
	if len(r.Output) > hostfuncs.MaxReplyBytes {
		r.Output, r.Large = nil, true
	}
	return r
}

// granted is the right to run any action at all.
func granted(c automation.Capabilities) error {
	if len(c.Actions) > 0 {
		return nil
	}
	return automation.Denied("the pack may not run actions").
		WithHint(`add to pack.yaml: capabilities: {actions: ["core.*"]}`)
}

// may is the right to run one action. A pack's own ones are no exception: whoever
// grants rights reads which actions follow from which.
func may(action automation.Ref) func(automation.Capabilities) error {
	return func(c automation.Capabilities) error {
		if slices.ContainsFunc(c.Actions, func(pattern string) bool {
			ok, err := path.Match(pattern, string(action))
			return ok && err == nil
		}) {
			return nil
		}
		return automation.Denied("the pack may not run %s", action).
			WithHint(`add to pack.yaml under capabilities.actions: - %q`, string(action))
	}
}

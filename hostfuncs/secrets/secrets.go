// Package secrets has the host function that gives guests handles of secrets, and, to
// packs that may, their values.
package secrets

import (
	"context"

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
		hostfuncs.New("secret", "Returns the handle of a secret, which http_send replaces by its value; or the value.",
			granted, Request.describe, c.Secret),
	}
}

// Request names a secret.
type Request struct {
	Name   string `json:"name"`
	Reveal bool   `json:"reveal,omitempty" doc:"asks for the value itself; the pack's capability must say reveal: true"`
}

// Response has the one or the other.
type Response struct {
	Handle string `json:"handle,omitempty" doc:"stands for the value in URL, headers and body of http_send"`
	Value  string `json:"value,omitempty"`
}

// Reveals keeps the value in what the guest is told.
func (r Response) Reveals() bool { return r.Value != "" }

func (r Request) describe() string {
	if r.Reveal {
		return "reveal " + r.Name
	}
	return r.Name
}

func granted(c automation.Capabilities) error {
	if len(c.Secrets) > 0 {
		return nil
	}
	return automation.Denied("the pack may use no secrets").
		WithHint(`add to pack.yaml: capabilities: {secrets: [{name: NAME, reason: "..."}]}`)
}

// Secret returns the handle of a secret that is there, or its value.
func (c *Client) Secret(_ context.Context, who hostfuncs.Caller, req Request) (Response, error) {
	if req.Name == "" {
		return Response{}, automation.Invalid("name is missing")
	}
	if err := who.Permit(hostfuncs.MayUse(req.Name)); err != nil {
		return Response{}, err
	}
	value, err := who.SecretValue(req.Name)
	if err != nil {
		return Response{}, err
	}
	if !req.Reveal {
		return Response{Handle: hostfuncs.Handle(req.Name)}, nil
	}
	if err := who.Permit(hostfuncs.MayReveal(req.Name)); err != nil {
		return Response{}, err
	}
	return Response{Value: value}, nil
}

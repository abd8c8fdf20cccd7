// Package hostfuncs is the contract of host functions: what a pack's sandboxed
// code may ask of the world. There is no Wasm in it; a host function is an
// ordinary method
//
//	func (c *Client) Do(ctx context.Context, who hostfuncs.Caller, req Request) (Response, error)
//
// that one line announces:
//
//	hostfuncs.New("kube_list", "Lists objects of one kind.", granted, describe, c.List)
//
// or, when it changes the world, a [Spec]. The resulting [Func] decodes the request,
// asks whether the caller may, calls, and wraps the answer in the envelope that
// guests read: {"ok": ...} or {"error": {"kind", "message", "hint"}}.
package hostfuncs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// Caller is on whose behalf a host function is called, and what it may do.
type Caller struct {
	Pack      string
	Action    automation.Ref
	Execution string
	Attempt   int
	Rule      automation.Ref
	Event     string
	User      string // who started the execution; empty when a rule did
	// Origin finds the rule that led to this execution, maybe by way of others; nil
	// when there is none.
	Origin   func(context.Context) (automation.Ref, error)
	Deadline time.Time
	// Grants are what the pack asks for, Ceiling is what the operator grants it; nil
	// when the operator leaves the pack what it asks for. Both must allow a call: see
	// [Caller.Permit].
	Grants  automation.Capabilities
	Ceiling *automation.Capabilities
	// DryRun lets reading calls happen; changing ones only say what they would do.
	DryRun bool
	// Gate is asked before something is changed; nil lets everything pass. It returns
	// an error that says who holds the call back, or settle, which is then told what
	// came of the change.
	Gate func(automation.HostChange) (settle func(error), err error)
	// Secrets has the values that handles stand for; nil when there are none.
	Secrets SecretSource
	// Scrub removes secret values from what a guest is told; nil when there are none.
	Scrub func([]byte) []byte
	// Config is the pack's configuration.
	Config map[string]any
	// Artifacts keeps files for this execution; nil when it may keep none.
	Artifacts ArtifactSink
	// Appends are the artifacts that this attempt is still writing; nil when it may
	// keep none.
	Appends *Appends
	// Files has the artifacts that this execution may read; nil when there are none.
	Files ArtifactSource
	// Run runs another action and, if asked to, waits for its end; nil when this
	// caller can not.
	Run func(context.Context, automation.ChildRun) (automation.Execution, error)
	// Log adds a line to the execution's log.
	Log func(automation.LogLevel, string)
}

// ArtifactSink keeps files for one execution. Package artifact implements it.
type ArtifactSink interface {
	// Create opens a new artifact. Nothing is kept until Commit.
	Create(ctx context.Context, name, mediaType string, maxBytes int64) (ArtifactWriter, error)
}

// ArtifactSource has the artifacts that one execution may read: its own, and those of
// the executions that it was started from.
type ArtifactSource interface {
	// List returns the execution's own ones first, then those of the one that started
	// it, and so on; those of one execution in the order in which they were kept.
	List(ctx context.Context) ([]automation.Artifact, error)
	// Open opens the content of one that was listed. Whoever reads must close it.
	Open(a automation.Artifact) (io.ReadSeekCloser, error)
}

// ArtifactWriter receives the content of an artifact. Exactly one of Commit and
// Abort must be called; Abort after Commit does nothing.
type ArtifactWriter interface {
	io.Writer // fails with kind ErrInvalid when the size limit is passed
	Commit() (automation.Artifact, error)
	Abort()
}

// decode reads a request strictly: a field that the function does not know is a
// typing error or a wish that would silently go unheard. No request at all is an
// empty one.
func decode[Req any](request []byte) (req Req, err error) {
	if len(bytes.TrimSpace(request)) == 0 {
		return req, nil
	}
	dec := json.NewDecoder(bytes.NewReader(request))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&req); err != nil {
		return req, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return req, errors.New("something follows the request")
	}
	return req, nil
}

type reply struct {
	OK any `json:"ok"`
}

type refusal struct {
	Error refusalBody `json:"error"`
}

type refusalBody struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// Refusal wraps an error in the envelope that guests read.
func Refusal(err error) []byte {
	kind := automation.KindOf(err)
	message := err.Error()
	if kind == "internal" { // its text may tell more about the server than a guest may know
		kind, message = "unavailable", "the host function failed; the server's log says why"
	}
	b, _ := json.Marshal(refusal{refusalBody{kind, message, automation.HintOf(err)}}) // strings always encode
	return b
}

// Set is the host functions by name.
type Set map[string]Func

// NewSet collects functions; two of one name are a programmer's error.
func NewSet(families ...[]Func) (Set, error) {
	set := Set{}
	var errs []error
	for _, family := range families {
		for _, f := range family {
			if _, dup := set[f.Name]; dup {
				errs = append(errs, fmt.Errorf("host function %s is announced twice", f.Name))
			}
			set[f.Name] = f
		}
	}
	return set, errors.Join(errs...)
}

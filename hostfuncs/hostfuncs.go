// Package hostfuncs is the contract of host functions: what a pack's sandboxed
// code may ask of the world. There is no Wasm in it; a host function is an
// ordinary method
//
//	func (c *Client) Do(ctx context.Context, who hostfuncs.Caller, req Request) (Response, error)
//
// that one line announces:
//
//	hostfuncs.New("http_send", "Sends an HTTP request.", c.allow, c.describe, c.Do)
//
// [New] decodes the request, asks whether the caller may, calls, and wraps the
// answer in the envelope that guests read: {"ok": ...} or
// {"error": {"kind", "message", "hint"}}.
package hostfuncs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
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
	Deadline  time.Time
	// Grants are the pack's capabilities as the operator narrowed them.
	Grants automation.Capabilities
	// Config is the pack's configuration.
	Config map[string]any
	// Artifacts keeps files for this execution; nil when it may keep none.
	Artifacts ArtifactSink
	// Log adds a line to the execution's log.
	Log func(automation.LogLevel, string)
}

// ArtifactSink keeps files for one execution. Package artifact implements it.
type ArtifactSink interface {
	// Create opens a new artifact. Nothing is kept until Commit.
	Create(ctx context.Context, name, mediaType string, maxBytes int64) (ArtifactWriter, error)
}

// ArtifactWriter receives the content of an artifact. Exactly one of Commit and
// Abort must be called; Abort after Commit does nothing.
type ArtifactWriter interface {
	io.Writer // fails with kind ErrInvalid when the size limit is passed
	Commit() (automation.Artifact, error)
	Abort()
}

// Func is one host function, ready to be linked into guests.
type Func struct {
	// Name is what guests call: "kube_exec".
	Name string
	// Doc is one sentence for people.
	Doc string
	// Request and Response are the wire types, for documentation and SDK stubs.
	Request, Response reflect.Type

	granted func(automation.Capabilities) error
	call    func(ctx context.Context, who Caller, request []byte) (response any, detail string, err error)
}

// New announces a host function.
//
// granted decides from a pack's capabilities alone whether the function is there
// at all; nil means always. It returns an error of kind ErrDenied whose hint is
// the line that pack.yaml lacks. Whether one particular request may pass is for
// fn to decide. describe says in one line what a request asks; it may be nil.
func New[Req, Resp any](
	name, doc string,
	granted func(automation.Capabilities) error,
	describe func(Req) string,
	fn func(ctx context.Context, who Caller, req Req) (Resp, error),
) Func {
	return Func{
		Name:     name,
		Doc:      doc,
		Request:  reflect.TypeFor[Req](),
		Response: reflect.TypeFor[Resp](),
		granted:  granted,
		call: func(ctx context.Context, who Caller, request []byte) (any, string, error) {
			req, err := decode[Req](request)
			if err != nil {
				return nil, "", automation.Invalid("%s: the request is not what the function expects", name).Because(err)
			}
			detail := ""
			if describe != nil {
				detail = describe(req)
			}
			resp, err := fn(ctx, who, req)
			return resp, detail, err
		},
	}
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

// Granted reports whether a pack with these capabilities may use the function at
// all: nil, or an error of kind ErrDenied that names the missing line.
func (f Func) Granted(c automation.Capabilities) error {
	if f.granted == nil {
		return nil
	}
	return f.granted(c)
}

// Call performs a call and returns the envelope for the guest and the record for
// the history. It never fails: every error is an envelope.
func (f Func) Call(ctx context.Context, who Caller, request []byte) (envelope []byte, record automation.HostCall) {
	record = automation.HostCall{Name: f.Name, StartedAt: time.Now(), RequestBytes: len(request)}
	response, detail, err := f.protected(ctx, who, request)
	record.Duration = time.Since(record.StartedAt)
	record.Detail = detail
	if err != nil {
		record.Error, record.Message = automation.KindOf(err), err.Error()
		envelope = Refusal(err)
	} else if envelope, err = json.Marshal(reply{OK: response}); err != nil {
		record.Error, record.Message = "internal", err.Error()
		envelope = Refusal(fmt.Errorf("encode the reply of %s: %w", f.Name, err))
	}
	record.ReplyBytes = len(envelope)
	return envelope, record
}

// protected turns a panic into an error: a fault in one host function must not
// take the server down.
func (f Func) protected(ctx context.Context, who Caller, request []byte) (response any, detail string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: fault in the host function: %v", f.Name, p)
		}
	}()
	if err := f.Granted(who.Grants); err != nil {
		return nil, "", err
	}
	if ctx.Err() != nil {
		return nil, "", Interrupted(ctx, f.Name)
	}
	return f.call(ctx, who, request)
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

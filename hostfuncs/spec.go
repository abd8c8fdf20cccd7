package hostfuncs

import (
	"context"
	"reflect"

	"github.com/squall-dev/squall/runtime/automation"
)

// Func is one host function, ready to be linked into guests.
type Func struct {
	// Name is what guests call: "kube_exec".
	Name string
	// Doc is one sentence for people.
	Doc string
	// Request and Response are the wire types, for documentation and SDK stubs.
	Request, Response reflect.Type
	// Changes tells that some or all requests change the world.
	Changes bool

	granted func(automation.Capabilities) error
	prepare func(request []byte) (prepared, error)
}

// prepared is a request that was read, and is not yet carried out.
type prepared struct {
	detail  string
	change  *automation.HostChange
	do      func(context.Context, Caller) (any, error)
	preview func(context.Context, Caller) (any, string, error)
}

// Spec announces a host function.
type Spec[Req, Resp any] struct {
	Name, Doc string
	// Granted decides from capabilities alone whether the function is there at all;
	// nil means always. It returns an error of kind ErrDenied whose hint is the line
	// that pack.yaml lacks. Whether one particular request may pass is for Do.
	Granted func(automation.Capabilities) error
	// Describe says in one line what a request asks; it becomes history, so it leaves
	// out what may be secret. It may be nil.
	Describe func(Req) string
	// Change names what a request is to change, nil when it only reads. The field is
	// nil for a function that always does.
	Change func(Req) *automation.HostChange
	// Preview answers a changing request in a dry run: with what a success would
	// plausibly return, and with a diff where there is one. It checks the request and
	// the caller's rights as Do does. Where it is nil, the zero Resp is the answer.
	Preview func(ctx context.Context, who Caller, req Req) (Resp, string, error)
	Do      func(ctx context.Context, who Caller, req Req) (Resp, error)
}

// New announces a host function that only reads.
func New[Req, Resp any](
	name, doc string,
	granted func(automation.Capabilities) error,
	describe func(Req) string,
	fn func(ctx context.Context, who Caller, req Req) (Resp, error),
) Func {
	return Spec[Req, Resp]{Name: name, Doc: doc, Granted: granted, Describe: describe, Do: fn}.Func()
}

// Func makes the function of the spec.
func (s Spec[Req, Resp]) Func() Func {
	return Func{
		Name: s.Name, Doc: s.Doc, Changes: s.Change != nil,
		Request: reflect.TypeFor[Req](), Response: reflect.TypeFor[Resp](),
		granted: s.Granted, prepare: s.prepare,
	}
}

func (s Spec[Req, Resp]) prepare(request []byte) (prepared, error) {
	req, err := decode[Req](request)
	if err != nil {
		return prepared{}, automation.Invalid("%s: the request is not what the function expects", s.Name).Because(err)
	}
	var p prepared
	if s.Describe != nil {
		p.detail = s.Describe(req)
	}
	if s.Change != nil {
		p.change = s.Change(req)
	}
	p.do = func(ctx context.Context, who Caller) (any, error) { return s.Do(ctx, who, req) }
	p.preview = func(ctx context.Context, who Caller) (any, string, error) {
		if s.Preview == nil {
			var resp Resp
			return resp, "", nil
		}
		return s.Preview(ctx, who, req)
	}
	return p, nil
}

//go:build !wasm

// Package squalltest plays the server, so that actions are tested natively with
// plain go test:
//
//	server := squalltest.New()
//	squalltest.Handle(server, "kube_exec", func(r squall.KubeExecRequest) (squall.KubeExecReply, error) {
//		return squall.KubeExecReply{Stdout: "hello"}, nil
//	})
//	result := server.Run(execPod, `{"pod": "web-0", "namespace": "shop"}`)
//
// It runs no Wasm and knows no capabilities: what the server refuses is refused
// in a test only if a handler refuses it.
package squalltest

import (
	"encoding/json"
	"errors"
	"fmt"

	squall "github.com/squall-dev/squall/sdk/go"
	"github.com/squall-dev/squall/sdk/go/internal/host"
)

// Server answers the host calls of an action. A function without a handler
// answers with [squall.ErrNotFound].
type Server struct {
	handlers map[string]handler
}

type handler func(request []byte) (any, error)

// New returns a server that knows no host functions.
func New() *Server { return &Server{handlers: map[string]handler{}} }

// Handle lets fn answer the host function of that name. To refuse as the server
// would, fn returns a [*squall.HostError].
func Handle[Request, Reply any](s *Server, name string, fn func(Request) (Reply, error)) {
	s.handlers[name] = func(request []byte) (any, error) {
		var r Request
		if err := json.Unmarshal(request, &r); err != nil {
			return nil, &squall.HostError{Kind: squall.ErrInvalid, Message: fmt.Sprintf("%s: %v", name, err)}
		}
		return fn(r)
	}
}

// Config lets Config answer with v.
func (s *Server) Config(v any) {
	Handle(s, "config", func(struct{}) (any, error) { return v, nil })
}

// Run performs one execution of an exported action with these parameters, a JSON
// object. Executions of tests that run in parallel take turns, therefore an
// action must not start another Run.
func (s *Server) Run(action func() int32, parameters string) Result {
	r := &run{server: s, input: []byte(parameters)}
	defer host.Install(r)()
	r.result.Code = action()
	return r.result
}

func (s *Server) answer(name string, request []byte) (any, error) {
	handle, known := s.handlers[name]
	if !known {
		return nil, &squall.HostError{Kind: squall.ErrNotFound, Message: fmt.Sprintf("no host function %s", name)}
	}
	return handle(request)
}

// envelope wraps an answer as the server does.
func envelope(answer any, err error) []byte {
	reply := map[string]any{"ok": answer}
	if err != nil {
		reply = map[string]any{"error": refusal(err)}
	}
	b, err := json.Marshal(reply)
	if err != nil {
		panic(fmt.Sprintf("squalltest: the answer of a handler is not JSON: %v", err))
	}
	return b
}

func refusal(err error) *squall.HostError {
	var refused *squall.HostError
	if errors.As(err, &refused) {
		return refused
	}
	return &squall.HostError{Kind: squall.ErrUnavailable, Message: err.Error()}
}

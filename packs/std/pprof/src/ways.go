package main

import (
	"errors"
	"fmt"
	"strconv"

	squall "github.com/squall-dev/squall/sdk/go"
)

// wayTimeout is for one try, in seconds: a profile takes a moment, and time is short.
const wayTimeout = 10

// request is what to get: into an artifact, else as text.
type request struct {
	path, query string
	keep        *squall.NewArtifact
}

type answer struct {
	text []byte
	file *squall.Artifact
}

// way is one way to the program's port.
type way struct {
	via  string
	name string // for people: "exec curl"
	cost int64  // of the container's memory, on top of the profile's
	get  func(request) (answer, error)
}

// ways are in the order of what they need of the container: the first two nothing, the
// others a program that lives in its memory.
func (s *session) ways() []way {
	return []way{
		{via: "proxy", name: fmt.Sprintf("proxy to port %d", s.Port), get: s.byHTTP(squall.KubeProxyGet)},
		{via: "port_forward", name: fmt.Sprintf("forwarding of port %d", s.Port), get: s.byHTTP(squall.KubePortForwardGet)},
		{via: "exec", name: "exec curl", cost: execCost, get: s.byExec("curl", "-sSf", "-m", strconv.Itoa(wayTimeout))},
		{via: "exec", name: "exec wget", cost: execCost, get: s.byExec("wget", "-q", "-T", strconv.Itoa(wayTimeout), "-O", "-")},
	}
}

func (s *session) byHTTP(call func(squall.KubeProxyGetRequest) (squall.KubeProxyGetReply, error)) func(request) (answer, error) {
	return func(r request) (answer, error) {
		reply, err := call(squall.KubeProxyGetRequest{
			Namespace: s.Namespace, Pod: s.Pod, Port: s.Port, Path: r.path, Query: r.query, Artifact: r.keep, TimeoutSeconds: wayTimeout})
		switch {
		case err != nil:
			return answer{}, err
		case reply.Status != 200:
			return answer{}, errors.New(saying(fmt.Sprintf("the Pod answered with status %d", reply.Status), reply.Body))
		}
		return answered(r, reply.Body, reply.BodyBase64, reply.Artifact)
	}
}

// Exit codes by which shells and container runtimes say that a program is not there.
const (
	notExecutable   = 126
	programNotFound = 127
)

func (s *session) byExec(command ...string) func(request) (answer, error) {
	return func(r request) (answer, error) {
		address := fmt.Sprintf("http://127.0.0.1:%d%s", s.Port, r.path)
		if r.query != "" {
			address += "?" + r.query
		}
		reply, err := squall.KubeExec(squall.KubeExecRequest{
			Namespace: s.Namespace, Pod: s.Pod, Container: s.Container,
			Command: append(command[:len(command):len(command)], address), StdoutArtifact: r.keep, TimeoutSeconds: wayTimeout + 1})
		switch {
		case err != nil:
			return answer{}, err
		case reply.ExitCode == notExecutable || reply.ExitCode == programNotFound:
			return answer{}, fmt.Errorf("the container has no %s (exit code %d)", command[0], reply.ExitCode)
		case reply.ExitCode != 0:
			return answer{}, errors.New(saying(fmt.Sprintf("exit code %d", reply.ExitCode), reply.Stderr))
		}
		return answered(r, reply.Stdout, reply.StdoutBase64, reply.Artifact)
	}
}

func answered(r request, text string, raw []byte, file *squall.Artifact) (answer, error) {
	got := answer{text: []byte(text), file: file}
	if text == "" {
		got.text = raw
	}
	if r.keep == nil && len(got.text) == 0 || r.keep != nil && (file == nil || file.Size == 0) {
		return answer{}, errors.New("the answer was empty")
	}
	return got, nil
}

package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"
	"time"

	"k8s.io/client-go/tools/remotecommand"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// ExecRequest asks to run a command in a container.
type ExecRequest struct {
	Context        string                  `json:"context,omitempty" doc:"of the server's kubeconfig; its current one when empty"`
	Namespace      string                  `json:"namespace"`
	Pod            string                  `json:"pod"`
	Container      string                  `json:"container,omitempty" doc:"the Pod's default one when empty"`
	Command        []string                `json:"command" doc:"program and arguments; no shell is involved"`
	Stdin          string                  `json:"stdin,omitempty"`
	StdoutArtifact *hostfuncs.ArtifactSpec `json:"stdout_artifact,omitempty" doc:"streams stdout into an artifact; it never enters the guest"`
	KeepOnFailure  bool                    `json:"keep_on_failure,omitempty" doc:"keeps that artifact also when the command exits with another code than 0"`
	TimeoutSeconds float64                 `json:"timeout_seconds,omitempty" doc:"as long as the execution may take when 0"`
}

// ExecResponse is how a command ended. That it exits with another code than 0 is
// a result and not an error.
type ExecResponse struct {
	ExitCode     int                  `json:"exit_code"`
	Stdout       string               `json:"stdout"`
	StdoutBase64 string               `json:"stdout_base64,omitempty" doc:"instead of stdout, when that is not UTF-8"`
	Stderr       string               `json:"stderr"`
	StderrBase64 string               `json:"stderr_base64,omitempty" doc:"instead of stderr, when that is not UTF-8"`
	Truncated    bool                 `json:"truncated" doc:"stdout or stderr was longer than 1 MiB; the beginning is here"`
	Artifact     *automation.Artifact `json:"artifact,omitempty"`
}

func (r ExecRequest) describe() string {
	program := ""
	if len(r.Command) > 0 {
		program = path.Base(r.Command[0]) // arguments may hold what does not belong into history
	}
	return fmt.Sprintf("exec %s in %s/%s", program, r.Namespace, r.Pod)
}

// change takes every command for one that changes something: nobody can tell.
func (r ExecRequest) change() *automation.HostChange {
	return &automation.HostChange{
		Verb: verbExec, Target: "pods/" + r.Namespace + "/" + r.Pod, Cluster: r.Context, Namespace: r.Namespace}
}

// previewExec answers as a command does that says nothing and succeeds.
func (c *Client) previewExec(ctx context.Context, who hostfuncs.Caller, r ExecRequest) (ExecResponse, string, error) {
	if err := r.check(who); err != nil {
		return ExecResponse{}, "", err
	}
	return ExecResponse{}, "", c.enter(ctx, who, r.right())
}

func (r ExecRequest) right() ofPod {
	return podRight(r.Context, verbExec, r.Namespace, r.Pod, "exec", "create")
}

func (r ExecRequest) doing() string { return fmt.Sprintf("exec in Pod %s/%s", r.Namespace, r.Pod) }

func (r ExecRequest) check(who hostfuncs.Caller) error {
	if err := podNames(r.Namespace, r.Pod); err != nil {
		return err
	}
	if len(r.Command) == 0 || r.Command[0] == "" {
		return automation.Invalid("command is missing").
			WithHint(`give program and arguments as a list: ["ls", "-l"]`)
	}
	if err := r.StdoutArtifact.Check(who); err != nil {
		return err
	}
	return r.right().provisional(who)
}

// Exec runs a command in a container and waits for its end.
//
// When ctx is done, Exec returns at once and the connection is closed. Kubernetes
// has no way to end the command itself: one that neither reads nor writes may
// live on in its container.
//
// Over WebSocket a connection that is lost behind the API server looks like exit
// code 0: client-go does not tell a missing code from it. Whoever must be certain
// that the output is whole checks the output itself, such as gzip's trailer.
func (c *Client) Exec(ctx context.Context, who hostfuncs.Caller, req ExecRequest) (ExecResponse, error) {
	if err := req.check(who); err != nil {
		return ExecResponse{}, err
	}
	ctx, cancel, err := begin(ctx, req.TimeoutSeconds, 24*time.Hour)
	if err != nil {
		return ExecResponse{}, err
	}
	defer cancel()
	if err := c.enter(ctx, who, req.right()); err != nil {
		return ExecResponse{}, err
	}
	out := &output{}
	defer out.abort()
	code, err := c.exec(ctx, who, req, out)
	if err != nil {
		return ExecResponse{}, err
	}
	return out.response(code, req.KeepOnFailure)
}

// exec streams the command's output into out and returns its exit code.
func (c *Client) exec(ctx context.Context, who hostfuncs.Caller, req ExecRequest, out *output) (int, error) {
	streaming, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	stdout, stderr := &gate{broken: stop}, &gate{to: &out.stderr, broken: stop}
	right := &rbac{resource: "pods/exec", verbs: "get, create", namespace: req.Namespace}
	code := 0
	err := c.use(streaming, req.Context, req.doing(), right, func(k *cluster) (err error) {
		if err := out.open(ctx, who, req.StdoutArtifact); err != nil {
			return final{err}
		}
		stdout.to = out.stdout()
		for {
			s := session{cluster: k, url: req.url(k), options: remotecommand.StreamOptions{Stdout: stdout, Stderr: stderr}}
			code, err = s.run(streaming, req.Stdin)
			container, ok := k.chosen(streaming, req.Namespace, req.Pod, req.Container, err)
			if !ok {
				return err
			}
			req.Container = container
		}
	})
	if broken := errors.Join(stdout.Close(), stderr.Close()); broken != nil {
		return 0, fmt.Errorf("%s: keep the output: %w", req.doing(), broken)
	}
	return code, err
}

// url asks for no terminal: a terminal would mix stderr into stdout and change the
// command's bytes.
func (r ExecRequest) url(k *cluster) *url.URL {
	u := k.pod(r.Namespace, r.Pod, "exec")
	q := url.Values{"command": r.Command, "stdout": {"true"}, "stderr": {"true"}}
	if r.Container != "" {
		q.Set("container", r.Container)
	}
	if r.Stdin != "" {
		q.Set("stdin", "true")
	}
	u.RawQuery = q.Encode()
	return u
}

// output is where a command's output goes.
type output struct {
	stdoutText, stderr capped
	artifact           hostfuncs.ArtifactWriter // nil: stdout goes to the guest
}

// open begins the artifact, once: a retried request has written nothing yet.
func (o *output) open(ctx context.Context, who hostfuncs.Caller, spec *hostfuncs.ArtifactSpec) (err error) {
	if spec == nil || o.artifact != nil {
		return nil
	}
	o.artifact, err = spec.Open(ctx, who, 0)
	return err
}

func (o *output) stdout() io.Writer {
	if o.artifact != nil {
		return o.artifact
	}
	return &o.stdoutText
}

func (o *output) abort() {
	if o.artifact != nil {
		o.artifact.Abort()
	}
}

func (o *output) response(code int, keep bool) (ExecResponse, error) {
	r := ExecResponse{ExitCode: code, Truncated: o.stdoutText.more || o.stderr.more}
	r.Stdout, r.StdoutBase64 = hostfuncs.Text(o.stdoutText.buf.Bytes(), o.stdoutText.more)
	r.Stderr, r.StderrBase64 = hostfuncs.Text(o.stderr.buf.Bytes(), o.stderr.more)
	if o.artifact == nil || (code != 0 && !keep) {
		return r, nil
	}
	kept, err := o.artifact.Commit()
	if err != nil {
		return r, fmt.Errorf("keep the output of the command: %w", err)
	}
	r.Artifact = &kept
	return r, nil
}

// explainCommand turns what the API server says about a command that could not
// run, of which only the words reach us, into an error of a kind.
func explainCommand(err error) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "executable file not found"), strings.Contains(text, "no such file or directory"):
		return automation.NotFound("the container has no such program: %s", text).
			WithHint("many images have no shell and no tools; kube_proxy_get reaches a port of the Pod without any")
	case strings.Contains(text, "container not found"), strings.Contains(text, "is not valid for pod"):
		return automation.NotFound("%s", text)
	}
	return automation.Unavailable("the command did not come to an end: %s", text)
}

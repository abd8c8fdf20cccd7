package kube_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/hostfuncstest"
	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
)

// transports runs a test against a server with WebSockets and one without.
func transports(t *testing.T, test func(t *testing.T, s *kubetest.Server)) {
	for _, noWebSockets := range []bool{false, true} {
		name := map[bool]string{false: "WebSocket", true: "SPDY only"}[noWebSockets]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := kubetest.New(t)
			s.NoWebSockets = noWebSockets
			test(t, s)
		})
	}
}

func request(command ...string) kube.ExecRequest {
	return kube.ExecRequest{Namespace: "ns", Pod: "leaky", Command: command}
}

func TestExec(t *testing.T) {
	t.Parallel()
	transports(t, func(t *testing.T, s *kubetest.Server) {
		s.Exec = func(c *kubetest.Command) (int, error) {
			in, err := io.ReadAll(c.Stdin)
			fmt.Fprintf(c.Stdout, "%s/%s/%s %q %s", c.Namespace, c.Pod, c.Container, c.Command, in)
			fmt.Fprint(c.Stderr, "mind this")
			return 3, err
		}
		req := request("cat", "a b")
		req.Container, req.Stdin = "main", "from stdin"
		got, err := newClient(t, s).Exec(t.Context(), caller(nil), req)
		if err != nil {
			t.Fatal(err)
		}
		want := kube.ExecResponse{ExitCode: 3, Stdout: `ns/leaky/main ["cat" "a b"] from stdin`, Stderr: "mind this"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if s.NoWebSockets != (s.Count("SPDY") == 1) || s.Count("WS") != 1 {
			t.Errorf("requests were %v", s.Requests())
		}
	})
}

func TestExecCapsWhatEntersTheGuest(t *testing.T) {
	t.Parallel()
	transports(t, func(t *testing.T, s *kubetest.Server) {
		s.Exec = func(c *kubetest.Command) (int, error) {
			_, err := io.Copy(c.Stdout, strings.NewReader(strings.Repeat("ü", 2<<20)))
			return 0, err
		}
		got, err := newClient(t, s).Exec(t.Context(), caller(nil), request("yes"))
		if err != nil {
			t.Fatal(err)
		}
		if !got.Truncated || got.Stdout != strings.Repeat("ü", 1<<19) || got.StdoutBase64 != "" {
			t.Errorf("truncated %v, %d bytes of stdout, %d of base64", got.Truncated, len(got.Stdout), len(got.StdoutBase64))
		}
	})
}

func TestExecKeepsBytesThatAreNotText(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	s.Exec = func(c *kubetest.Command) (int, error) {
		_, err := c.Stdout.Write([]byte{0x1f, 0x8b, 0xff})
		return 0, err
	}
	got, err := newClient(t, s).Exec(t.Context(), caller(nil), request("gzip"))
	if err != nil || got.StdoutBase64 != "H4v/" || got.Stdout != "" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// The heap must not grow with the dump. Not parallel: it is the process's heap.
func TestExecStreamsIntoAnArtifact(t *testing.T) {
	const size = 50 << 20
	for _, noWebSockets := range []bool{false, true} {
		s := kubetest.New(t)
		s.NoWebSockets = noWebSockets
		chunk := []byte(strings.Repeat("0123456789abcdef", 2<<10))
		s.Exec = func(c *kubetest.Command) (int, error) {
			for range size / len(chunk) {
				if _, err := c.Stdout.Write(chunk); err != nil {
					return 0, err
				}
			}
			return 0, nil
		}
		sum := sha256.New()
		for range size / len(chunk) {
			sum.Write(chunk)
		}
		sink := &hostfuncstest.Sink{Discard: true}
		req := request("dump")
		req.StdoutArtifact = &hostfuncs.ArtifactSpec{Name: "heap.pb.gz", MediaType: automation.MediaTypePprof}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := newClient(t, s).Exec(t.Context(), caller(sink), req)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		if got.Artifact == nil || got.Artifact.Size != size || got.Artifact.SHA256 != hex.EncodeToString(sum.Sum(nil)) || got.Stdout != "" {
			t.Errorf("got %+v", got)
		}
		if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > size/2 {
			t.Errorf("the heap grew by %d MiB", grown>>20)
		}
		if len(sink.Kept()) != 1 || sink.Open() != 0 {
			t.Errorf("%d kept, %d open", len(sink.Kept()), sink.Open())
		}
	}
}

func TestExecThatFailsKeepsItsArtifactOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{false, true} {
		s := kubetest.New(t)
		s.Exec = func(c *kubetest.Command) (int, error) {
			fmt.Fprint(c.Stdout, "half")
			return 1, nil
		}
		sink := &hostfuncstest.Sink{}
		req := request("dump")
		req.StdoutArtifact, req.KeepOnFailure = &hostfuncs.ArtifactSpec{Name: "heap"}, keep
		got, err := newClient(t, s).Exec(t.Context(), caller(sink), req)
		if err != nil || got.ExitCode != 1 || (got.Artifact != nil) != keep || (len(sink.Kept()) == 1) != keep || sink.Open() != 0 {
			t.Errorf("keep %v: got %+v, %v; kept %v", keep, got, err, sink.Kept())
		}
	}
}

func TestExecStopsWhenTheArtifactIsTooLarge(t *testing.T) {
	t.Parallel()
	transports(t, func(t *testing.T, s *kubetest.Server) {
		s.Exec = func(c *kubetest.Command) (int, error) {
			for { // ends when the client hangs up
				if _, err := c.Stdout.Write(make([]byte, 32<<10)); err != nil {
					return 0, err
				}
			}
		}
		sink := &hostfuncstest.Sink{Discard: true}
		who := caller(sink)
		who.Grants.Artifacts[0].MaxBytes = 1 << 20
		req := request("yes")
		req.StdoutArtifact = &hostfuncs.ArtifactSpec{Name: "heap"}
		_, err := newClient(t, s).Exec(t.Context(), who, req)
		wantError(t, err, automation.ErrInvalid, "larger than 1048576 bytes", "")
		if len(sink.Kept()) != 0 || sink.Open() != 0 {
			t.Errorf("kept %v, %d open", sink.Kept(), sink.Open())
		}
	})
}

func TestExecEndsPromptlyWhenCanceled(t *testing.T) {
	t.Parallel()
	transports(t, func(t *testing.T, s *kubetest.Server) {
		running, release := make(chan struct{}), make(chan struct{})
		t.Cleanup(func() { close(release) })
		s.Exec = func(c *kubetest.Command) (int, error) {
			close(running)
			<-release // the command never ends by itself
			return 0, nil
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			<-running
			cancel(errors.New("somebody pressed stop"))
		}()
		sink := &hostfuncstest.Sink{}
		req := request("sleep", "infinity")
		req.StdoutArtifact = &hostfuncs.ArtifactSpec{Name: "heap"}
		_, err := newClient(t, s).Exec(ctx, caller(sink), req)
		if automation.KindOf(err) != "canceled" || !strings.Contains(err.Error(), "somebody pressed stop") {
			t.Errorf("error is %v (%s)", err, automation.KindOf(err))
		}
		if sink.Open() != 0 || len(sink.Kept()) != 0 {
			t.Errorf("%d open, kept %v", sink.Open(), sink.Kept())
		}
	})
}

// A server that accepts connections and then says nothing.
func TestExecTimesOutOnADeafServer(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	deaf := &kubetest.Server{URL: "http://" + listener.Addr().String()}
	if err := os.WriteFile(file, deaf.Credentials("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := kube.New(kube.Options{Kubeconfig: file})
	if err != nil {
		t.Fatal(err)
	}
	req := request("true")
	req.TimeoutSeconds = 0.05
	_, err = c.Exec(t.Context(), caller(nil), req)
	if automation.KindOf(err) != "timeout" {
		t.Errorf("error is %v", err)
	}
}

// Without its exit code nobody knows whether the dump is whole. Over WebSocket
// client-go does not tell a missing exit code from 0: see [kube.Client.Exec].
func TestExecWhoseSPDYConnectionIsLostIsAnError(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	s.NoWebSockets = true
	s.Exec = func(c *kubetest.Command) (int, error) {
		fmt.Fprint(c.Stdout, "half a dump")
		c.Vanish = true
		return 0, nil
	}
	sink := &hostfuncstest.Sink{}
	req := request("dump")
	req.StdoutArtifact = &hostfuncs.ArtifactSpec{Name: "heap"}
	_, err := newClient(t, s).Exec(t.Context(), caller(sink), req)
	wantError(t, err, automation.ErrUnavailable, "lost", "")
	if len(sink.Kept()) != 0 || s.Count("SPDY") != 1 {
		t.Errorf("kept %v after %v", sink.Kept(), s.Requests())
	}
}

func TestExecErrors(t *testing.T) {
	t.Parallel()
	run := func(code int, err error) func(*kubetest.Command) (int, error) {
		return func(*kubetest.Command) (int, error) { return code, err }
	}
	refuse := func(s *metav1.Status) func(*http.Request) *metav1.Status {
		return func(*http.Request) *metav1.Status { return s }
	}
	tests := []struct {
		name          string
		exec          func(*kubetest.Command) (int, error)
		refuse        func(*http.Request) *metav1.Status
		change        func(*kube.ExecRequest)
		kind          error
		message, hint string
	}{
		{name: "a Pod that does not exist", kind: automation.ErrNotFound, message: `pods "leaky" not found`},
		{
			name: "a program that the image lacks", exec: run(0, errors.New(`exec: "wget": executable file not found in $PATH`)),
			kind: automation.ErrNotFound, message: "no such program", hint: "kube_proxy_get",
		},
		{
			name:   "a container that the Pod lacks",
			refuse: refuse(kubetest.Failure(400, metav1.StatusReasonBadRequest, "container nope is not valid for pod leaky")),
			kind:   automation.ErrNotFound, message: "container nope is not valid",
		},
		{
			name:   "a Pod that has ended",
			refuse: refuse(kubetest.Failure(400, metav1.StatusReasonBadRequest, "cannot exec into a container in a completed pod; current phase is Succeeded")),
			kind:   automation.ErrConflict, message: "completed pod",
		},
		{
			name: "an identity without the right",
			refuse: refuse(kubetest.Failure(403, metav1.StatusReasonForbidden,
				`pods "leaky" is forbidden: User "system:serviceaccount:squall:squall" cannot create resource "pods/exec" in API group "" in the namespace "ns"`)),
			kind: automation.ErrDenied, message: "cannot create resource", hint: `resources: ["pods/exec"], verbs: [get, create]`,
		},
		{
			name:   "an API server that stays unavailable",
			refuse: refuse(kubetest.Failure(503, metav1.StatusReasonServiceUnavailable, "apiserver is shutting down")),
			kind:   automation.ErrUnavailable, message: "shutting down",
		},
		{name: "no command", change: func(r *kube.ExecRequest) { r.Command = nil }, kind: automation.ErrInvalid, message: "command is missing"},
		{name: "no Pod", change: func(r *kube.ExecRequest) { r.Pod = "" }, kind: automation.ErrInvalid, message: "pod is missing"},
		{name: "no namespace", change: func(r *kube.ExecRequest) { r.Namespace = "" }, kind: automation.ErrInvalid, message: "namespace is missing"},
		{name: "a Pod's name that is a path", change: func(r *kube.ExecRequest) { r.Pod = "../../secrets/x" }, kind: automation.ErrInvalid, message: "can not name a Pod"},
		{name: "a timeout in the past", change: func(r *kube.ExecRequest) { r.TimeoutSeconds = -1 }, kind: automation.ErrInvalid, message: "timeout_seconds"},
		{
			name: "a namespace that the pack did not ask for", change: func(r *kube.ExecRequest) { r.Namespace = "kube-system" },
			kind: automation.ErrDenied, message: "exec in pods leaky in namespace kube-system", hint: "- {verbs: [exec], resources: [pods], namespaces: [kube-system],",
		},
		{
			name: "an unknown context", change: func(r *kube.ExecRequest) { r.Context = "prod" },
			kind: automation.ErrUnavailable, message: `context "prod" does not exist`, hint: "kubeconfig",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := kubetest.New(t)
			s.Exec, s.Refuse = tt.exec, tt.refuse
			req := request("true")
			if tt.change != nil {
				tt.change(&req)
			}
			_, err := newClient(t, s).Exec(t.Context(), caller(nil), req)
			wantError(t, err, tt.kind, tt.message, tt.hint)
		})
	}
}

func TestExecIsRetriedOnlyBeforeTheCommandBegins(t *testing.T) {
	t.Parallel()
	t.Run("an API server that starts is asked again", func(t *testing.T) {
		t.Parallel()
		s := kubetest.New(t)
		s.Exec = func(*kubetest.Command) (int, error) { return 0, nil }
		var asked atomic.Int32
		s.Refuse = func(*http.Request) *metav1.Status {
			if asked.Add(1) <= 4 { // two attempts, each over both transports
				return kubetest.Failure(503, metav1.StatusReasonServiceUnavailable, "starting")
			}
			return nil
		}
		if _, err := newClient(t, s).Exec(t.Context(), caller(nil), request("true")); err != nil {
			t.Error(err)
		}
	})
	t.Run("a command that was begun is not", func(t *testing.T) {
		t.Parallel()
		transports(t, func(t *testing.T, s *kubetest.Server) {
			var ran atomic.Int32
			s.Exec = func(*kubetest.Command) (int, error) {
				ran.Add(1)
				return 0, errors.New("the container runtime fell over")
			}
			_, err := newClient(t, s).Exec(t.Context(), caller(nil), request("rm", "-rf", "/data"))
			wantError(t, err, automation.ErrUnavailable, "fell over", "")
			if ran.Load() != 1 {
				t.Errorf("ran %d times", ran.Load())
			}
		})
	})
}

// Only "create" is granted: the WebSocket's GET is forbidden, SPDY's POST is not.
func TestExecFallsBackWhenTheWebSocketIsForbidden(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	s.Exec = func(*kubetest.Command) (int, error) { return 0, nil }
	s.Refuse = func(r *http.Request) *metav1.Status {
		if r.Method == http.MethodGet {
			return kubetest.Failure(403, metav1.StatusReasonForbidden, "cannot get resource")
		}
		return nil
	}
	if _, err := newClient(t, s).Exec(t.Context(), caller(nil), request("true")); err != nil {
		t.Error(err)
	}
}

func TestExecRecordHidesArguments(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	s.Exec = func(*kubetest.Command) (int, error) { return 0, nil }
	for _, f := range newClient(t, s).Funcs() {
		if f.Name != "kube_exec" {
			continue
		}
		envelope, record := f.Call(t.Context(), caller(nil), []byte(`{"namespace":"ns","pod":"leaky","command":["/bin/login","--password=hunter2"]}`))
		want := `{"ok":{"exit_code":0,"stdout":"","stderr":"","truncated":false}}`
		if string(envelope) != want || record.Detail != "exec login in ns/leaky" {
			t.Errorf("envelope %s, detail %q", envelope, record.Detail)
		}
	}
}

// Not parallel: the environment is the process's.
func TestWithoutCredentialsEveryFunctionSaysWhatToConfigure(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	c, err := kube.New(kube.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, execErr := c.Exec(t.Context(), unbounded(), request("true"))
	_, listErr := c.List(t.Context(), unbounded(), kube.ListRequest{Resource: "pods"})
	_, proxyErr := c.ProxyGet(t.Context(), unbounded(), kube.ProxyRequest{Namespace: "ns", Pod: "leaky", Port: 6060})
	for _, err := range []error{execErr, listErr, proxyErr} {
		wantError(t, err, automation.ErrUnavailable, "no Kubernetes cluster is configured", "KUBECONFIG")
	}
}

func TestCredentialsAreReadAgainAfterARefusal(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	s.Exec = func(*kubetest.Command) (int, error) { return 0, nil }
	good, err := os.ReadFile(s.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	write := func(content []byte) {
		if err := os.WriteFile(s.Kubeconfig, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(s.Credentials("old-token"))
	c := newClient(t, s)
	_, err = c.Exec(t.Context(), caller(nil), request("true"))
	wantError(t, err, automation.ErrUnavailable, "does not accept the credentials", "read again")
	write(good)
	if _, err := c.Exec(t.Context(), caller(nil), request("true")); err != nil {
		t.Error(err)
	}
}

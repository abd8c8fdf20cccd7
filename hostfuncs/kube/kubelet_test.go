package kube_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/hostfuncstest"
	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
)

// podVariable makes this program be what runs in a Pod.
const podVariable = "SQUALL_TEST_IS_A_POD"

// TestBeAPod is no test but the program in the Pods of the others: it serves a page,
// says at which port and runs until it is killed.
func TestBeAPod(t *testing.T) {
	if os.Getenv(podVariable) == "" {
		t.Skip("nobody has started this as a Pod")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	fmt.Fprintf(os.Stderr, "port %s\n", port)
	t.Fatal(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s of %s", r.URL, os.Getenv(podVariable))
	})))
}

// leaky starts the Pod ns/leaky.
func leaky(t testing.TB, s *kubetest.Server) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Kubelet(t).Start("ns", "leaky", []string{podVariable + "=leaky"}, self, "-test.run=^TestBeAPod$"); err != nil {
		t.Fatal(err)
	}
}

func TestExecRunsProcesses(t *testing.T) {
	t.Parallel()
	transports(t, func(t *testing.T, s *kubetest.Server) {
		leaky(t, s)
		c := newClient(t, s)
		long := strings.Repeat("x", 200_000)
		tests := []struct {
			name  string
			req   kube.ExecRequest
			stdin string
			want  kube.ExecResponse
		}{
			{"output and errors arrive apart", request("sh", "-c", "echo out; echo err >&2"), "", kube.ExecResponse{Stdout: "out\n", Stderr: "err\n"}},
			{"nothing is a shell's to read", request("printf", "%s|", "$HOME", "a b", "*"), "", kube.ExecResponse{Stdout: "$HOME|a b|*|"}},
			{"the exit code is the command's", request("sh", "-c", "exit 3"), "", kube.ExecResponse{ExitCode: 3}},
			{"a signal is an exit code", request("sh", "-c", "kill -9 $$"), "", kube.ExecResponse{ExitCode: 137}},
			{"stdin is read to its end", request("cat"), long, kube.ExecResponse{Stdout: long}},
			{"stdin need not be read", request("true"), long, kube.ExecResponse{}},
			{"without stdin there is its end", request("cat"), "", kube.ExecResponse{}},
		}
		for _, tt := range tests {
			tt.req.Stdin = tt.stdin
			got, err := c.Exec(t.Context(), caller(nil), tt.req)
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("%s: %v %s", tt.name, err, diff)
			}
		}
	})
}

func TestExecOfProcessesThatAreNotThere(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	leaky(t, s)
	gone, nowhere, hanging := request("true"), request("true"), request("sleep", "600")
	gone.Pod, nowhere.Container, hanging.TimeoutSeconds = "gone", "nope", 0.2
	tests := []struct {
		name          string
		req           kube.ExecRequest
		kind          error
		message, hint string
	}{
		{"a Pod", gone, automation.ErrNotFound, `pods "gone" not found`, ""},
		{"a container", nowhere, automation.ErrNotFound, "nope", ""},
		{"a program", request("squall-no-such-program"), automation.ErrNotFound, "no such program", "kube_proxy_get"},
		{"one that does not end in time", hanging, context.DeadlineExceeded, "", ""},
	}
	c := newClient(t, s)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := c.Exec(t.Context(), caller(nil), tt.req)
			wantError(t, err, tt.kind, tt.message, tt.hint)
		})
	}
}

func TestExecOfAProcessIntoAnArtifact(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	leaky(t, s)
	req := request("head", "-c", "3000000", "/dev/zero")
	req.StdoutArtifact = &hostfuncs.ArtifactSpec{Name: "zeros"}
	got, err := newClient(t, s).Exec(t.Context(), caller(&hostfuncstest.Sink{Discard: true}), req)
	if err != nil || got.Artifact == nil || got.Artifact.SHA256 != sumOfZeros(3_000_000) {
		t.Errorf("%+v, %v", got.Artifact, err)
	}
}

// The log of the process tells its port, at which it can be reached in both ways.
func TestLogsAndPortsOfAProcess(t *testing.T) {
	t.Parallel()
	transports(t, func(t *testing.T, s *kubetest.Server) {
		leaky(t, s)
		c := newClient(t, s)
		log, err := c.Logs(t.Context(), caller(nil), kube.LogsRequest{Namespace: "ns", Pod: "leaky", Follow: true, MaxBytes: int64(len("port 12345"))})
		port, converted := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(log.Log, "port ")))
		if err != nil || converted != nil {
			t.Fatalf("%+v, %v", log, err)
		}
		req := kube.ProxyRequest{Namespace: "ns", Pod: "leaky", Port: port, Path: "/page", Query: "a=b"}
		const page = "/page?a=b of leaky"
		if got, err := c.ProxyGet(t.Context(), caller(nil), req); err != nil || got.Body != page {
			t.Errorf("by the proxy: %+v, %v", got, err)
		}
		if got, err := c.PortForwardGet(t.Context(), caller(nil), kube.PortForwardRequest{ProxyRequest: req}); err != nil || got.Body != page {
			t.Errorf("by a forwarded port: %+v, %v", got, err)
		}
		req.Port = 1 // of nobody
		_, err = c.ProxyGet(t.Context(), caller(nil), req)
		wantError(t, err, automation.ErrUnavailable, "connection refused", "")
		_, err = c.PortForwardGet(t.Context(), caller(nil), kube.PortForwardRequest{ProxyRequest: req})
		wantError(t, err, automation.ErrUnavailable, "connection refused", "")
	})
}

func TestTheLogOfAProcessThatHasEnded(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	if err := s.Kubelet(t).Start("ns", "leaky", nil, "sh", "-c", "echo one; echo two >&2"); err != nil {
		t.Fatal(err)
	}
	c := newClient(t, s)
	got, err := c.Logs(t.Context(), caller(nil), kube.LogsRequest{Namespace: "ns", Pod: "leaky", Follow: true})
	if err != nil || got.Log != "one\ntwo\n" || got.TimedOut {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = c.Logs(t.Context(), caller(nil), kube.LogsRequest{Namespace: "ns", Pod: "leaky", Previous: true})
	wantError(t, err, automation.ErrInvalid, "does not know previous", "")
	_, err = c.Logs(t.Context(), caller(nil), kube.LogsRequest{Namespace: "ns", Pod: "gone"})
	wantError(t, err, automation.ErrNotFound, "gone", "")
}

// An exec as a pack has it: the request, its stream, a process that says something.
func BenchmarkExecOfAProcess(b *testing.B) {
	for _, noWebSockets := range []bool{false, true} {
		b.Run(map[bool]string{false: "WebSocket", true: "SPDY"}[noWebSockets], func(b *testing.B) {
			s := kubetest.New(b)
			s.NoWebSockets = noWebSockets
			leaky(b, s)
			c, err := kube.New(kube.Options{Kubeconfig: s.Kubeconfig})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if got, err := c.Exec(b.Context(), caller(nil), request("echo", "hello")); err != nil || got.Stdout != "hello\n" {
					b.Fatalf("%+v, %v", got, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/exec")
		})
	}
}

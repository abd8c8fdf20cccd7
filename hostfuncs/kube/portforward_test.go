package kube_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/hostfuncstest"
	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
)

func forwardTo(path string) kube.PortForwardRequest {
	return kube.PortForwardRequest{ProxyRequest: kube.ProxyRequest{Namespace: "ns", Pod: "leaky", Port: 6060, Path: path}}
}

// inside answers at the ports of Pods.
func inside(s *kubetest.Server, server *httptest.Server) {
	s.Forward = func(_, _ string) (net.Conn, error) { return net.Dial("tcp", server.Listener.Addr().String()) }
}

func process(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/large":
		fmt.Fprint(w, strings.Repeat("x", 3<<20))
	case "/moved":
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	case "/missing":
		http.Error(w, "no such page", http.StatusNotFound)
	case "/slow":
		<-r.Context().Done()
	default:
		fmt.Fprintf(w, "%s %s %s %s", r.Method, r.Host, r.URL, r.Header.Get("Authorization"))
	}
}

func TestPortForwardGet(t *testing.T) {
	t.Parallel()
	transports(t, func(t *testing.T, s *kubetest.Server) {
		server := httptest.NewServer(http.HandlerFunc(process))
		t.Cleanup(server.Close)
		inside(s, server)
		req := forwardTo("/debug/vars")
		req.Query = "gc=1"
		c := newClient(t, s)
		got, err := c.PortForwardGet(t.Context(), caller(nil), req)
		if err != nil || got.Status != 200 || got.Body != "GET localhost:6060 /debug/vars?gc=1 " {
			t.Errorf("%+v, %v", got, err) // the API server's credentials are none of the Pod's business
		}
		for path, status := range map[string]int{"/moved": 302, "/missing": 404} {
			if got, err := c.PortForwardGet(t.Context(), caller(nil), forwardTo(path)); err != nil || got.Status != status {
				t.Errorf("%s: %+v, %v", path, got, err)
			}
		}
		if s.NoWebSockets != (s.Count("SPDY") == 3) || s.Count("WS") != 3 {
			t.Errorf("requests were %v", s.Requests())
		}
	})
}

func TestPortForwardGetStreamsIntoAnArtifact(t *testing.T) {
	t.Parallel()
	transports(t, func(t *testing.T, s *kubetest.Server) {
		server := httptest.NewServer(http.HandlerFunc(process))
		t.Cleanup(server.Close)
		inside(s, server)
		req := forwardTo("/large")
		req.Artifact = &hostfuncs.ArtifactSpec{Name: "heap"}
		got, err := newClient(t, s).PortForwardGet(t.Context(), caller(&hostfuncstest.Sink{}), req)
		if err != nil || got.Artifact == nil || got.Artifact.Size != 3<<20 || got.Body != "" {
			t.Errorf("%+v, %v", got, err)
		}
		req.Artifact = nil
		got, err = newClient(t, s).PortForwardGet(t.Context(), caller(nil), req)
		if err != nil || !got.Truncated || len(got.Body) != hostfuncs.MaxReplyBytes {
			t.Errorf("%d bytes, %v", len(got.Body), err)
		}
	})
}

func TestPortForwardGetOverTLS(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	server := httptest.NewTLSServer(http.HandlerFunc(process))
	t.Cleanup(server.Close)
	inside(s, server)
	req := forwardTo("/x")
	req.Scheme = "https"
	got, err := newClient(t, s).PortForwardGet(t.Context(), caller(nil), req)
	if err != nil || got.Body != "GET localhost:6060 /x " {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestPortForwardGetErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		forward       func(pod, port string) (net.Conn, error)
		req           kube.PortForwardRequest
		kind          error
		message, hint string
	}{
		{"nobody listens", func(_, port string) (net.Conn, error) {
			return nil, fmt.Errorf("dial tcp4 127.0.0.1:%s: connect: connection refused", port)
		}, forwardTo("/"), automation.ErrUnavailable, "nothing listens there", "which port"},
		{"a Pod that is not there", nil, forwardTo("/"), automation.ErrNotFound, `"leaky" not found`, ""},
		{"a path that climbs", nil, forwardTo("/../x"), automation.ErrInvalid, "not plain", ""},
		{"another namespace", nil, kube.PortForwardRequest{ProxyRequest: kube.ProxyRequest{Namespace: "bank", Pod: "leaky", Port: 80}}, automation.ErrDenied, "forward ports of pods leaky", "verbs: [port_forward]"},
		{"no port", nil, kube.PortForwardRequest{ProxyRequest: kube.ProxyRequest{Namespace: "ns", Pod: "leaky"}}, automation.ErrInvalid, "port is 0", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			transports(t, func(t *testing.T, s *kubetest.Server) {
				s.Forward = tt.forward
				_, err := newClient(t, s).PortForwardGet(t.Context(), caller(nil), tt.req)
				wantError(t, err, tt.kind, tt.message, tt.hint)
			})
		})
	}
}

func TestPortForwardGetStopsWhenTheTimeIsUp(t *testing.T) {
	t.Parallel()
	transports(t, func(t *testing.T, s *kubetest.Server) {
		server := httptest.NewServer(http.HandlerFunc(process))
		t.Cleanup(server.Close)
		inside(s, server)
		req := forwardTo("/slow")
		req.TimeoutSeconds = 0.2
		begun := time.Now()
		_, err := newClient(t, s).PortForwardGet(t.Context(), caller(nil), req)
		wantError(t, err, context.DeadlineExceeded, "time is up", "")
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// A proxy right is no port-forward right: one reaches what listens for others, the
// other also what listens for the Pod alone.
func TestPortForwardIsARightOfItsOwn(t *testing.T) {
	t.Parallel()
	who := unbounded()
	who.Grants.Kubernetes[0].Verbs = []string{"proxy"}
	_, err := newClient(t, kubetest.New(t)).PortForwardGet(t.Context(), who, forwardTo("/"))
	wantError(t, err, automation.ErrDenied, "", "port_forward")
}

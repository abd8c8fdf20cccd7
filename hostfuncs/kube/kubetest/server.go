// Package kubetest is an API server for tests: it speaks what package kube asks
// of a real one, on the real wire, over loopback. Commands are Go functions and
// Pods' ports are HTTP handlers.
package kubetest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
)

// Token is the bearer token that the server accepts.
const Token = "kubetest-token"

// Server is the API server. Set its exported fields before the first request.
type Server struct {
	// URL is where the server listens; Kubeconfig is a file that leads there.
	URL, Kubeconfig string
	// Exec runs the commands; see [Command].
	Exec func(*Command) (exitCode int, err error)
	// NoWebSockets refuses them, as an old API server or a proxy in between would.
	NoWebSockets bool
	// Proxy answers what is sent to the ports of Pods. The Pod as "name:port"
	// stands in the header X-Pod; the path is the Pod's.
	Proxy http.Handler
	// Forward opens connections to the ports inside of Pods.
	Forward func(pod, port string) (net.Conn, error)
	// Log writes the logs of Pods. The Pod stands in the header X-Pod; the query is
	// the API's.
	Log http.Handler
	// Usage is the memory of a container at the moment: its working set in bytes, and
	// when that was taken; false when nothing is known. Nodes and metrics.k8s.io tell it.
	Usage func(namespace, pod, container string) (bytes int64, at time.Time, ok bool)
	// NoMetrics leaves metrics.k8s.io out, as a cluster without metrics-server does.
	NoMetrics bool
	// Objects are what is there, by plural: "pods", "deployments", "nodes". An object
	// is replaced when it changes, never written into.
	Objects map[string][]map[string]any
	// Review tells whether somebody may do something; nil is no.
	Review func(Question) bool
	// Refuse answers in place of the server when it returns a Status.
	Refuse func(*http.Request) *metav1.Status

	kubelet   *Kubelet // runs Pods as processes; nil unless there is one
	ca        []byte
	dialled   atomic.Int64
	mu        sync.Mutex // guards requests, and what watches are told; Objects once it runs
	requests  []string
	sent      []Sent
	questions []string
	changes   []change
	oldest    int           // the first version that is remembered
	news      chan struct{} // closed at every change
	hangup    chan struct{} // closed to end all watches
}

// New starts a server that lives as long as the test.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{news: make(chan struct{}), hangup: make(chan struct{})}
	listener := httptest.NewUnstartedServer(s.routes())
	listener.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that hang up are part of the tests
	listener.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.dialled.Add(1)
		}
	}
	listener.StartTLS() // client-go sends tokens over TLS only
	t.Cleanup(listener.Close)
	s.URL = listener.URL
	s.ca = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: listener.Certificate().Raw})
	s.Kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(s.Kubeconfig, s.Credentials(Token), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// Credentials returns a kubeconfig with one context, "test", and a token.
func (s *Server) Credentials(token string) []byte {
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
current-context: test
clusters: [{name: test, cluster: {server: %q, certificate-authority-data: %q}}]
users: [{name: test, user: {token: %q}}]
contexts: [{name: test, context: {cluster: test, user: test}}]
`, s.URL, base64.StdEncoding.EncodeToString(s.ca), token)
}

// Requests returns what was asked so far: "WS /path", "SPDY /path" or "GET /path".
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// Connections is how many were made to the server so far.
func (s *Server) Connections() int { return int(s.dialled.Load()) }

// Count is how many requests began with prefix.
func (s *Server) Count(prefix string) (n int) {
	for _, r := range s.Requests() {
		if strings.HasPrefix(r, prefix) {
			n++
		}
	}
	return n
}

// Sent is one request that was to change something.
type Sent struct {
	Request string // "PATCH /path"
	Query   url.Values
	Type    string // of the body
	Body    string
}

// Sent returns the requests that were to change something.
func (s *Server) Sent() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Sent(nil), s.sent...)
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	const pod = "/api/v1/namespaces/{namespace}/pods/{pod}/"
	mux.HandleFunc(pod+"exec", s.exec)
	mux.HandleFunc(pod+"proxy/{path...}", s.proxy)
	mux.HandleFunc(pod+"portforward", s.portForward)
	mux.HandleFunc(pod+"log", s.log)
	mux.HandleFunc("POST /apis/authorization.k8s.io/v1/subjectaccessreviews", s.review)
	mux.HandleFunc("POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews", s.review)
	mux.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"gitVersion": "v1.0.0-kubetest"})
	})
	mux.HandleFunc("GET /api/v1/nodes/{node}/proxy/stats/summary", s.summary)
	mux.HandleFunc("GET /apis/metrics.k8s.io/v1beta1/pods", s.podMetrics)
	mux.HandleFunc("GET /apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods", s.podMetrics)
	mux.HandleFunc("GET /api", discoverCore)
	mux.HandleFunc("GET /apis", discoverGroups)
	mux.HandleFunc("GET /api/v1", discoverResources("v1"))
	mux.HandleFunc("GET /apis/apps/v1", discoverResources("apps/v1"))
	mux.HandleFunc("GET /apis/example.com/v1", discoverResources("example.com/v1"))
	for _, group := range []string{"/api/v1", "/apis/apps/v1", "/apis/example.com/v1"} {
		mux.HandleFunc("GET "+group+"/{resource}", s.list)
		mux.HandleFunc("GET "+group+"/namespaces/{namespace}/{resource}", s.list)
		for _, scope := range []string{"/{resource}/{name}", "/namespaces/{namespace}/{resource}/{name}"} {
			mux.HandleFunc(group+scope, s.object)
			mux.HandleFunc(group+scope+"/{subresource}", s.object)
		}
	}
	return s.guard(mux)
}

// guard notes the request, wants the token and lets Refuse have its say.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, transport(r)+" "+r.URL.Path)
		s.mu.Unlock()
		s.note(r)
		if r.Header.Get("Authorization") != "Bearer "+Token {
			writeStatus(w, Failure(http.StatusUnauthorized, metav1.StatusReasonUnauthorized, "Unauthorized"))
			return
		}
		if s.Refuse != nil {
			if status := s.Refuse(r); status != nil {
				writeStatus(w, status)
				return
			}
		}
		next.ServeHTTP(w, r.WithContext(klog.NewContext(r.Context(), logr.Discard())))
	})
}

// note keeps the body of what is to change something.
func (s *Server) note(r *http.Request) {
	if r.Header.Get("Upgrade") != "" || r.Method == http.MethodGet {
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, Sent{r.Method + " " + r.URL.Path, r.URL.Query(), r.Header.Get("Content-Type"), string(body)})
}

func transport(r *http.Request) string {
	switch upgrade := strings.ToLower(r.Header.Get("Upgrade")); {
	case upgrade == "websocket":
		return "WS"
	case strings.HasPrefix(upgrade, "spdy"):
		return "SPDY"
	}
	return r.Method
}

// Failure makes what an API server answers instead of the thing asked for.
func Failure(code int32, reason metav1.StatusReason, message string) *metav1.Status {
	return &metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Code: code, Reason: reason, Message: message,
	}
}

func writeStatus(w http.ResponseWriter, status *metav1.Status) {
	writeJSON(w, int(status.Code), status)
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}

func (s *Server) proxy(w http.ResponseWriter, r *http.Request) {
	if s.Proxy == nil {
		writeStatus(w, Failure(http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable,
			"error trying to reach service: dial tcp 10.0.0.7:6060: connect: connection refused"))
		return
	}
	inner := r.Clone(r.Context())
	inner.Header.Set("X-Pod", r.PathValue("pod"))
	inner.URL.Path = "/" + r.PathValue("path")
	inner.URL.RawPath = ""
	s.Proxy.ServeHTTP(w, inner)
}

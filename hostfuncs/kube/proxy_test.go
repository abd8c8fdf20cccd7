package kube_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/hostfuncstest"
	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
)

func get(path, query string) kube.ProxyRequest {
	return kube.ProxyRequest{Namespace: "ns", Pod: "leaky", Port: 6060, Path: path, Query: query}
}

func pprofPod(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/debug/pprof/heap":
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write([]byte{0x1f, 0x8b, 0xff})
	case "/long":
		_, _ = io.WriteString(w, strings.Repeat("ü", 1<<20))
	case "/broken":
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "half")
	case "/gone":
		http.Error(w, "the Pod's own 404", http.StatusNotFound)
	case "/away":
		http.Redirect(w, r, "http://169.254.169.254/latest", http.StatusFound)
	default:
		fmt.Fprintf(w, "%s %s?%s", r.Header.Get("X-Pod"), r.URL.Path, r.URL.RawQuery)
	}
}

func TestProxyGet(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	s.Proxy = http.HandlerFunc(pprofPod)
	c := newClient(t, s)
	tests := []struct {
		name   string
		req    kube.ProxyRequest
		status int
		check  func(kube.ProxyResponse) bool
	}{
		{"path and query arrive", get("/a b/c", "gc=1&x=%26"), 200, func(r kube.ProxyResponse) bool { return r.Body == "leaky:6060 /a b/c?gc=1&x=%26" }},
		{"no path means the root", get("", ""), 200, func(r kube.ProxyResponse) bool { return r.Body == "leaky:6060 /?" && r.Size == 13 }},
		{"what is not text comes as base64", get("debug/pprof/heap", ""), 200, func(r kube.ProxyResponse) bool {
			return r.BodyBase64 == "H4v/" && r.Body == "" && r.ContentType == "application/octet-stream"
		}},
		{"a long body is cut", get("/long", ""), 200, func(r kube.ProxyResponse) bool { return r.Truncated && r.Size == 1<<20 && len(r.Body) == 1<<20 }},
		{"the Pod's error is a result", get("/gone", ""), 404, func(r kube.ProxyResponse) bool { return r.Body == "the Pod's own 404\n" }},
		{"a redirect is not followed", get("/away", ""), 302, func(kube.ProxyResponse) bool { return s.Count("GET /latest") == 0 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.ProxyGet(t.Context(), caller(nil), tt.req)
			if err != nil {
				t.Fatal(err)
			}
			if got.Status != tt.status || !tt.check(got) {
				t.Errorf("got %.200v", got)
			}
		})
	}
}

func TestProxyGetIntoAnArtifact(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	s.Proxy = http.HandlerFunc(pprofPod)
	c := newClient(t, s)
	tests := []struct {
		name, path, kind string
		kept             int
	}{
		{"the body becomes the artifact", "/debug/pprof/heap", "", 1},
		{"an error page does not", "/gone", "", 0},
		{"half a body does not", "/broken", "unavailable", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sink := &hostfuncstest.Sink{}
			req := get(tt.path, "")
			req.Artifact = &hostfuncs.ArtifactSpec{Name: "heap.pb.gz"}
			got, err := c.ProxyGet(t.Context(), caller(sink), req)
			if kind := automation.KindOf(err); err != nil && kind != tt.kind || err == nil && tt.kind != "" {
				t.Errorf("error is %v", err)
			}
			if len(sink.Kept()) != tt.kept || (got.Artifact != nil) != (tt.kept == 1) || sink.Open() != 0 {
				t.Errorf("kept %v; got %+v", sink.Kept(), got)
			}
		})
	}
}

// A path that leaves the Pod would be a request to the API server itself.
func TestProxyGetNeverLeavesThePod(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	s.Proxy = http.HandlerFunc(pprofPod)
	c := newClient(t, s)
	for _, path := range []string{
		"/../../../secrets", "..", "/a/../../../../secrets", "/%2e%2e/%2e%2e/secrets", "/%252e%252e/x", "/..%2f..%2fsecrets",
		`/..\..\secrets`, "/./x", "/..;/secrets", "/a\x00b", "/a%0d%0ab", "/%zz", "/x?y=1", "/x#y", "//../x",
	} {
		_, err := c.ProxyGet(t.Context(), caller(nil), get(path, ""))
		wantError(t, err, automation.ErrInvalid, "path", "")
	}
	if r := s.Requests(); len(r) != 0 {
		t.Errorf("the server heard %v", r)
	}
}

func TestProxyGetErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		refuse        *metav1.Status
		change        func(*kube.ProxyRequest)
		kind          error
		message, hint string
	}{
		{name: "a port on which nobody listens", kind: automation.ErrUnavailable, message: "connection refused", hint: "not on 127.0.0.1 alone"},
		{
			name: "a Pod that does not exist", refuse: kubetest.Failure(404, metav1.StatusReasonNotFound, `pods "leaky" not found`),
			kind: automation.ErrNotFound, message: "not found",
		},
		{
			name: "an identity without the right", refuse: kubetest.Failure(403, metav1.StatusReasonForbidden, `cannot get resource "pods/proxy"`),
			kind: automation.ErrDenied, message: "cannot get", hint: `resources: ["pods/proxy"], verbs: [get]`,
		},
		{name: "a port that is none", change: func(r *kube.ProxyRequest) { r.Port = 0 }, kind: automation.ErrInvalid, message: "port is 0"},
		{name: "a scheme that is none", change: func(r *kube.ProxyRequest) { r.Scheme = "ftp" }, kind: automation.ErrInvalid, message: "scheme"},
		{
			name: "a namespace that the pack did not ask for", change: func(r *kube.ProxyRequest) { r.Namespace = "other" },
			kind: automation.ErrDenied, message: "send requests to pods leaky in namespace other", hint: "verbs: [proxy]",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := kubetest.New(t)
			if tt.refuse != nil {
				s.Refuse = func(*http.Request) *metav1.Status { return tt.refuse }
			}
			req := get("/", "")
			if tt.change != nil {
				tt.change(&req)
			}
			_, err := newClient(t, s).ProxyGet(t.Context(), caller(nil), req)
			wantError(t, err, tt.kind, tt.message, tt.hint)
		})
	}
}

func TestProxyGetIsRetried(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	s.Proxy = http.HandlerFunc(pprofPod)
	var asked atomic.Int32
	s.Refuse = func(*http.Request) *metav1.Status {
		if asked.Add(1) <= 2 {
			return kubetest.Failure(429, metav1.StatusReasonTooManyRequests, "slow down")
		}
		return nil
	}
	if _, err := newClient(t, s).ProxyGet(t.Context(), caller(nil), get("/", "")); err != nil || asked.Load() != 3 {
		t.Errorf("asked %d times: %v", asked.Load(), err)
	}
}

// The API server tells of it with a status of those that pass, but asking again would
// only take the time that another way to the Pod needs.
func TestAPortAtWhichNobodyListensIsAskedOnce(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t) // without a Proxy nobody listens
	if _, err := newClient(t, s).ProxyGet(t.Context(), caller(nil), get("/", "")); err == nil || len(s.Requests()) != 1 {
		t.Errorf("asked for %v: %v", s.Requests(), err)
	}
}

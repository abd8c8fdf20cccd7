package kube_test

import (
	"strings"
	"testing"

	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
)

func TestGet(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	s.Objects = map[string][]map[string]any{
		"pods":  {kubetest.Pod("ns", "a", map[string]any{"app": "web"})},
		"nodes": {kubetest.Node("node-1")},
	}
	c := newClient(t, s)
	tests := []struct {
		name string
		req  kube.GetRequest
		want string
	}{
		{"some fields", kube.GetRequest{ObjectRef: kube.ObjectRef{Resource: "pods", Namespace: "ns", Name: "a"}, Fields: []string{"metadata.name", "status.phase"}},
			`{"metadata":{"name":"a"},"status":{"phase":"Running"}}`},
		{"by kind", kube.GetRequest{ObjectRef: kube.ObjectRef{Kind: "Pod", Namespace: "ns", Name: "a"}, Fields: []string{"metadata.labels"}},
			`{"metadata":{"labels":{"app":"web"}}}`},
		{"what has no namespace, whole", kube.GetRequest{ObjectRef: kube.ObjectRef{Resource: "no", Name: "node-1"}},
			`{"apiVersion":"v1","kind":"Node","metadata":{"name":"node-1","resourceVersion":"1","uid":"uid-of-node-1"},"spec":{}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.Get(t.Context(), unbounded(), tt.req)
			if err != nil || string(got.Object) != tt.want {
				t.Errorf("got %s, %v\nwant %s", got.Object, err, tt.want)
			}
		})
	}
}

func TestGetErrors(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	large := kubetest.Pod("ns", "large", nil)
	large["data"] = strings.Repeat("x", 2<<20)
	s.Objects = map[string][]map[string]any{"pods": {large}}
	c := newClient(t, s)
	onlyList := unbounded()
	onlyList.Grants.Kubernetes[0].Verbs = []string{"list"}
	named := unbounded()
	named.Grants.Kubernetes[0].Names = []string{"web-*"}
	tests := []struct {
		name          string
		ref           kube.ObjectRef
		kind          error
		message, hint string
	}{
		{"no name", kube.ObjectRef{Resource: "pods", Namespace: "ns"}, automation.ErrInvalid, "name is missing", "kube_list"},
		{"a name that climbs", kube.ObjectRef{Resource: "pods", Namespace: "ns", Name: "a/../b"}, automation.ErrInvalid, "can not name an object", ""},
		{"neither kind nor resource", kube.ObjectRef{Name: "a"}, automation.ErrInvalid, "exactly one", ""},
		{"no namespace", kube.ObjectRef{Resource: "pods", Name: "a"}, automation.ErrInvalid, "namespace is missing", "pods have namespaces"},
		{"a subresource", kube.ObjectRef{Resource: "pods/exec", Namespace: "ns", Name: "a"}, automation.ErrNotFound, "no resource", ""},
		{"an object that is not there", kube.ObjectRef{Resource: "pods", Namespace: "ns", Name: "b"}, automation.ErrNotFound, `"b" not found`, ""},
		{"an object that no reply holds", kube.ObjectRef{Resource: "pods", Namespace: "ns", Name: "large"}, automation.ErrInvalid, "more than a reply holds", "fields"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := c.Get(t.Context(), unbounded(), kube.GetRequest{ObjectRef: tt.ref})
			wantError(t, err, tt.kind, tt.message, tt.hint)
		})
	}
	ref := kube.ObjectRef{Resource: "pods", Namespace: "ns", Name: "large"}
	_, err := c.Get(t.Context(), onlyList, kube.GetRequest{ObjectRef: ref})
	wantError(t, err, automation.ErrDenied, "get pods", "verbs: [get]")
	_, err = c.Get(t.Context(), named, kube.GetRequest{ObjectRef: ref})
	wantError(t, err, automation.ErrDenied, "get pods large", "")
}

// What runs through the list of functions: each has a right of its own, and is not
// to be had with all the others.
func TestEveryFunctionNeedsItsOwnVerb(t *testing.T) {
	t.Parallel()
	c := newClient(t, kubetest.New(t))
	needs := map[string]string{"kube_proxy_get": "proxy", "kube_port_forward_get": "port_forward", "kube_uncordon": "cordon", "kube_pod_stats": "stats"}
	seen := map[string]bool{}
	for _, f := range c.Funcs() {
		verb := needs[f.Name]
		if verb == "" {
			verb = strings.TrimPrefix(f.Name, "kube_")
		}
		seen[verb] = true
		others := unbounded().Grants
		others.Kubernetes[0].Verbs = nil
		for _, v := range verbs() {
			if v != verb {
				others.Kubernetes[0].Verbs = append(others.Kubernetes[0].Verbs, v)
			}
		}
		wantError(t, f.Granted(others), automation.ErrDenied, "", "verbs: ["+verb+"]")
		if err := f.Granted(unbounded().Grants); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	if len(seen) != len(verbs()) {
		t.Errorf("%d verbs of %d are needed by functions", len(seen), len(verbs()))
	}
}

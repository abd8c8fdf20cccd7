package kube_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
)

func web() kube.ObjectRef {
	return kube.ObjectRef{Resource: "deployments", Namespace: "ns", Name: "web"}
}

// shop has a Deployment, ns/web.
func shop(t *testing.T) *kubetest.Server {
	s := kubetest.New(t)
	s.Objects = map[string][]map[string]any{"deployments": {kubetest.Deployment("ns", "web")}}
	return s
}

// read returns a part of an object as JSON.
func read(t *testing.T, c *kube.Client, ref kube.ObjectRef, field string) string {
	t.Helper()
	got, err := c.Get(t.Context(), unbounded(), kube.GetRequest{ObjectRef: ref, Fields: []string{field}})
	if err != nil {
		t.Fatal(err)
	}
	return string(got.Object)
}

func TestPatch(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, kind, patch, diff, containers string }{
		{"merge", "", `{"spec":{"replicas":5}}`, "-  replicas: 2\n+  replicas: 5\n", `[{"name":"main"}]`},
		{"merge replaces lists", "merge", `{"spec":{"template":{"spec":{"containers":[{"name":"new"}]}}}}`, "+      - name: new\n", `[{"name":"new"}]`},
		{"strategic adds to lists", "strategic", `{"spec":{"template":{"spec":{"containers":[{"name":"new"}]}}}}`, "+      - name: new\n", `[{"name":"new"},{"name":"main"}]`},
		{"json", "json", `[{"op":"replace","path":"/spec/replicas","value":5}]`, "-  replicas: 2\n+  replicas: 5\n", `[{"name":"main"}]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := shop(t)
			c := newClient(t, s)
			request := `{"resource":"deployments","namespace":"ns","name":"web","type":"` + tt.kind + `","patch":` + tt.patch + `}`
			before := read(t, c, web(), "spec")
			reply, record := call(t, c, "kube_patch", true, request)
			if record.Error != "" || !record.WouldDo || !strings.Contains(record.Change.Diff, tt.diff) || reply["name"] != "web" {
				t.Fatalf("dry run: %v, %+v", reply, record)
			}
			if after := read(t, c, web(), "spec"); after != before {
				t.Errorf("a dry run has changed %s", after)
			}
			reply, record = call(t, c, "kube_patch", false, request)
			if record.Error != "" || reply["generation"] != 2.0 || reply["uid"] != "uid-of-web" || record.Change.Target != "deployments/ns/web" {
				t.Errorf("%v, %+v", reply, record)
			}
			want := `{"spec":{"template":{"spec":{"containers":` + tt.containers + `}}}}`
			if got := read(t, c, web(), "spec.template.spec.containers.name"); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			for i, dryRun := range []string{metav1.DryRunAll, ""} {
				if q := s.Sent()[i].Query; q.Get("dryRun") != dryRun || q.Get("fieldManager") != "squall" {
					t.Errorf("sent %v", q)
				}
			}
		})
	}
}

func TestPatchErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, kind, patch string
		want              error
		message, hint     string
	}{
		{"no patch", "", "", automation.ErrInvalid, "patch is missing", "spec"},
		{"a patch that is null", "", "null", automation.ErrInvalid, "patch is missing", ""},
		{"an unknown type", "replace", "{}", automation.ErrInvalid, `type is "replace"`, "merge, strategic or json"},
		{"a list of no type", "", "[]", automation.ErrInvalid, "does not fit", "json a list"},
		{"an object of type json", "json", "{}", automation.ErrInvalid, "does not fit", ""},
		{"what the server refuses", "json", `[{"op":"test","path":"/spec/replicas","value":9}]`, automation.ErrInvalid, "testing value", ""},
		{"an older version", "", `{"metadata":{"resourceVersion":"0"}}`, automation.ErrConflict, "has been modified", ""},
	}
	c := newClient(t, shop(t))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := c.Patch(t.Context(), unbounded(), kube.PatchRequest{ObjectRef: web(), Type: tt.kind, Patch: json.RawMessage(tt.patch)})
			wantError(t, err, tt.want, tt.message, tt.hint)
		})
	}
}

// A JSON patch that adds to a list would add again: when nobody knows whether it
// arrived, it is not sent again. A merge is the same when it is sent twice.
func TestPatchIsSentAgainOnlyWhereThatDoesNoHarm(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, kind, patch string
		code              int32
		sent              int
	}{
		{"a merge, after a fault", "merge", `{"spec":{"paused":true}}`, 500, 2},
		{"a list of operations, after a fault", "json", `[{"op":"add","path":"/metadata/finalizers/-","value":"x"}]`, 500, 1},
		{"a list of operations, after too many requests", "json", `[{"op":"add","path":"/metadata/finalizers/-","value":"x"}]`, 429, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := shop(t)
			var failed atomic.Bool
			s.Refuse = func(r *http.Request) *metav1.Status {
				if r.Method == http.MethodPatch && failed.CompareAndSwap(false, true) {
					return kubetest.Failure(tt.code, "", "not now")
				}
				return nil
			}
			_, err := newClient(t, s).Patch(t.Context(), unbounded(), kube.PatchRequest{ObjectRef: web(), Type: tt.kind, Patch: json.RawMessage(tt.patch)})
			if n := len(s.Sent()); n != tt.sent || (err == nil) != (tt.sent == 2) {
				t.Errorf("sent %d times, %v", n, err)
			}
		})
	}
}

func TestPatchWithoutTheRightInTheCluster(t *testing.T) {
	t.Parallel()
	s := shop(t)
	s.Refuse = func(r *http.Request) *metav1.Status {
		if r.Method == http.MethodPatch {
			return kubetest.Failure(403, metav1.StatusReasonForbidden, `User "squall" cannot patch resource "deployments"`)
		}
		return nil
	}
	_, err := newClient(t, s).Patch(t.Context(), unbounded(), kube.PatchRequest{ObjectRef: web(), Patch: json.RawMessage(`{}`)})
	wantError(t, err, automation.ErrDenied, "cannot patch", `Role in namespace ns with {apiGroups: ["apps"], resources: ["deployments"], verbs: [get, patch]}`)
}

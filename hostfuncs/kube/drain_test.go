package kube_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
)

const static, daemon = "a static Pod, which the node itself runs", "its DaemonSet runs one on every node"

// busy has a node with two Pods that can go, two that stay, and one elsewhere.
func busy(t *testing.T) *kubetest.Server {
	s := kubetest.New(t)
	mirror, elsewhere := kubetest.Owned("ns", "kube-proxy", ""), kubetest.Owned("ns", "elsewhere", "ReplicaSet")
	mirror["metadata"].(map[string]any)["annotations"] = map[string]any{"kubernetes.io/config.mirror": "x"}
	elsewhere["spec"] = map[string]any{"nodeName": "node-2"}
	s.Objects = map[string][]map[string]any{
		"nodes": {kubetest.Node("node-1")},
		"pods": {kubetest.Owned("ns", "web", "ReplicaSet"), kubetest.Owned("shop", "cart", "StatefulSet"),
			kubetest.Owned("ns", "agent", "DaemonSet"), mirror, elsewhere},
	}
	return s
}

func stay() []kube.PodState {
	return []kube.PodState{{Namespace: "ns", Name: "agent", Reason: daemon}, {Namespace: "ns", Name: "kube-proxy", Reason: static}}
}

func pods(t *testing.T, c *kube.Client) string {
	t.Helper()
	got, err := c.List(t.Context(), unbounded(), kube.ListRequest{Resource: "pods"})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names(t, got.Items), " ")
}

func TestDrain(t *testing.T) {
	t.Parallel()
	s := busy(t)
	c := newClient(t, s)
	got, err := c.Drain(t.Context(), unbounded(), kube.DrainRequest{Node: "node-1", GraceSeconds: number(7)})
	want := kube.DrainResponse{Complete: true, Cordoned: true, Skipped: stay(), Remaining: []kube.PodState{},
		Evicted: []kube.PodState{{Namespace: "ns", Name: "web"}, {Namespace: "shop", Name: "cart"}}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if left := pods(t, c); left != "ns/agent ns/kube-proxy ns/elsewhere" {
		t.Error(left)
	}
	if n := s.Count("DELETE"); n != 0 {
		t.Errorf("%d Pods were deleted, which disruption budgets do not hold", n)
	}
	if body := s.Sent()[1].Body; !strings.Contains(body, `"gracePeriodSeconds":7`) || !strings.Contains(body, `"uid":"uid-of-web"`) {
		t.Error(body)
	}
}

// budget refuses the evictions of a Pod a number of times.
func budget(pod string, times int64) func(r *http.Request) *metav1.Status {
	var asked atomic.Int64
	return func(r *http.Request) *metav1.Status {
		if strings.HasSuffix(r.URL.Path, "/"+pod+"/eviction") && asked.Add(1) <= times {
			return kubetest.Failure(429, metav1.StatusReasonTooManyRequests, "Cannot evict pod as it would violate the pod's disruption budget.")
		}
		return nil
	}
}

func TestDrainWaitsForDisruptionBudgets(t *testing.T) {
	t.Parallel()
	s := busy(t)
	s.Refuse = budget("cart", 3)
	got, err := newClient(t, s).Drain(t.Context(), unbounded(), kube.DrainRequest{Node: "node-1"})
	if err != nil || !got.Complete || len(got.Evicted) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if n := s.Count("POST /api/v1/namespaces/shop/pods/cart/eviction"); n != 4 {
		t.Errorf("asked %d times", n)
	}
	if n := s.Count("POST /api/v1/namespaces/ns/pods/web/eviction"); n != 1 {
		t.Errorf("a Pod that may go was evicted %d times", n)
	}
}

func TestDrainEndsWhenItsTimeIsUp(t *testing.T) {
	t.Parallel()
	s := busy(t)
	s.Refuse = budget("cart", 1<<40)
	s.Objects["pods"][0]["metadata"].(map[string]any)["annotations"] = map[string]any{kubetest.Stuck: "yes"}
	got, err := newClient(t, s).Drain(t.Context(), unbounded(), kube.DrainRequest{Node: "node-1", TimeoutSeconds: 2})
	want := kube.DrainResponse{Cordoned: true, Evicted: []kube.PodState{}, Skipped: stay(), Remaining: []kube.PodState{
		{Namespace: "ns", Name: "web", Reason: "it is ending"},
		{Namespace: "shop", Name: "cart", Reason: "Cannot evict pod as it would violate the pod's disruption budget."}}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

func TestDrainRefusesWhatWouldBeLost(t *testing.T) {
	t.Parallel()
	volume := kubetest.Owned("ns", "cache", "ReplicaSet")
	volume["spec"].(map[string]any)["volumes"] = []any{map[string]any{"name": "x", "emptyDir": map[string]any{}}}
	done := kubetest.Owned("ns", "done", "")
	done["status"] = map[string]any{"phase": "Succeeded"}
	tests := []struct {
		name    string
		pod     map[string]any
		allow   kube.DrainRequest
		refusal string // empty: it may go in any case
	}{
		{"a Pod that nothing makes anew", kubetest.Owned("ns", "alone", ""), kube.DrainRequest{Force: true}, "ns/alone has no controller"},
		{"a Pod with data of its own", volume, kube.DrainRequest{DeleteEmptyDirData: true}, "ns/cache keeps data"},
		{"a Pod that has done its work", done, kube.DrainRequest{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := busy(t)
			s.Objects["pods"] = append(s.Objects["pods"], tt.pod)
			c := newClient(t, s)
			if tt.refusal != "" {
				_, err := c.Drain(t.Context(), unbounded(), kube.DrainRequest{Node: "node-1"})
				wantError(t, err, automation.ErrConflict, tt.refusal, "force")
				if len(s.Sent()) != 0 {
					t.Errorf("a drain that is refused has changed something: %+v", s.Sent())
				}
			}
			tt.allow.Node = "node-1"
			got, err := c.Drain(t.Context(), unbounded(), tt.allow)
			if err != nil || !got.Complete || len(got.Evicted) != 3 {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestDryRunOfADrain(t *testing.T) {
	t.Parallel()
	s := busy(t)
	s.Refuse = budget("cart", 1<<40)
	c := newClient(t, s)
	reply, record := call(t, c, "kube_drain", true, `{"node":"node-1"}`)
	if record.Error != "" || !record.WouldDo || !strings.HasSuffix(record.Change.Diff, "+  unschedulable: true\n-pod ns/web\n") {
		t.Errorf("%+v", record)
	}
	if reply["complete"] != false || reply["cordoned"] != true || len(reply["remaining"].([]any)) != 1 || len(reply["evicted"].([]any)) != 1 {
		t.Errorf("%v", reply)
	}
	if left := pods(t, c); left != "ns/web shop/cart ns/agent ns/kube-proxy ns/elsewhere" {
		t.Error(left)
	}
	if got := read(t, c, kube.ObjectRef{Resource: "nodes", Name: "node-1"}, "spec.unschedulable"); got != `{}` {
		t.Error(got)
	}
}

func TestDrainErrors(t *testing.T) {
	t.Parallel()
	forbid := func(part string) func(*http.Request) *metav1.Status {
		return func(r *http.Request) *metav1.Status {
			if strings.Contains(r.URL.Path, part) {
				return kubetest.Failure(403, metav1.StatusReasonForbidden, "no")
			}
			return nil
		}
	}
	tests := []struct {
		name          string
		refuse        func(*http.Request) *metav1.Status
		req           kube.DrainRequest
		kind          error
		message, hint string
	}{
		{"a node that is not there", nil, kube.DrainRequest{Node: "node-9"}, automation.ErrNotFound, `"node-9" not found`, ""},
		{"no time", nil, kube.DrainRequest{Node: "node-1", TimeoutSeconds: -1}, automation.ErrInvalid, "timeout_seconds", ""},
		{"without the right to see Pods", forbid("/api/v1/pods"), kube.DrainRequest{Node: "node-1"}, automation.ErrDenied, "list the Pods", `resources: ["pods"], verbs: [list]`},
		{"without the right to evict", forbid("/eviction"), kube.DrainRequest{Node: "node-1"}, automation.ErrDenied, "evict Pod", `resources: ["pods/eviction"], verbs: [create]`},
		{"without the right to cordon", func(r *http.Request) *metav1.Status {
			if r.Method == http.MethodPatch {
				return kubetest.Failure(403, metav1.StatusReasonForbidden, "no")
			}
			return nil
		}, kube.DrainRequest{Node: "node-1"}, automation.ErrDenied, "drain nodes", `resources: ["nodes"], verbs: [get, patch]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := busy(t)
			s.Refuse = tt.refuse
			_, err := newClient(t, s).Drain(t.Context(), unbounded(), tt.req)
			wantError(t, err, tt.kind, tt.message, tt.hint)
		})
	}
}

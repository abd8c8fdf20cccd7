package kube_test

import (
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
)

func number(n int64) *int64 { return &n }

func TestDelete(t *testing.T) {
	t.Parallel()
	s := shop(t)
	c := newClient(t, s)
	request := `{"resource":"deploy","namespace":"ns","name":"web","propagation":"orphan","grace_seconds":0,"uid":"uid-of-web"}`
	reply, record := call(t, c, "kube_delete", true, request)
	if !record.WouldDo || reply["found"] != true || !strings.Contains(record.Change.Diff, "-kind: Deployment\n") || strings.Contains(record.Change.Diff, "\n+") {
		t.Errorf("dry run: %v, %+v", reply, record)
	}
	read(t, c, web(), "spec") // is still there
	reply, record = call(t, c, "kube_delete", false, request)
	if record.Error != "" || reply["found"] != true || record.Change.Verb != "delete" {
		t.Errorf("%v, %+v", reply, record)
	}
	_, err := c.Delete(t.Context(), unbounded(), kube.DeleteRequest{ObjectRef: web()})
	wantError(t, err, automation.ErrNotFound, "not found", "")
	got, err := c.Delete(t.Context(), unbounded(), kube.DeleteRequest{ObjectRef: web(), IgnoreNotFound: true})
	if err != nil || got.Found {
		t.Errorf("%+v, %v", got, err)
	}
	body := s.Sent()[1].Body
	for _, part := range []string{`"propagationPolicy":"Orphan"`, `"gracePeriodSeconds":0`, `"preconditions":{"uid":"uid-of-web"}`} {
		if !strings.Contains(body, part) {
			t.Errorf("%s is not in %s", part, body)
		}
	}
}

func TestDeleteErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		req           kube.DeleteRequest
		kind          error
		message, hint string
	}{
		{"an unknown propagation", kube.DeleteRequest{ObjectRef: web(), Propagation: "all"}, automation.ErrInvalid, "propagation", "orphan"},
		{"no time at all", kube.DeleteRequest{ObjectRef: web(), GraceSeconds: number(-1)}, automation.ErrInvalid, "grace_seconds", ""},
		{"another object of the name", kube.DeleteRequest{ObjectRef: web(), UID: "old"}, automation.ErrConflict, "UID in the precondition", ""},
		{"an object that has changed", kube.DeleteRequest{ObjectRef: web(), ResourceVersion: "0"}, automation.ErrConflict, "ResourceVersion in the precondition", ""},
		{"a kind that is not there is not an object that is not there",
			kube.DeleteRequest{ObjectRef: kube.ObjectRef{Resource: "gadgets", Name: "a"}, IgnoreNotFound: true}, automation.ErrNotFound, "no resource", ""},
	}
	c := newClient(t, shop(t))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := c.Delete(t.Context(), unbounded(), tt.req)
			wantError(t, err, tt.kind, tt.message, tt.hint)
		})
	}
}

// After a fault nobody knows whether the object is gone; a second deletion could
// hit its successor.
func TestDeleteIsNotSentAgain(t *testing.T) {
	t.Parallel()
	s := shop(t)
	s.Refuse = func(r *http.Request) *metav1.Status {
		if r.Method == http.MethodDelete {
			return kubetest.Failure(500, "", "who knows")
		}
		return nil
	}
	_, err := newClient(t, s).Delete(t.Context(), unbounded(), kube.DeleteRequest{ObjectRef: web()})
	wantError(t, err, automation.ErrUnavailable, "who knows", "")
	if n := len(s.Sent()); n != 1 {
		t.Errorf("sent %d times", n)
	}
}

func TestScale(t *testing.T) {
	t.Parallel()
	s := shop(t)
	c := newClient(t, s)
	request := `{"resource":"deployments","namespace":"ns","name":"web","replicas":5,"from":2}`
	reply, record := call(t, c, "kube_scale", true, request)
	if !record.WouldDo || reply["from"] != 2.0 || reply["replicas"] != 5.0 || !strings.Contains(record.Change.Diff, "-  replicas: 2\n+  replicas: 5\n") {
		t.Errorf("dry run: %v, %+v", reply, record)
	}
	if got := read(t, c, web(), "spec.replicas"); got != `{"spec":{"replicas":2}}` {
		t.Error(got)
	}
	if _, record = call(t, c, "kube_scale", false, request); record.Error != "" {
		t.Error(record.Message)
	}
	if got := read(t, c, web(), "spec.replicas"); got != `{"spec":{"replicas":5}}` {
		t.Error(got)
	}
	_, err := c.Scale(t.Context(), unbounded(), kube.ScaleRequest{ObjectRef: web(), Replicas: number(0), From: number(2)})
	wantError(t, err, automation.ErrConflict, "has 5 replicas and not 2", "")
	_, err = c.Scale(t.Context(), unbounded(), kube.ScaleRequest{ObjectRef: web()})
	wantError(t, err, automation.ErrInvalid, "replicas is missing", "")
	s.Objects["nodes"] = append(s.Objects["nodes"], kubetest.Node("node-1"))
	_, err = c.Scale(t.Context(), unbounded(), kube.ScaleRequest{ObjectRef: kube.ObjectRef{Resource: "nodes", Name: "node-1"}, Replicas: number(1)})
	wantError(t, err, automation.ErrNotFound, "could not find the requested resource", "")
}

// Whoever scales in between is not overridden unseen.
func TestScaleDoesNotOverrideAnother(t *testing.T) {
	t.Parallel()
	s := shop(t)
	s.Refuse = func(r *http.Request) *metav1.Status {
		if r.Method == http.MethodPatch {
			other := kubetest.Deployment("ns", "web")
			other["spec"].(map[string]any)["replicas"] = int64(9)
			s.Change("deployments", "MODIFIED", other)
		}
		return nil
	}
	c := newClient(t, s)
	_, err := c.Scale(t.Context(), unbounded(), kube.ScaleRequest{ObjectRef: web(), Replicas: number(5)})
	wantError(t, err, automation.ErrConflict, "has been modified", "")
	if got := read(t, c, web(), "spec.replicas"); got != `{"spec":{"replicas":9}}` {
		t.Error(got)
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	s := shop(t)
	paused := kubetest.Deployment("ns", "paused")
	paused["spec"].(map[string]any)["paused"] = true
	s.Objects["deployments"] = append(s.Objects["deployments"], paused)
	s.Objects["pods"] = []map[string]any{kubetest.Pod("ns", "a", nil)}
	c := newClient(t, s)
	request := `{"kind":"Deployment","namespace":"ns","name":"web"}`
	const annotation = `spec.template.metadata.annotations.kubectl\.kubernetes\.io/restartedAt`
	_, record := call(t, c, "kube_restart", true, request)
	if !record.WouldDo || !strings.Contains(record.Change.Diff, `+        kubectl.kubernetes.io/restartedAt: "2026-01-02T03:04:05Z"`) || record.Change.Target != "deployments/ns/web" {
		t.Errorf("dry run: %+v", record)
	}
	if got := read(t, c, web(), annotation); got != `{}` {
		t.Error(got)
	}
	reply, record := call(t, c, "kube_restart", false, request)
	if record.Error != "" || reply["restarted_at"] != "2026-01-02T03:04:05Z" || reply["generation"] != 2.0 {
		t.Errorf("%v, %+v", reply, record)
	}
	if got := read(t, c, web(), annotation); !strings.Contains(got, "2026-01-02T03:04:05Z") {
		t.Error(got)
	}
	ref := web()
	ref.Name = "paused"
	_, err := c.Restart(t.Context(), unbounded(), kube.RestartRequest{ObjectRef: ref})
	wantError(t, err, automation.ErrConflict, "is paused", "resume")
	_, err = c.Restart(t.Context(), unbounded(), kube.RestartRequest{ObjectRef: kube.ObjectRef{Resource: "pods", Namespace: "ns", Name: "a"}})
	wantError(t, err, automation.ErrInvalid, "pods can not be restarted", "Deployment")
}

func TestCordonAndUncordon(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	s.Objects = map[string][]map[string]any{"nodes": {kubetest.Node("node-1")}}
	c := newClient(t, s)
	node := kube.ObjectRef{Resource: "nodes", Name: "node-1"}
	const request = `{"node":"node-1"}`
	steps := []struct {
		name, function string
		dry            bool
		changed        bool
		diff, spec     string
	}{
		{"a dry run", "kube_cordon", true, true, "+  unschedulable: true\n", `{}`},
		{"cordon", "kube_cordon", false, true, "", `{"spec":{"unschedulable":true}}`},
		{"cordon again", "kube_cordon", false, false, "", `{"spec":{"unschedulable":true}}`},
		{"a dry run of the way back", "kube_uncordon", true, true, "-  unschedulable: true\n", `{"spec":{"unschedulable":true}}`},
		{"uncordon", "kube_uncordon", false, true, "", `{}`},
		{"uncordon again", "kube_uncordon", false, false, "", `{}`},
	}
	for _, step := range steps { // one after the other, not in parallel
		reply, record := call(t, c, step.function, step.dry, request)
		if record.Error != "" || reply["changed"] != step.changed || !strings.Contains(record.Change.Diff, step.diff) || record.Change.Verb != "cordon" || record.Change.Target != "nodes/node-1" {
			t.Errorf("%s: %v, %+v", step.name, reply, record)
		}
		if got := read(t, c, node, "spec.unschedulable"); got != step.spec {
			t.Errorf("%s: %s", step.name, got)
		}
	}
	_, err := c.Cordon(t.Context(), caller(nil), kube.CordonRequest{Node: "node-1"})
	wantError(t, err, automation.ErrDenied, "cordon nodes node-1", "resources: [nodes]")
	_, err = c.Cordon(t.Context(), unbounded(), kube.CordonRequest{})
	wantError(t, err, automation.ErrInvalid, "name is missing", "")
}

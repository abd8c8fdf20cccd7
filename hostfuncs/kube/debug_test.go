package kube_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
)

// debuggable has a Pod whose kubelet says states about ephemeral containers.
func debuggable(t *testing.T, states ...map[string]any) *kubetest.Server {
	s := kubetest.New(t)
	pod := kubetest.Pod("ns", "leaky", nil)
	var all []any
	for _, state := range states {
		all = append(all, map[string]any{"name": "tools", "state": state})
	}
	pod["status"].(map[string]any)["ephemeralContainerStatuses"] = all
	s.Objects = map[string][]map[string]any{"pods": {pod}}
	return s
}

func TestDebug(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		state map[string]any
		want  kube.DebugResponse
	}{
		{"a container that runs", map[string]any{"running": map[string]any{"startedAt": "2026-01-02T03:04:05Z"}}, kube.DebugResponse{State: "running"}},
		{"one that has ended", map[string]any{"terminated": map[string]any{"exitCode": int64(3), "reason": "Error"}}, kube.DebugResponse{State: "terminated", Reason: "Error", ExitCode: 3}},
		{"one that does not start in time", map[string]any{"waiting": map[string]any{"reason": "ErrImagePull", "message": "no such image"}},
			kube.DebugResponse{State: "waiting", Reason: "ErrImagePull", Message: "no such image"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := debuggable(t, tt.state)
			req := kube.DebugRequest{Namespace: "ns", Pod: "leaky", Image: "busybox:1", Container: "tools", Target: "main",
				Command: []string{"sh"}, Args: []string{"-c", "id"}, Env: map[string]string{"B": "2", "A": "1"}, TimeoutSeconds: 1}
			got, err := newClient(t, s).Debug(t.Context(), caller(nil), req)
			tt.want.Container = "tools"
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
			sent := s.Sent()[0]
			want := `{"spec":{"ephemeralContainers":[{"args":["-c","id"],"command":["sh"],"env":[{"name":"A","value":"1"},{"name":"B","value":"2"}],` +
				`"image":"busybox:1","name":"tools","targetContainerName":"main"}]}}`
			if sent.Request != "PATCH /api/v1/namespaces/ns/pods/leaky/ephemeralcontainers" || sent.Body != want {
				t.Errorf("sent %+v", sent)
			}
		})
	}
}

func TestDebugTwiceAddsTwoContainers(t *testing.T) {
	t.Parallel()
	s := debuggable(t)
	c := newClient(t, s)
	for range 2 {
		got, err := c.Debug(t.Context(), caller(nil), kube.DebugRequest{Namespace: "ns", Pod: "leaky", Image: "busybox:1", TimeoutSeconds: 1})
		if err != nil || !strings.HasPrefix(got.Container, "squall-") || got.State != "waiting" {
			t.Errorf("%+v, %v", got, err)
		}
	}
	got := read(t, c, kube.ObjectRef{Resource: "pods", Namespace: "ns", Name: "leaky"}, "spec.ephemeralContainers.image")
	if got != `{"spec":{"ephemeralContainers":[{"image":"busybox:1"},{"image":"busybox:1"}]}}` {
		t.Error(got)
	}
}

func TestDryRunOfDebug(t *testing.T) {
	t.Parallel()
	s := debuggable(t)
	c := newClient(t, s)
	reply, record := call(t, c, "kube_debug", true, `{"namespace":"ns","pod":"leaky","image":"busybox:1","container":"tools"}`)
	if !record.WouldDo || reply["container"] != "tools" || !strings.Contains(record.Change.Diff, "+    name: tools\n") || record.Change.Target != "pods/ns/leaky" {
		t.Errorf("%v, %+v", reply, record)
	}
	if got := read(t, c, kube.ObjectRef{Resource: "pods", Namespace: "ns", Name: "leaky"}, "spec.ephemeralContainers"); got != `{}` {
		t.Error(got)
	}
}

func TestDebugErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		req           kube.DebugRequest
		kind          error
		message, hint string
	}{
		{"no image", kube.DebugRequest{Namespace: "ns", Pod: "leaky"}, automation.ErrInvalid, "image is missing", "busybox"},
		{"a container's name that is none", kube.DebugRequest{Namespace: "ns", Pod: "leaky", Image: "x", Container: "A B"}, automation.ErrInvalid, "can not name a container", ""},
		{"a Pod that is not there", kube.DebugRequest{Namespace: "ns", Pod: "other", Image: "x"}, automation.ErrNotFound, "not found", ""},
		{"another namespace", kube.DebugRequest{Namespace: "bank", Pod: "leaky", Image: "x"}, automation.ErrDenied, "debug pods leaky", "verbs: [debug]"},
	}
	c := newClient(t, debuggable(t))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := c.Debug(t.Context(), caller(nil), tt.req)
			wantError(t, err, tt.kind, tt.message, tt.hint)
		})
	}
}

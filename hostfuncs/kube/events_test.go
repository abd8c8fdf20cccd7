package kube_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
)

func noted(t *testing.T) *kubetest.Server {
	s := kubetest.New(t)
	series := kubetest.Event("ns", "e4", "Pod", "a", "Unhealthy", "", 0)
	for _, old := range []string{"firstTimestamp", "lastTimestamp", "count", "source"} {
		delete(series, old)
	}
	series["eventTime"], series["reportingComponent"] = "2026-01-02T00:00:00.000001Z", "probe"
	series["series"] = map[string]any{"count": int64(9), "lastObservedTime": "2026-01-02T05:00:00Z"}
	s.Objects = map[string][]map[string]any{
		"pods":  {kubetest.Owned("ns", "a", "")},
		"nodes": {kubetest.Node("node-1")},
		"events": {
			kubetest.Event("ns", "e1", "Pod", "a", "BackOff", "2026-01-02T03:00:00Z", 4),
			kubetest.Event("ns", "e2", "Pod", "b", "Other", "2026-01-02T03:00:00Z", 1),
			kubetest.Event("ns", "e3", "Deployment", "a", "Other", "2026-01-02T03:00:00Z", 1),
			series,
			kubetest.Event("ns", "e5", "Pod", "a", "Pulled", "2026-01-02T02:00:00Z", 0),
			kubetest.Event("default", "e6", "Node", "node-1", "NodeNotReady", "2026-01-02T02:00:00Z", 1),
		},
	}
	return s
}

func reasons(events []kube.ObjectEvent) string {
	var all []string
	for _, e := range events {
		all = append(all, e.Reason)
	}
	return strings.Join(all, " ")
}

func TestEvents(t *testing.T) {
	t.Parallel()
	pod := kube.ObjectRef{Resource: "pods", Namespace: "ns", Name: "a"}
	tests := []struct {
		name      string
		req       kube.EventsRequest
		want      string
		truncated bool
	}{
		{"the newest first, of this object alone", kube.EventsRequest{ObjectRef: pod}, "Unhealthy BackOff Pulled", false},
		{"a limit", kube.EventsRequest{ObjectRef: pod, Limit: 2}, "Unhealthy BackOff", true},
		{"of an earlier object of the name", kube.EventsRequest{ObjectRef: pod, UID: "another"}, "", false},
		{"of what has no namespace", kube.EventsRequest{ObjectRef: kube.ObjectRef{Kind: "Node", Name: "node-1"}}, "NodeNotReady", false},
		{"of an object that is gone", kube.EventsRequest{ObjectRef: kube.ObjectRef{Resource: "pods", Namespace: "ns", Name: "b"}}, "Other", false},
	}
	c := newClient(t, noted(t))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.Events(t.Context(), unbounded(), tt.req)
			if err != nil || reasons(got.Events) != tt.want || got.Truncated != tt.truncated {
				t.Errorf("%s, truncated %v, %v", reasons(got.Events), got.Truncated, err)
			}
		})
	}
}

func TestEventsOfBothForms(t *testing.T) {
	t.Parallel()
	got, err := newClient(t, noted(t)).Events(t.Context(), unbounded(), kube.EventsRequest{ObjectRef: kube.ObjectRef{Resource: "pods", Namespace: "ns", Name: "a"}, Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	day := func(d, h int) time.Time { return time.Date(2026, 1, d, h, 0, 0, 0, time.UTC) }
	want := []kube.ObjectEvent{
		{Type: "Warning", Reason: "Unhealthy", Message: "Unhealthy of a", Count: 9, FirstSeen: day(2, 0).Add(time.Microsecond), LastSeen: day(2, 5), Source: "probe"},
		{Type: "Warning", Reason: "BackOff", Message: "BackOff of a", Count: 4, FirstSeen: day(1, 0), LastSeen: day(2, 3), Source: "kubelet"},
	}
	if diff := cmp.Diff(want, got.Events); diff != "" {
		t.Error(diff)
	}
}

func TestEventsPagesThroughALongList(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	s.Objects = map[string][]map[string]any{}
	for i := range 250 {
		s.Objects["events"] = append(s.Objects["events"],
			kubetest.Event("ns", fmt.Sprint("e", i), "Pod", "a", fmt.Sprintf("R%03d", i), time.Date(2026, 6, 1, 0, i, 0, 0, time.UTC).Format(time.RFC3339), 1))
	}
	got, err := newClient(t, s).Events(t.Context(), unbounded(), kube.EventsRequest{ObjectRef: kube.ObjectRef{Resource: "pods", Namespace: "ns", Name: "a"}})
	if err != nil || len(got.Events) != 100 || !got.Truncated || got.Events[0].Reason != "R249" {
		t.Errorf("%d events, truncated %v, %v", len(got.Events), got.Truncated, err)
	}
}

func TestEventsErrors(t *testing.T) {
	t.Parallel()
	s := noted(t)
	s.Refuse = func(r *http.Request) *metav1.Status {
		if strings.HasSuffix(r.URL.Path, "/events") {
			return kubetest.Failure(403, metav1.StatusReasonForbidden, "no")
		}
		return nil
	}
	c := newClient(t, s)
	pod := kube.ObjectRef{Resource: "pods", Namespace: "ns", Name: "a"}
	_, err := c.Events(t.Context(), unbounded(), kube.EventsRequest{ObjectRef: pod})
	wantError(t, err, automation.ErrDenied, "events pods ns/a", `resources: ["events"], verbs: [list]`)
	_, err = c.Events(t.Context(), unbounded(), kube.EventsRequest{ObjectRef: pod, Limit: 501})
	wantError(t, err, automation.ErrInvalid, "limit is 501", "500")
	pod.Namespace = "bank"
	_, err = c.Events(t.Context(), caller(nil), kube.EventsRequest{ObjectRef: pod})
	wantError(t, err, automation.ErrDenied, "read the events of pods a in namespace bank", "verbs: [events]")
}

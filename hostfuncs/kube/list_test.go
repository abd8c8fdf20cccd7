package kube_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
)

func TestList(t *testing.T) {
	t.Parallel()
	everything := unbounded()
	onlyNames := unbounded()
	onlyNames.Grants.Kubernetes[0].Names = []string{"b*"}
	tests := []struct {
		name      string
		who       hostfuncs.Caller
		req       kube.ListRequest
		want      []string
		truncated bool
	}{
		{"all namespaces", everything, kube.ListRequest{Resource: "pods"}, []string{"ns/a", "ns/b", "other/c"}, false},
		{"one namespace", caller(nil), kube.ListRequest{Resource: "pods", Namespace: "ns"}, []string{"ns/a", "ns/b"}, false},
		{"a kind", everything, kube.ListRequest{Kind: "Pod", Namespace: "other"}, []string{"other/c"}, false},
		{"a short name", everything, kube.ListRequest{Resource: "po", Namespace: "other"}, []string{"other/c"}, false},
		{"a resource of another group", everything, kube.ListRequest{Resource: "deployments.apps"}, []string{"ns/web"}, false},
		{"a kind of another group", everything, kube.ListRequest{Kind: "Deployment"}, []string{"ns/web"}, false},
		{"objects without a namespace", everything, kube.ListRequest{Resource: "nodes"}, []string{"/node-1"}, false},
		{"a label selector", everything, kube.ListRequest{Resource: "pods", LabelSelector: "app=web"}, []string{"ns/a"}, false},
		{"a limit that leaves some out", everything, kube.ListRequest{Resource: "pods", Limit: 2}, []string{"ns/a", "ns/b"}, true},
		{"a limit that leaves none out", everything, kube.ListRequest{Resource: "pods", Limit: 3}, []string{"ns/a", "ns/b", "other/c"}, false},
		{"names that the pack may see", onlyNames, kube.ListRequest{Resource: "pods"}, []string{"ns/b"}, false},
		{"nothing", everything, kube.ListRequest{Resource: "pods", Namespace: "empty"}, nil, false},
	}
	s := kubetest.New(t)
	s.Objects = map[string][]map[string]any{
		"pods": {kubetest.Pod("ns", "a", map[string]any{"app": "web"}), kubetest.Pod("ns", "b", nil), kubetest.Pod("other", "c", nil)},
		"deployments": {{"apiVersion": "apps/v1", "kind": "Deployment",
			"metadata": map[string]any{"namespace": "ns", "name": "web"}}},
		"nodes": {{"apiVersion": "v1", "kind": "Node", "metadata": map[string]any{"name": "node-1"}}},
	}
	c := newClient(t, s)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.List(t.Context(), tt.who, tt.req)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, names(t, got.Items)); diff != "" {
				t.Error(diff)
			}
			if got.Count != len(tt.want) || got.Truncated != tt.truncated {
				t.Errorf("count %d, truncated %v", got.Count, got.Truncated)
			}
		})
	}
}

func names(t *testing.T, items []json.RawMessage) (names []string) {
	t.Helper()
	for _, item := range items {
		var object metav1.PartialObjectMetadata
		if err := json.Unmarshal(item, &object); err != nil {
			t.Fatal(err)
		}
		names = append(names, object.Namespace+"/"+object.Name)
	}
	return names
}

func TestListKeepsOnlyTheFieldsAskedFor(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	s.Objects = map[string][]map[string]any{"pods": {kubetest.Pod("ns", "a", map[string]any{"app.kubernetes.io/name": "web"})}}
	tests := []struct {
		name   string
		fields []string
		want   string
	}{
		{"nested keys", []string{"metadata.name", "status.phase"}, `{"metadata":{"name":"a"},"status":{"phase":"Running"}}`},
		{"into the elements of a list", []string{"status.containerStatuses.restartCount"}, `{"status":{"containerStatuses":[{"restartCount":2}]}}`},
		{"a key with dots", []string{`metadata.labels.app\.kubernetes\.io/name`}, `{"metadata":{"labels":{"app.kubernetes.io/name":"web"}}}`},
		{"a whole that contains a part", []string{"spec.nodeName", "spec"}, `{"spec":{"nodeName":"node-1"}}`},
		{"a part of a whole", []string{"spec", "spec.nodeName"}, `{"spec":{"nodeName":"node-1"}}`},
		{"what is not there", []string{"metadata.name", "status.reason", "spec.nodeName.deeper"}, `{"metadata":{"name":"a"}}`},
		{"nothing that is there", []string{"nope"}, `{}`},
		{"everything, but not who manages which field", nil, `{"apiVersion":"v1","kind":"Pod",` +
			`"metadata":{"labels":{"app.kubernetes.io/name":"web"},"name":"a","namespace":"ns"},"spec":{"nodeName":"node-1"},` +
			`"status":{"containerStatuses":[{"name":"main","restartCount":2}],"phase":"Running"}}`},
	}
	c := newClient(t, s)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.List(t.Context(), unbounded(), kube.ListRequest{Resource: "pods", Fields: tt.fields})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]json.RawMessage{json.RawMessage(tt.want)}, got.Items); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func manyPods(n int, size int) []map[string]any {
	pods := make([]map[string]any, n)
	for i := range pods {
		pods[i] = kubetest.Pod("ns", fmt.Sprintf("pod-%05d", i), nil)
		pods[i]["data"] = strings.Repeat("x", size)
	}
	return pods
}

func TestListPagesThroughALongList(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	s.Objects = map[string][]map[string]any{"pods": manyPods(1050, 10)}
	got, err := newClient(t, s).List(t.Context(), unbounded(), kube.ListRequest{Resource: "pods", Fields: []string{"metadata.name", "metadata.namespace"}})
	if err != nil {
		t.Fatal(err)
	}
	all := names(t, got.Items)
	if got.Truncated || len(all) != 1050 || !slices.IsSorted(all) || len(slices.Compact(all)) != 1050 {
		t.Errorf("truncated %v, %d names", got.Truncated, len(all))
	}
	if pages := s.Count("GET /api/v1/pods"); pages != 11 {
		t.Errorf("%d pages", pages)
	}
}

func TestListStopsAtTheSizeOfAReply(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	s.Objects = map[string][]map[string]any{"pods": manyPods(300, 10_000)}
	got, err := newClient(t, s).List(t.Context(), unbounded(), kube.ListRequest{Resource: "pods"})
	if err != nil {
		t.Fatal(err)
	}
	b, _ := json.Marshal(got.Items)
	if !got.Truncated || got.Count < 90 || got.Count > 105 || len(b) > hostfuncs.MaxReplyBytes+1000 {
		t.Errorf("truncated %v, %d items, %d bytes", got.Truncated, got.Count, len(b))
	}
}

// A list that takes longer than the API server remembers its beginning.
func TestListBeginsAgainWhenItExpires(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	s.Objects = map[string][]map[string]any{"pods": manyPods(150, 10)}
	var expired atomic.Bool
	s.Refuse = func(r *http.Request) *metav1.Status {
		if r.URL.Query().Get("continue") != "" && expired.CompareAndSwap(false, true) {
			return kubetest.Failure(http.StatusGone, metav1.StatusReasonExpired, "the provided continue parameter is too old")
		}
		return nil
	}
	got, err := newClient(t, s).List(t.Context(), unbounded(), kube.ListRequest{Resource: "pods"})
	if err != nil || got.Count != 150 {
		t.Errorf("%d objects, %v", got.Count, err)
	}
}

func TestListErrors(t *testing.T) {
	t.Parallel()
	onlyPods := caller(nil)
	onlyPods.Grants.Kubernetes[0].Resources = []string{"pods", "widgets"}
	tests := []struct {
		name          string
		req           kube.ListRequest
		kind          error
		message, hint string
	}{
		{"neither kind nor resource", kube.ListRequest{}, automation.ErrInvalid, "exactly one", "pods"},
		{"both kind and resource", kube.ListRequest{Kind: "Pod", Resource: "pods"}, automation.ErrInvalid, "exactly one", ""},
		{"a negative limit", kube.ListRequest{Resource: "pods", Limit: -1}, automation.ErrInvalid, "limit", ""},
		{"a namespace that is none", kube.ListRequest{Resource: "pods", Namespace: "a/b"}, automation.ErrInvalid, "can not name a namespace", ""},
		{"a field that is none", kube.ListRequest{Resource: "pods", Fields: []string{"a..b"}}, automation.ErrInvalid, "not a path", "metadata.name"},
		{"a field with brackets", kube.ListRequest{Resource: "pods", Fields: []string{"a[0]"}}, automation.ErrInvalid, "not a path", "element by element"},
		{"a resource that the cluster lacks", kube.ListRequest{Resource: "gadgets", Namespace: "ns"}, automation.ErrNotFound, `no resource "gadgets"`, "api-resources"},
		{"a namespace for what has none", kube.ListRequest{Resource: "nodes", Namespace: "ns"}, automation.ErrInvalid, "have no namespace", "leave"},
		{"a selector that is none", kube.ListRequest{Resource: "pods", Namespace: "ns", LabelSelector: "a in ("}, automation.ErrInvalid, "unable to parse", ""},
		{"all namespaces with the right for one", kube.ListRequest{Resource: "pods"}, automation.ErrDenied, "list pods in all namespaces", "- {verbs: [list], resources: [pods], reason:"},
		{"a resource that the pack did not ask for", kube.ListRequest{Resource: "deployments", Namespace: "ns"}, automation.ErrDenied, "list deployments.apps", "resources: [deployments.apps], namespaces: [ns]"},
		{"an operator's resource under a plain name", kube.ListRequest{Resource: "widgets", Namespace: "ns"}, automation.ErrDenied, "widgets.example.com", ""},
	}
	s := kubetest.New(t)
	c := newClient(t, s)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := c.List(t.Context(), onlyPods, tt.req)
			wantError(t, err, tt.kind, tt.message, tt.hint)
		})
	}
}

func TestListWithoutTheRightInTheCluster(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	s.Refuse = func(r *http.Request) *metav1.Status {
		if strings.HasSuffix(r.URL.Path, "/pods") {
			return kubetest.Failure(403, metav1.StatusReasonForbidden, `pods is forbidden: User "squall" cannot list resource "pods"`)
		}
		return nil
	}
	_, err := newClient(t, s).List(t.Context(), unbounded(), kube.ListRequest{Resource: "pods"})
	wantError(t, err, automation.ErrDenied, "cannot list", `ClusterRole with {apiGroups: [""], resources: ["pods"], verbs: [list]}`)
}

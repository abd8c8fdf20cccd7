package kube_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/squall-dev/squall/hostfuncs/hostfuncstest"
	"github.com/squall-dev/squall/hostfuncs/kube"
	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
)

// loaded is three Pods on two nodes; "ns/b" is nearest to its limit, "ns/free" has none.
func loaded(t *testing.T) *kubetest.Server {
	s := kubetest.New(t)
	free := kubetest.Using("ns", "free", "node-2", "", nil)
	free["spec"] = map[string]any{"nodeName": "node-2", "containers": []any{map[string]any{"name": "main"}}}
	pending := kubetest.Using("ns", "pending", "node-2", "1Gi", nil)
	pending["status"] = map[string]any{"phase": "Pending"}
	s.Objects = map[string][]map[string]any{
		"nodes": {kubetest.Node("node-1"), kubetest.Node("node-2")},
		"pods": {kubetest.Using("ns", "a", "node-1", "512Mi", map[string]any{"app": "a"}), kubetest.Using("ns", "b", "node-2", "256Mi", nil),
			free, pending, kubetest.Using("other", "c", "node-1", "256Mi", nil)},
	}
	s.Usage = func(_, pod, _ string) (int64, time.Time, bool) {
		return 128 << 20, now().Add(-3 * time.Second), pod != "silent"
	}
	return s
}

func lines(r kube.PodStatsResponse) string {
	var all []string
	for _, c := range r.Containers {
		all = append(all, fmt.Sprintf("%s/%s/%s %d/%d", c.Namespace, c.Pod, c.Container, c.WorkingSet>>20, c.Limit>>20))
	}
	return strings.Join(all, " ")
}

func TestPodStats(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		req    kube.PodStatsRequest
		change func(*kubetest.Server)
		want   string
		source string
	}{
		{"those nearest to their limit come first", kube.PodStatsRequest{Namespaces: []string{"ns"}}, nil,
			"ns/b/main 128/256 ns/a/main 128/512 ns/free/main 128/0", "node"},
		{"a namespace that is named twice is asked once", kube.PodStatsRequest{Namespaces: []string{"ns", "ns"}, LabelSelector: "app=a"}, nil,
			"ns/a/main 128/512", "node"},
		{"one Pod alone", kube.PodStatsRequest{Namespaces: []string{"ns"}, Pod: "a"}, nil, "ns/a/main 128/512", "node"},
		{"one Pod alone, by metrics.k8s.io", kube.PodStatsRequest{Namespaces: []string{"ns"}, Pod: "a", Source: "metrics"}, nil, "ns/a/main 128/512", "metrics"},
		{"metrics.k8s.io tells the same", kube.PodStatsRequest{Namespaces: []string{"ns"}, Source: "metrics"}, nil,
			"ns/b/main 128/256 ns/a/main 128/512 ns/free/main 128/0", "metrics"},
		{"who may not ask the kubelets is told by metrics.k8s.io", kube.PodStatsRequest{Namespaces: []string{"ns"}, LabelSelector: "app=a"}, noKubelets,
			"ns/a/main 128/512", "metrics"},
		{"a container of which nothing is known yet is left out", kube.PodStatsRequest{Namespaces: []string{"ns"}},
			func(s *kubetest.Server) { s.Objects["pods"][0]["metadata"].(map[string]any)["name"] = "silent" },
			"ns/b/main 128/256 ns/free/main 128/0", "node"},
		{"no Pods are no error", kube.PodStatsRequest{Namespaces: []string{"ns"}, LabelSelector: "app=none"}, nil, "", "node"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := loaded(t)
			if tt.change != nil {
				tt.change(s)
			}
			got, err := newClient(t, s).PodStats(t.Context(), caller(nil), tt.req)
			if err != nil || lines(got) != tt.want || got.Source != tt.source {
				t.Errorf("got %q from %s, %v; want %q from %s", lines(got), got.Source, err, tt.want, tt.source)
			}
		})
	}
}

func noKubelets(s *kubetest.Server) {
	s.Refuse = func(r *http.Request) *metav1.Status {
		if strings.Contains(r.URL.Path, "/proxy/") {
			return kubetest.Failure(403, metav1.StatusReasonForbidden, `cannot get resource "nodes/proxy"`)
		}
		return nil
	}
}

func TestPodStatsTellsWhoseFigureItIs(t *testing.T) {
	t.Parallel()
	got, err := newClient(t, loaded(t)).PodStats(t.Context(), caller(nil), kube.PodStatsRequest{Namespaces: []string{"ns"}, LabelSelector: "app=a"})
	if err != nil || len(got.Containers) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	want := kube.ContainerStats{
		Namespace: "ns", Pod: "a", UID: "uid-of-a", Container: "main", Node: "node-1", Owner: "ReplicaSet/owner",
		WorkingSet: 128 << 20, Limit: 512 << 20, At: now().Add(-3 * time.Second),
		StartedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Restarts: 2,
	}
	if !cmp.Equal(got.Containers[0], want, cmpopts.IgnoreUnexported(kube.ContainerStats{})) {
		t.Errorf("got  %+v\nwant %+v", got.Containers[0], want)
	}
}

// A container that was restarted a moment ago is another one, whatever is remembered.
func TestPodStatsOfOnePodKnowsOfARestart(t *testing.T) {
	t.Parallel()
	s := loaded(t)
	c := newClient(t, s) // its clock stands still
	one := kube.PodStatsRequest{Namespaces: []string{"ns"}, Pod: "a", Source: "metrics"}
	for _, want := range []string{"2026-01-01T00:00:00Z", "2026-01-02T03:00:00Z"} {
		got, err := c.PodStats(t.Context(), caller(nil), one)
		if err != nil || len(got.Containers) != 1 || got.Containers[0].StartedAt.Format(time.RFC3339) != want {
			t.Errorf("%+v, %v; want one started at %s", got.Containers, err, want)
		}
		next := kubetest.Using("ns", "a", "node-1", "512Mi", nil)
		next["status"].(map[string]any)["containerStatuses"] = []any{map[string]any{"name": "main", "restartCount": int64(3),
			"state": map[string]any{"running": map[string]any{"startedAt": "2026-01-02T03:00:00Z"}}}}
		s.Objects["pods"][0] = next
	}
}

// Several packs that ask at once, and again within half a second, are one request to
// each node.
func TestPodStatsAsksEachNodeOnce(t *testing.T) {
	t.Parallel()
	s := loaded(t)
	var at atomic.Int64
	c, err := kube.New(kube.Options{Kubeconfig: s.Kubeconfig, Now: func() time.Time { return now().Add(time.Duration(at.Load())) }})
	if err != nil {
		t.Fatal(err)
	}
	ask := func() {
		t.Helper()
		if _, err := c.PodStats(t.Context(), caller(nil), kube.PodStatsRequest{Namespaces: []string{"ns"}}); err != nil {
			t.Error(err)
		}
	}
	var all sync.WaitGroup
	for range 10 {
		all.Go(ask)
	}
	all.Wait()
	for _, step := range []struct {
		after       time.Duration
		nodes, list int
	}{{0, 1, 1}, {499 * time.Millisecond, 1, 1}, {500 * time.Millisecond, 2, 1}, {5 * time.Second, 3, 2}} {
		at.Store(int64(step.after))
		ask()
		for _, node := range []string{"node-1", "node-2"} {
			if n := s.Count("GET /api/v1/nodes/" + node + "/proxy"); n != step.nodes {
				t.Errorf("after %s %s was asked %d times, want %d", step.after, node, n, step.nodes)
			}
		}
		if n := s.Count("GET /api/v1/namespaces/ns/pods"); n != step.list {
			t.Errorf("after %s Pods were listed %d times, want %d", step.after, n, step.list)
		}
	}
}

// Who looks each second must not shake hands each second.
func TestPodStatsUsesItsConnectionsAgain(t *testing.T) {
	t.Parallel()
	s := loaded(t)
	for i := range 50 { // answers that do not fit into one read
		s.Objects["pods"] = append(s.Objects["pods"], kubetest.Using("ns", fmt.Sprintf("more-%d", i), fmt.Sprintf("node-%d", 1+i%2), "1Gi", nil))
	}
	var at atomic.Int64
	c, err := kube.New(kube.Options{Kubeconfig: s.Kubeconfig, Now: func() time.Time { return now().Add(time.Duration(at.Load())) }})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		at.Add(int64(10 * time.Second))
		if _, err := c.PodStats(t.Context(), caller(nil), kube.PodStatsRequest{Namespaces: []string{"ns"}}); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Connections(); n > 4 {
		t.Errorf("%d connections for 60 requests, of which two run at once", n)
	}
}

// A refusal is believed for a minute: a right that is missing is not asked for each second.
func TestPodStatsDoesNotInsistOnTheKubelets(t *testing.T) {
	t.Parallel()
	s := loaded(t)
	noKubelets(s)
	var at atomic.Int64
	c, err := kube.New(kube.Options{Kubeconfig: s.Kubeconfig, Now: func() time.Time { return now().Add(time.Duration(at.Load())) }})
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range []int{1, 1, 2} {
		at.Store(int64(n) * int64(40*time.Second))
		got, err := c.PodStats(t.Context(), caller(nil), kube.PodStatsRequest{Namespaces: []string{"ns"}, LabelSelector: "app=a"})
		if asked := s.Count("GET /api/v1/nodes/"); err != nil || asked != want || got.Source != "metrics" {
			t.Errorf("after %d calls the kubelets were asked %d times, want %d (%v)", n+1, asked, want, err)
		}
	}
}

func TestPodStatsGoesOnWithoutANode(t *testing.T) {
	t.Parallel()
	s := loaded(t)
	s.Refuse = func(r *http.Request) *metav1.Status {
		if strings.Contains(r.URL.Path, "node-2/proxy") {
			return kubetest.Failure(503, metav1.StatusReasonServiceUnavailable, "error trying to reach service: dial tcp: i/o timeout")
		}
		return nil
	}
	c := newClient(t, s)
	got, err := c.PodStats(t.Context(), caller(nil), kube.PodStatsRequest{Namespaces: []string{"ns"}})
	if err != nil || lines(got) != "ns/a/main 128/512" || len(got.Failures) != 1 || got.Failures[0].Node != "node-2" {
		t.Errorf("got %+v, %v", got, err)
	}
	s.Objects["pods"] = s.Objects["pods"][1:2]
	_, err = newClient(t, s).PodStats(t.Context(), caller(nil), kube.PodStatsRequest{Namespaces: []string{"ns"}})
	wantError(t, err, automation.ErrUnavailable, "i/o timeout", "")
}

// Most Pods of a grant by name are none of the pack's business.
func TestPodStatsShowsOnlyWhatIsGranted(t *testing.T) {
	t.Parallel()
	who := caller(&hostfuncstest.Sink{})
	who.Grants.Kubernetes[0].Names = []string{"a*"}
	got, err := newClient(t, loaded(t)).PodStats(t.Context(), who, kube.PodStatsRequest{Namespaces: []string{"ns"}})
	if err != nil || lines(got) != "ns/a/main 128/512" {
		t.Errorf("got %q, %v", lines(got), err)
	}
}

func TestPodStatsErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		req           kube.PodStatsRequest
		change        func(*kubetest.Server)
		kind          error
		message, hint string
	}{
		{"all namespaces, when one is granted", kube.PodStatsRequest{}, nil,
			automation.ErrDenied, "read the stats of pods in all namespaces", "verbs: [stats]"},
		{"another namespace", kube.PodStatsRequest{Namespaces: []string{"ns", "other"}}, nil, automation.ErrDenied, "in namespace other", "namespaces: [other]"},
		{"a namespace that is none", kube.PodStatsRequest{Namespaces: []string{"../x"}}, nil, automation.ErrInvalid, "can not name a namespace", ""},
		{"a selector that is none", kube.PodStatsRequest{LabelSelector: "a in ("}, nil, automation.ErrInvalid, "label_selector", "app=web"},
		{"a Pod of no namespace", kube.PodStatsRequest{Pod: "a"}, nil, automation.ErrInvalid, "of 0 namespaces", "the one namespace"},
		{"a Pod that is none", kube.PodStatsRequest{Namespaces: []string{"ns"}, Pod: "a,b"}, nil, automation.ErrInvalid, "can not name a Pod", ""},
		{"a source that is none", kube.PodStatsRequest{Source: "prometheus"}, nil, automation.ErrInvalid, `source is "prometheus"`, "node or metrics"},
		{"a cluster without metrics.k8s.io", kube.PodStatsRequest{Namespaces: []string{"ns"}, Source: "metrics"},
			func(s *kubetest.Server) { s.NoMetrics = true }, automation.ErrUnavailable, "no metrics.k8s.io", "metrics-server"},
		{"neither way is open", kube.PodStatsRequest{Namespaces: []string{"ns"}}, func(s *kubetest.Server) { s.NoMetrics = true; noKubelets(s) },
			automation.ErrDenied, "nodes/proxy", `resources: ["nodes/proxy"], verbs: [get]}; or, which is much less of a right, for metrics.k8s.io`},
		{"the kubelets alone, which are forbidden", kube.PodStatsRequest{Namespaces: []string{"ns"}, Source: "node"}, noKubelets,
			automation.ErrDenied, "nodes/proxy", `resources: ["nodes/proxy"], verbs: [get]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := loaded(t)
			if tt.change != nil {
				tt.change(s)
			}
			_, err := newClient(t, s).PodStats(t.Context(), caller(nil), tt.req)
			wantError(t, err, tt.kind, tt.message, tt.hint)
		})
	}
}

// Whose Pods may not be seen, their memory may not be either.
func TestPodStatsKeepToLabelsAndOwners(t *testing.T) {
	t.Parallel()
	s := loaded(t)
	who := caller(nil)
	who.Grants.Kubernetes[0].Labels = map[string]string{"app": "a"}
	got, err := newClient(t, s).PodStats(t.Context(), who, kube.PodStatsRequest{Namespaces: []string{"ns"}})
	if err != nil || len(got.Containers) != 1 || got.Containers[0].Pod != "a" {
		t.Errorf("%+v, %v", got, err)
	}
	owned := ownedClient(t, s, nil)
	_, err = owned.PodStats(t.Context(), caller(nil), kube.PodStatsRequest{Namespaces: []string{"ns"}})
	wantError(t, err, automation.ErrDenied, "mira, in whose name this runs", "")
	if asked := s.Questions(); len(asked) != 1 || asked[0] != "mira list pods ns/" {
		t.Errorf("asked %v", asked)
	}
}

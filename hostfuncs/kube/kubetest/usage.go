package kubetest

import (
	"fmt"
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
)

// Using makes a Pod for Objects whose one container, "main", has a limit of memory.
func Using(namespace, name, node, limit string, labels map[string]any) map[string]any {
	pod := Owned(namespace, name, "ReplicaSet")
	metadata, _ := pod["metadata"].(map[string]any)
	metadata["labels"] = labels
	pod["spec"] = map[string]any{"nodeName": node, "containers": []any{
		map[string]any{"name": "main", "resources": map[string]any{"limits": map[string]any{"memory": limit}}}}}
	pod["status"] = map[string]any{"phase": "Running", "containerStatuses": []any{
		map[string]any{"name": "main", "restartCount": int64(2), "state": map[string]any{
			"running": map[string]any{"startedAt": "2026-01-01T00:00:00Z"}}}}}
	return pod
}

// summary is a kubelet's /stats/summary, as the API server's proxy passes it on.
func (s *Server) summary(w http.ResponseWriter, r *http.Request) {
	node := r.PathValue("node")
	pods := []any{}
	for _, pod := range s.matching("pods", "", labels.Everything(), fields.OneTermEqualSelector("spec.nodeName", node)) {
		u := unstructured.Unstructured{Object: pod}
		pods = append(pods, map[string]any{
			"podRef":    map[string]any{"name": u.GetName(), "namespace": u.GetNamespace(), "uid": u.GetUID()},
			"startTime": "2026-01-01T00:00:00Z", "containers": s.containersOf(u, summaryContainer),
		})
	}
	if !s.has("nodes", node) {
		writeStatus(w, Failure(http.StatusNotFound, metav1.StatusReasonNotFound, fmt.Sprintf("nodes %q not found", node)))
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"node": map[string]any{"nodeName": node}, "pods": pods})
}

func (s *Server) has(resource, name string) bool {
	return len(s.matching(resource, "", labels.Everything(), fields.OneTermEqualSelector("metadata.name", name))) > 0
}

// summaryContainer is with what a kubelet tells beside; a container of which nothing
// is known yet is there without its memory.
func summaryContainer(name, started string, bytes int64, at time.Time, ok bool) map[string]any {
	c := map[string]any{"name": name, "startTime": started}
	if ok {
		c["cpu"] = map[string]any{"time": at, "usageNanoCores": 1_000_000}
		c["memory"] = map[string]any{"time": at, "workingSetBytes": bytes, "usageBytes": bytes + 1<<20, "rssBytes": bytes, "pageFaults": 0, "majorPageFaults": 0}
	}
	return c
}

// podMetrics is what metrics-server answers.
func (s *Server) podMetrics(w http.ResponseWriter, r *http.Request) {
	selector, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	field, fieldErr := fields.ParseSelector(r.URL.Query().Get("fieldSelector"))
	if err != nil || fieldErr != nil || s.NoMetrics {
		writeStatus(w, Failure(http.StatusNotFound, metav1.StatusReasonNotFound, "the server could not find the requested resource"))
		return
	}
	items := []any{}
	for _, pod := range s.matching("pods", r.PathValue("namespace"), selector, field) {
		u := unstructured.Unstructured{Object: pod}
		var taken time.Time
		containers := s.containersOf(u, func(name, _ string, bytes int64, at time.Time, ok bool) map[string]any {
			taken = at
			return map[string]any{"name": name, "usage": map[string]any{"cpu": "1m", "memory": fmt.Sprintf("%dKi", bytes>>10)}}
		})
		items = append(items, map[string]any{
			"metadata":  map[string]any{"name": u.GetName(), "namespace": u.GetNamespace(), "creationTimestamp": taken},
			"timestamp": taken, "window": "15s", "containers": containers,
		})
	}
	writeJSON(w, http.StatusOK, map[string]any{"kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": map[string]any{}, "items": items})
}

func (s *Server) containersOf(pod unstructured.Unstructured, line func(name, started string, bytes int64, at time.Time, ok bool) map[string]any) []any {
	all := []any{}
	found, _, _ := unstructured.NestedFieldNoCopy(pod.Object, "status", "containerStatuses")
	statuses, _ := found.([]any)
	for _, status := range statuses {
		c, _ := status.(map[string]any)
		name, _ := c["name"].(string)
		const started = "2025-12-31T23:59:58Z" // of the cgroup, which is there before the container runs
		var bytes int64
		var at time.Time
		known := false
		if s.Usage != nil {
			bytes, at, known = s.Usage(pod.GetNamespace(), pod.GetName(), name)
		}
		all = append(all, line(name, started, bytes, at, known))
	}
	return all
}

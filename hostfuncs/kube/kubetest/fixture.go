package kubetest

// Deployment makes a Deployment of two replicas for Objects.
func Deployment(namespace, name string) map[string]any {
	return map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"namespace": namespace, "name": name, "uid": "uid-of-" + name, "resourceVersion": "1", "generation": int64(1)},
		"spec": map[string]any{
			"replicas": int64(2),
			"template": map[string]any{
				"metadata": map[string]any{"labels": map[string]any{"app": name}},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": "main", "image": "shop/" + name + ":1"}}},
			},
		},
	}
}

// Node makes a node for Objects.
func Node(name string) map[string]any {
	return map[string]any{"apiVersion": "v1", "kind": "Node",
		"metadata": map[string]any{"name": name, "uid": "uid-of-" + name, "resourceVersion": "1"}, "spec": map[string]any{}}
}

// Owned makes a Pod on node-1 that a controller of a kind makes anew; of no kind,
// it is a Pod of its own.
func Owned(namespace, name, kind string) map[string]any {
	pod := Pod(namespace, name, nil)
	metadata, _ := pod["metadata"].(map[string]any)
	metadata["uid"], metadata["resourceVersion"] = "uid-of-"+name, "1"
	if kind != "" {
		metadata["ownerReferences"] = []any{map[string]any{
			"apiVersion": "apps/v1", "kind": kind, "name": "owner", "uid": "uid-of-owner", "controller": true}}
	}
	return pod
}

// Event makes what the cluster notes about an object, at a time such as
// "2026-01-02T03:04:05Z".
func Event(namespace, name, kind, about, reason, last string, count int64) map[string]any {
	return map[string]any{
		"apiVersion": "v1", "kind": "Event",
		"metadata":       map[string]any{"namespace": namespace, "name": name},
		"involvedObject": map[string]any{"kind": kind, "namespace": namespace, "name": about, "uid": "uid-of-" + about},
		"type":           "Warning", "reason": reason, "message": reason + " of " + about, "count": count,
		"firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": last, "source": map[string]any{"component": "kubelet"},
	}
}

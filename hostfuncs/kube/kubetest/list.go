package kubetest

import (
	"net/http"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
)

// resources is what the server has, by group and version.
func resources(groupVersion string) []metav1.APIResource {
	verbs := metav1.Verbs{"get", "list", "watch", "patch", "delete"}
	switch groupVersion {
	case "v1":
		return []metav1.APIResource{
			{Name: "pods", SingularName: "pod", Kind: "Pod", Namespaced: true, Verbs: verbs, ShortNames: []string{"po"}},
			{Name: "pods/log", Kind: "Pod", Namespaced: true, Verbs: metav1.Verbs{"get"}},
			{Name: "pods/ephemeralcontainers", Kind: "Pod", Namespaced: true, Verbs: metav1.Verbs{"get", "patch"}},
			{Name: "pods/eviction", Group: "policy", Version: "v1", Kind: "Eviction", Namespaced: true, Verbs: metav1.Verbs{"create"}},
			{Name: "nodes", SingularName: "node", Kind: "Node", Verbs: verbs, ShortNames: []string{"no"}},
			{Name: "events", SingularName: "event", Kind: "Event", Namespaced: true, Verbs: verbs, ShortNames: []string{"ev"}},
			{Name: "secrets", SingularName: "secret", Kind: "Secret", Namespaced: true, Verbs: verbs},
			{Name: "configmaps", SingularName: "configmap", Kind: "ConfigMap", Namespaced: true, Verbs: verbs, ShortNames: []string{"cm"}},
		}
	case "apps/v1":
		return []metav1.APIResource{
			{Name: "deployments", SingularName: "deployment", Kind: "Deployment", Namespaced: true, Verbs: verbs, ShortNames: []string{"deploy"}},
			{Name: "deployments/scale", Group: "autoscaling", Version: "v1", Kind: "Scale", Namespaced: true, Verbs: metav1.Verbs{"get", "patch", "update"}},
		}
	}
	return []metav1.APIResource{ // an operator's own, with a familiar name
		{Name: "widgets", SingularName: "widget", Kind: "Widget", Namespaced: true, Verbs: verbs},
	}
}

// served tells what a list is a list of.
func served(r *http.Request) (groupVersion, kind string) {
	groupVersion = "v1"
	if rest, ok := strings.CutPrefix(r.URL.Path, "/apis/"); ok {
		groupVersion = strings.Join(strings.SplitN(rest, "/", 3)[:2], "/")
	}
	for _, resource := range resources(groupVersion) {
		if resource.Name == r.PathValue("resource") {
			return groupVersion, resource.Kind
		}
	}
	return groupVersion, ""
}

func discoverCore(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, metav1.APIVersions{
		TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}})
}

func discoverGroups(w http.ResponseWriter, _ *http.Request) {
	group := func(name string) metav1.APIGroup {
		v := metav1.GroupVersionForDiscovery{GroupVersion: name + "/v1", Version: "v1"}
		return metav1.APIGroup{Name: name, Versions: []metav1.GroupVersionForDiscovery{v}, PreferredVersion: v}
	}
	writeJSON(w, http.StatusOK, metav1.APIGroupList{
		TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"},
		Groups:   []metav1.APIGroup{group("apps"), group("example.com")}})
}

func discoverResources(groupVersion string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, metav1.APIResourceList{
			TypeMeta:     metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"},
			GroupVersion: groupVersion, APIResources: resources(groupVersion)})
	}
}

// list answers in pages; the continue token is the index of the next object.
func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	selector, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	if err != nil {
		writeStatus(w, Failure(http.StatusBadRequest, metav1.StatusReasonBadRequest, "unable to parse requirement: "+err.Error()))
		return
	}
	if r.URL.Query().Get("watch") == "true" {
		s.watch(w, r)
		return
	}
	fields, err := fields.ParseSelector(r.URL.Query().Get("fieldSelector"))
	if err != nil {
		writeStatus(w, Failure(http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error()))
		return
	}
	matching := s.matching(r.PathValue("resource"), r.PathValue("namespace"), selector, fields)
	defer s.bury(r.PathValue("resource"))
	from, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	to, metadata := len(matching), map[string]any{"resourceVersion": s.version()}
	if limit, _ := strconv.Atoi(r.URL.Query().Get("limit")); limit > 0 && from+limit < to {
		to = from + limit
		metadata["continue"] = strconv.Itoa(to)
	}
	groupVersion, kind := served(r)
	writeJSON(w, http.StatusOK, map[string]any{
		"kind": kind + "List", "apiVersion": groupVersion, "metadata": metadata, "items": matching[from:to]})
}

func (s *Server) matching(resource, namespace string, selector labels.Selector, fields fields.Selector) []map[string]any {
	matching := []map[string]any{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, object := range s.Objects[resource] {
		metadata, _ := object["metadata"].(map[string]any)
		set := labels.Set{}
		tags, _ := metadata["labels"].(map[string]any)
		for key, value := range tags {
			set[key], _ = value.(string)
		}
		if (namespace == "" || metadata["namespace"] == namespace) && selector.Matches(set) && fields.Matches(paths{object}) {
			matching = append(matching, object)
		}
	}
	return matching
}

// paths lets field selectors look into an object: "spec.nodeName".
type paths struct{ object map[string]any }

func (p paths) Has(path string) bool { return p.Get(path) != "" }

func (p paths) Get(path string) string {
	value, _, _ := unstructured.NestedString(p.object, strings.Split(path, ".")...)
	return value
}

// Pod makes a Pod for Objects.
func Pod(namespace, name string, labels map[string]any) map[string]any {
	return map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"namespace": namespace, "name": name, "labels": labels,
			"managedFields": []any{map[string]any{"manager": "kubelet"}}},
		"spec":   map[string]any{"nodeName": "node-1"},
		"status": map[string]any{"phase": "Running", "containerStatuses": []any{map[string]any{"name": "main", "restartCount": 2}}},
	}
}

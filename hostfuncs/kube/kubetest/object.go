package kubetest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// object answers requests for one object and for its subresources.
func (s *Server) object(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	a := &access{s: s, r: r, body: body, resource: r.PathValue("resource"), namespace: r.PathValue("namespace"), name: r.PathValue("name")}
	code, answer := a.locked()
	writeJSON(w, code, answer)
	if r.Method == http.MethodGet {
		s.bury(a.resource)
	}
}

func (a *access) locked() (int, any) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	return a.answer()
}

// access is one request. Its methods want the server's lock held.
type access struct {
	s                         *Server
	r                         *http.Request
	body                      []byte
	resource, namespace, name string
}

func (a *access) answer() (int, any) {
	live := a.find()
	apply := a.r.Method == http.MethodPatch && a.r.Header.Get("Content-Type") == "application/apply-patch+yaml"
	if live == nil && !apply {
		return refuse(http.StatusNotFound, metav1.StatusReasonNotFound, "%s %q not found", a.resource, a.name)
	}
	switch sub := a.r.PathValue("subresource"); {
	case sub == "scale":
		return a.scale(live)
	case sub == "eviction" && a.r.Method == http.MethodPost:
		return a.evict(live)
	case sub != "" && sub != "ephemeralcontainers":
		return refuse(http.StatusNotFound, metav1.StatusReasonNotFound, "the server could not find the requested resource")
	case a.r.Method == http.MethodGet:
		return http.StatusOK, live
	case a.r.Method == http.MethodDelete:
		return a.delete(live)
	case apply:
		return a.apply(live)
	case a.r.Method == http.MethodPatch:
		return a.patch(live, sub)
	}
	return refuse(http.StatusMethodNotAllowed, metav1.StatusReasonMethodNotAllowed, "the server does not allow this method on the requested resource")
}

func refuse(code int32, reason metav1.StatusReason, format string, args ...any) (int, any) {
	return int(code), Failure(code, reason, fmt.Sprintf(format, args...))
}

func (a *access) find() map[string]any {
	for _, object := range a.s.Objects[a.resource] {
		if a.same(object) {
			return object
		}
	}
	return nil
}

func (a *access) same(object map[string]any) bool {
	u := unstructured.Unstructured{Object: object}
	return u.GetNamespace() == a.namespace && u.GetName() == a.name
}

// dry tells whether nothing is to be kept.
func (a *access) dry() bool { return slices.Contains(a.r.URL.Query()["dryRun"], metav1.DryRunAll) }

// keep makes an object what is there, and answers with it. An object that does not
// change keeps its version, as on a real server.
func (a *access) keep(live, next map[string]any) (int, any) {
	u := unstructured.Unstructured{Object: next}
	var before unstructured.Unstructured
	if live != nil {
		before.Object = live
		if version := u.GetResourceVersion(); version != before.GetResourceVersion() {
			return refuse(http.StatusConflict, metav1.StatusReasonConflict, "Operation cannot be fulfilled on %s %q: "+
				"the object has been modified; please apply your changes to the latest version and try again", a.resource, a.name)
		}
		if u.GetName() != a.name || u.GetNamespace() != a.namespace {
			return refuse(http.StatusBadRequest, metav1.StatusReasonBadRequest, "the name of the object does not match the name on the URL")
		}
	}
	if specChanged(before.Object, next) {
		u.SetGeneration(before.GetGeneration() + 1)
	}
	if a.dry() {
		return http.StatusOK, next
	}
	u.SetResourceVersion(strconv.Itoa(len(a.s.changes) + 2))
	kind := "MODIFIED"
	if live == nil {
		kind = "ADDED"
	}
	a.record(kind, next)
	return http.StatusOK, next
}

func specChanged(before, after map[string]any) bool {
	a, _ := json.Marshal(before["spec"])
	b, _ := json.Marshal(after["spec"])
	return string(a) != string(b)
}

// record replaces the object, or removes it, and tells the watches.
func (a *access) record(kind string, object map[string]any) {
	if a.s.Objects == nil {
		a.s.Objects = map[string][]map[string]any{}
	}
	var left []map[string]any
	placed := kind == "DELETED"
	for _, o := range a.s.Objects[a.resource] {
		switch {
		case !a.same(o):
			left = append(left, o)
		case !placed:
			left, placed = append(left, object), true
		}
	}
	if !placed {
		left = append(left, object)
	}
	a.s.Objects[a.resource] = left
	a.s.changes = append(a.s.changes, change{a.resource, kind, object})
	close(a.s.news)
	a.s.news = make(chan struct{})
}

func (a *access) delete(live map[string]any) (int, any) {
	var options metav1.DeleteOptions
	if err := json.Unmarshal(a.body, &options); err != nil {
		return refuse(http.StatusBadRequest, metav1.StatusReasonBadRequest, "%v", err)
	}
	if problem := a.unmet(live, options.Preconditions); problem != nil {
		return int(problem.Code), problem
	}
	if !a.dry() && !slices.Contains(options.DryRun, metav1.DryRunAll) {
		a.record("DELETED", live)
	}
	return http.StatusOK, metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess}
}

func (a *access) unmet(live map[string]any, p *metav1.Preconditions) *metav1.Status {
	u := unstructured.Unstructured{Object: live}
	problem := func(what, wanted, got string) *metav1.Status {
		return Failure(http.StatusConflict, metav1.StatusReasonConflict, fmt.Sprintf(
			"Operation cannot be fulfilled on %s %q: the %s in the precondition (%s) does not match the %s in record (%s). "+
				"The object might have been deleted and then recreated", a.resource, a.name, what, wanted, what, got))
	}
	switch {
	case p == nil:
	case p.UID != nil && *p.UID != u.GetUID():
		return problem("UID", string(*p.UID), string(u.GetUID()))
	case p.ResourceVersion != nil && *p.ResourceVersion != u.GetResourceVersion():
		return problem("ResourceVersion", *p.ResourceVersion, u.GetResourceVersion())
	}
	return nil
}

// evict begins a Pod's end; the node finishes it once somebody has looked. See
// [Stuck].
func (a *access) evict(live map[string]any) (int, any) {
	var eviction struct {
		DeleteOptions metav1.DeleteOptions `json:"deleteOptions"`
	}
	if err := json.Unmarshal(a.body, &eviction); err != nil {
		return refuse(http.StatusBadRequest, metav1.StatusReasonBadRequest, "%v", err)
	}
	if problem := a.unmet(live, eviction.DeleteOptions.Preconditions); problem != nil {
		return int(problem.Code), problem
	}
	if !a.dry() {
		ending := clone(live)
		ending.SetDeletionTimestamp(&metav1.Time{Time: time.Now()})
		a.record("MODIFIED", ending.Object)
	}
	return http.StatusCreated, metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess, Code: 201}
}

// Stuck is the annotation of Pods that never come to their end.
const Stuck = "kubetest/stuck"

// bury does the node's part: Pods that were told to end are gone after the look that
// still shows them.
func (s *Server) bury(resource string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, object := range slices.Clone(s.Objects[resource]) {
		u := unstructured.Unstructured{Object: object}
		if u.GetDeletionTimestamp() != nil && u.GetAnnotations()[Stuck] == "" {
			(&access{s: s, resource: resource, namespace: u.GetNamespace(), name: u.GetName()}).record("DELETED", object)
		}
	}
}

// scale is the view of an object that has spec.replicas.
func (a *access) scale(live map[string]any) (int, any) {
	if a.resource != "deployments" {
		return refuse(http.StatusNotFound, metav1.StatusReasonNotFound, "the server could not find the requested resource")
	}
	u := clone(live)
	if a.r.Method == http.MethodPatch {
		var wanted struct {
			Metadata metav1.ObjectMeta        `json:"metadata"`
			Spec     struct{ Replicas int64 } `json:"spec"`
		}
		if err := json.Unmarshal(a.body, &wanted); err != nil {
			return refuse(http.StatusBadRequest, metav1.StatusReasonBadRequest, "%v", err)
		}
		if version := wanted.Metadata.ResourceVersion; version != "" {
			u.SetResourceVersion(version)
		}
		_ = unstructured.SetNestedField(u.Object, wanted.Spec.Replicas, "spec", "replicas")
		if code, answer := a.keep(live, u.Object); code != http.StatusOK {
			return code, answer
		}
	}
	replicas, _, _ := unstructured.NestedFieldNoCopy(u.Object, "spec", "replicas")
	return http.StatusOK, map[string]any{
		"apiVersion": "autoscaling/v1", "kind": "Scale",
		"metadata": map[string]any{"namespace": a.namespace, "name": a.name, "uid": string(u.GetUID()), "resourceVersion": u.GetResourceVersion()},
		"spec":     map[string]any{"replicas": replicas},
	}
}

// clone copies an object by way of JSON: those of tests may hold any Go number.
func clone(object map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	b, err := json.Marshal(object)
	if err == nil {
		err = utiljson.Unmarshal(b, &u.Object)
	}
	if err != nil {
		panic(err) // only for an object that no API server could hold
	}
	return u
}

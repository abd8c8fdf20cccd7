package kubetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// patch knows the three types of patches. It does not note who set the fields: only
// apply does.
func (a *access) patch(live map[string]any, sub string) (int, any) {
	before, err := json.Marshal(live)
	if err != nil {
		return refuse(http.StatusInternalServerError, metav1.StatusReasonInternalError, "%v", err)
	}
	next, err := a.patched(before)
	if errors.Is(err, errNotStrategic) {
		return refuse(http.StatusUnsupportedMediaType, metav1.StatusReasonUnsupportedMediaType, "the body of the request was in an unknown format - "+
			"accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml")
	}
	if err != nil {
		return refuse(http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, "%v", err)
	}
	if sub == "" && !sameEphemerals(live, next) {
		return refuse(http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, "Pod %q is invalid: spec: Forbidden: pod updates may not change fields other than ...", a.name)
	}
	return a.keep(live, next)
}

var errNotStrategic = errors.New("custom resources have no strategic merge")

func (a *access) patched(before []byte) (next map[string]any, err error) {
	var after []byte
	switch kind := a.r.Header.Get("Content-Type"); kind {
	case "application/merge-patch+json":
		return next, errors.Join(utiljson.Unmarshal(before, &next), mergeInto(&next, a.body))
	case "application/json-patch+json":
		return next, errors.Join(utiljson.Unmarshal(before, &next), operate(next, a.body))
	case "application/strategic-merge-patch+json":
		typed := map[string]any{"pods": corev1.Pod{}, "nodes": corev1.Node{}, "deployments": appsv1.Deployment{}}[a.resource]
		if typed == nil {
			return nil, errNotStrategic
		}
		if after, err = strategicpatch.StrategicMergePatch(before, a.body, typed); err != nil {
			return nil, err
		}
		return next, utiljson.Unmarshal(after, &next)
	default:
		return nil, fmt.Errorf("the patch has the type %q", kind)
	}
}

// sameEphemerals: those of a Pod are written through their own subresource alone.
func sameEphemerals(a, b map[string]any) bool {
	x, _, _ := unstructured.NestedSlice(a, "spec", "ephemeralContainers")
	y, _, _ := unstructured.NestedSlice(b, "spec", "ephemeralContainers")
	return len(x) == len(y)
}

// mergeInto is RFC 7386.
func mergeInto(object *map[string]any, patch []byte) error {
	var p map[string]any
	if err := utiljson.Unmarshal(patch, &p); err != nil {
		return err
	}
	*object, _ = merge(*object, p).(map[string]any)
	return nil
}

func merge(value any, patch map[string]any) any {
	object, ok := value.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	for key, v := range patch {
		switch v := v.(type) {
		case nil:
			delete(object, key)
		case map[string]any:
			object[key] = merge(object[key], v)
		default:
			object[key] = v
		}
	}
	return object
}

// operate is the part of RFC 6902 that tests need: add, replace, remove and test
// of keys, and adding to the end of a list.
func operate(object map[string]any, patch []byte) error {
	var operations []struct {
		Op    string `json:"op"`
		Path  string `json:"path"`
		Value any    `json:"value"`
	}
	if err := utiljson.Unmarshal(patch, &operations); err != nil {
		return err
	}
	for _, o := range operations {
		var keys []string
		for key := range strings.SplitSeq(strings.TrimPrefix(o.Path, "/"), "/") {
			keys = append(keys, strings.NewReplacer("~1", "/", "~0", "~").Replace(key))
		}
		last := keys[len(keys)-1]
		if last == "-" && o.Op == "add" {
			list, _, _ := unstructured.NestedSlice(object, keys[:len(keys)-1]...)
			if err := unstructured.SetNestedSlice(object, append(list, o.Value), keys[:len(keys)-1]...); err != nil {
				return err
			}
			continue
		}
		now, there, _ := unstructured.NestedFieldNoCopy(object, keys...)
		switch {
		case o.Op == "test" && fmt.Sprint(now) != fmt.Sprint(o.Value):
			return fmt.Errorf("the server rejected our request due to an error in our request: testing value %s failed", o.Path)
		case o.Op == "remove" && there:
			unstructured.RemoveNestedField(object, keys...)
		case o.Op == "add" || o.Op == "replace" && there:
			if err := unstructured.SetNestedField(object, o.Value, keys...); err != nil {
				return err
			}
		case o.Op != "test":
			return fmt.Errorf("the server rejected our request due to an error in our request: %s of %s", o.Op, o.Path)
		}
	}
	return nil
}

// apply is server-side apply by the code that a real API server runs, which knows
// who owns which field. It knows no types, as for custom resources without a
// schema: lists are owned as a whole.
func (a *access) apply(live map[string]any) (int, any) {
	body, err := yaml.ToJSON(a.body)
	if err != nil {
		return refuse(http.StatusBadRequest, metav1.StatusReasonBadRequest, "%v", err)
	}
	applied := &unstructured.Unstructured{}
	if err := utiljson.Unmarshal(body, &applied.Object); err != nil {
		return refuse(http.StatusBadRequest, metav1.StatusReasonBadRequest, "%v", err)
	}
	kind := applied.GroupVersionKind()
	before := clone(live)
	if live == nil {
		before.SetGroupVersionKind(kind)
		before.SetNamespace(a.namespace)
		before.SetName(a.name)
	}
	types := untyped{}
	manager, err := managedfields.NewDefaultCRDFieldManager(managedfields.NewDeducedTypeConverter(), types, types, types, kind, kind.GroupVersion(), "", nil)
	if err != nil {
		return refuse(http.StatusInternalServerError, metav1.StatusReasonInternalError, "%v", err)
	}
	q := a.r.URL.Query()
	force, _ := strconv.ParseBool(q.Get("force"))
	after, err := manager.Apply(before, applied, q.Get("fieldManager"), force)
	if status := apierrors.APIStatus(nil); errors.As(err, &status) {
		conflict := status.Status()
		conflict.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
		return int(conflict.Code), conflict
	}
	if err != nil {
		return refuse(http.StatusInternalServerError, metav1.StatusReasonInternalError, "%v", err)
	}
	next, ok := after.(*unstructured.Unstructured)
	if !ok {
		return refuse(http.StatusInternalServerError, metav1.StatusReasonInternalError, "%T", after)
	}
	if live == nil && next.GetUID() == "" {
		next.SetUID("made-by-apply")
	}
	return a.keep(live, next.Object)
}

// untyped lets objects be as they are.
type untyped struct{}

func (untyped) Convert(_, _, _ any) error { return errors.New("there is one version only") }

func (untyped) ConvertToVersion(in runtime.Object, _ runtime.GroupVersioner) (runtime.Object, error) {
	return in, nil
}

func (untyped) ConvertFieldLabel(_ schema.GroupVersionKind, label, value string) (string, string, error) {
	return label, value, nil
}

func (untyped) Default(runtime.Object) {}

func (untyped) New(kind schema.GroupVersionKind) (runtime.Object, error) {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(kind)
	return u, nil
}

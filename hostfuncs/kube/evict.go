package kube

import (
	"context"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	pkgfields "k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// corePods is the resource of Pods.
func corePods() schema.GroupVersionResource {
	return schema.GroupVersionResource{Version: "v1", Resource: "pods"}
}

// podsOn lists the Pods of a node.
func (k *cluster) podsOn(ctx context.Context, node string) (pods []*unstructured.Unstructured, err error) {
	on := metav1.ListOptions{FieldSelector: pkgfields.OneTermEqualSelector("spec.nodeName", node).String()}
	err = everyPage(ctx, k.resource(corePods(), ""), on, func(u *unstructured.Unstructured) { pods = append(pods, u) })
	return pods, err
}

// judge tells why a Pod stays, or why it may not be evicted; neither means that it
// is to go.
func (d *draining) judge(pod *unstructured.Unstructured) (stays, refusal string) {
	owner := metav1.GetControllerOf(pod)
	phase := textAt(pod.Object, "status", "phase")
	switch {
	case pod.GetAnnotations()["kubernetes.io/config.mirror"] != "":
		return "a static Pod, which the node itself runs", ""
	case phase == "Succeeded" || phase == "Failed":
		return "", ""
	case owner != nil && owner.Kind == "DaemonSet":
		return "its DaemonSet runs one on every node", ""
	case pod.GetDeletionTimestamp() != nil: // it goes, whatever it is
		return "", ""
	case owner == nil && !d.req.Force:
		return "", "has no controller that would make it anew"
	case holdsData(pod) && !d.req.DeleteEmptyDirData:
		return "", "keeps data in an emptyDir volume"
	}
	return "", ""
}

func holdsData(pod *unstructured.Unstructured) bool {
	volumes, _, _ := unstructured.NestedSlice(pod.Object, "spec", "volumes")
	for _, volume := range volumes {
		if v, ok := volume.(map[string]any); ok && v["emptyDir"] != nil {
			return true
		}
	}
	return false
}

// evict asks for an eviction unless that has been accepted. What forbids it for
// now becomes the Pod's reason; an error is what will not go away.
func (d *draining) evict(ctx context.Context, k *cluster, pod *unstructured.Unstructured, m mode) error {
	l := d.leaving(pod)
	if l.accepted {
		return nil
	}
	_, err := k.resource(corePods(), l.Namespace).Create(ctx, d.eviction(pod), metav1.CreateOptions{DryRun: m.dryRun()}, "eviction")
	switch {
	case err == nil, apierrors.IsNotFound(err):
		l.accepted, l.Reason = true, "it is ending"
	case ctx.Err() != nil: // the reason before stands
	case apierrors.IsConflict(err), passing(err), strings.Contains(err.Error(), "is being terminated"):
		l.Reason = err.Error()
	default:
		return explain(ctx, err, "evict Pod "+l.Namespace+"/"+l.Name, rbac{resource: "pods/eviction", verbs: "create"})
	}
	return nil
}

// leaving remembers a Pod. One that ends already needs no eviction.
func (d *draining) leaving(pod *unstructured.Unstructured) *leaving {
	uid := string(pod.GetUID())
	l, ok := d.known[uid]
	if !ok {
		l = &leaving{PodState: PodState{pod.GetNamespace(), pod.GetName(), "not tried yet"}}
		d.known[uid] = l
	}
	if pod.GetDeletionTimestamp() != nil {
		l.accepted, l.Reason = true, "it is ending"
	}
	return l
}

// eviction holds for this very Pod, not for one that takes its name.
func (d *draining) eviction(pod *unstructured.Unstructured) *unstructured.Unstructured {
	options := map[string]any{"preconditions": map[string]any{"uid": string(pod.GetUID())}}
	if d.req.GraceSeconds != nil {
		options["gracePeriodSeconds"] = *d.req.GraceSeconds
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "policy/v1", "kind": "Eviction",
		"metadata":      map[string]any{"namespace": pod.GetNamespace(), "name": pod.GetName()},
		"deleteOptions": options,
	}}
}

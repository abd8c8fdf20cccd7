package kube

import (
	"context"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// chosen returns the Pod's default container, after the API server has said that
// it takes a name to tell several apart. It is the one that the Pod's annotation
// names, as for kubectl. Where there is none, or the server's identity may not
// read the Pod, the API server's own words stand: they list the names.
func (k *cluster) chosen(ctx context.Context, namespace, pod, asked string, err error) (container string, ok bool) {
	if asked != "" || err == nil || !strings.Contains(err.Error(), "a container name must be specified") {
		return "", false
	}
	object, err := k.resource(corePods(), namespace).Get(ctx, pod, metav1.GetOptions{})
	if err != nil {
		return "", false
	}
	container = object.GetAnnotations()["kubectl.kubernetes.io/default-container"]
	return container, container != ""
}

package kube

import (
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// plural is the resource as history and budgets know it, which count before the
// cluster is asked: "pods" also of a request that says Pod or po, "deployments" also
// of Deployment.apps. Short names of custom resources are left as they are.
func (r ObjectRef) plural() string {
	what := schema.ParseGroupResource(r.what())
	if plural, ok := shortNames()[what.Resource]; ok {
		what.Resource = plural
	} else if singular(what.Resource) {
		guess, _ := meta.UnsafeGuessKindToResource(schema.GroupVersionKind{Kind: what.Resource})
		what.Resource = guess.Resource
	}
	if what.Group == "" || ownGroup(what.Group) {
		return what.Resource
	}
	return what.String()
}

// ownGroup reports whether an API group is of Kubernetes itself. The names of
// others have a dot and end differently.
func ownGroup(group string) bool {
	return !strings.Contains(group, ".") || strings.HasSuffix(group, ".k8s.io")
}

// singular takes a name that ends in no s for one; so do those few of Kubernetes
// itself that do.
func singular(resource string) bool {
	return !strings.HasSuffix(resource, "s") || resource == "ingress" || resource == "storageclass" || resource == "priorityclass"
}

// shortNames are those of Kubernetes itself.
func shortNames() map[string]string {
	return map[string]string{
		"cm": "configmaps", "cj": "cronjobs", "crd": "customresourcedefinitions", "crds": "customresourcedefinitions",
		"deploy": "deployments", "ds": "daemonsets", "endpoints": "endpoints", "ep": "endpoints", "ev": "events",
		"hpa": "horizontalpodautoscalers", "ing": "ingresses", "limits": "limitranges", "netpol": "networkpolicies",
		"no": "nodes", "ns": "namespaces", "pc": "priorityclasses", "pdb": "poddisruptionbudgets", "po": "pods",
		"pv": "persistentvolumes", "pvc": "persistentvolumeclaims", "quota": "resourcequotas", "rc": "replicationcontrollers",
		"rs": "replicasets", "sa": "serviceaccounts", "sc": "storageclasses", "sts": "statefulsets", "svc": "services",
	}
}

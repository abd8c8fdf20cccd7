package kube

import (
	"context"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// Owner is in whose name a guest acts: it may do no more than this identity could
// do with kubectl.
type Owner struct {
	User   string
	Groups []string
}

// access is what an identity needs in the cluster.
type access struct {
	verbs                      []string
	group, resource, namespace string // the resource may have a subresource: pods/exec
	name                       string // empty: objects of any name
}

func (c *Client) ownerOf(ctx context.Context, who hostfuncs.Caller) (Owner, bool, error) {
	if c.options.Owner == nil {
		return Owner{}, false, nil
	}
	return c.options.Owner(ctx, who)
}

// review asks the API server whether the owner, if there is one, may do that. It is
// refused when nobody can tell.
func (c *Client) review(ctx context.Context, k *cluster, who hostfuncs.Caller, all ...access) error {
	owner, owned, err := c.ownerOf(ctx, who)
	if err != nil || !owned {
		return err
	}
	for _, a := range all {
		for _, verb := range a.verbs {
			if err := k.review(ctx, owner, verb, a); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k *cluster) review(ctx context.Context, owner Owner, verb string, a access) error {
	reviews := schema.GroupVersionResource{Group: "authorization.k8s.io", Version: "v1", Resource: "subjectaccessreviews"}
	answer, err := k.objects.Resource(reviews).Create(ctx, a.question(owner, verb), metav1.CreateOptions{})
	if apierrors.IsForbidden(err) {
		right := rbac{resource: "subjectaccessreviews", group: "authorization.k8s.io", verbs: "create"}
		return automation.Denied("the server may not ask what %s may do", owner.User).WithHint("%s", right.hint())
	}
	if err != nil {
		return err
	}
	if allowed, _, _ := unstructured.NestedBool(answer.Object, "status", "allowed"); allowed {
		return nil
	}
	return automation.Denied("%s, in whose name this runs, may not %s %s", owner.User, verb, a).
		WithHint("kubectl auth can-i %s %s --as %s tells the same", verb, a.resource, owner.User)
}

func (a access) question(owner Owner, verb string) *unstructured.Unstructured {
	resource, sub, _ := strings.Cut(a.resource, "/")
	groups := make([]any, len(owner.Groups))
	for i, g := range owner.Groups {
		groups[i] = g
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
		"spec": map[string]any{
			"user": owner.User, "groups": groups,
			"resourceAttributes": map[string]any{
				"verb": verb, "group": a.group, "resource": resource, "subresource": sub,
				"namespace": a.namespace, "name": a.name,
			},
		},
	}}
}

func (a access) String() string {
	what := a.resource
	if a.name != "" {
		what += " of " + a.name
	}
	if a.namespace != "" {
		what += " in namespace " + a.namespace
	}
	return what
}

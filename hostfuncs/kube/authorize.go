package kube

import (
	"context"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// subject is one object that the caller wants to do something to.
type subject struct {
	target
	objects dynamic.ResourceInterface
	// creates tells that the object may not be there yet, and is to have the labels
	// proposed. It must have been the caller's before and still be afterwards.
	creates  bool
	proposed map[string]string
}

// authorize asks what the pack asks for and what the operator grants. It looks at
// the object's labels only when they decide.
func (k *cluster) authorize(ctx context.Context, who hostfuncs.Caller, s subject) error {
	refused := s.permit(who)
	if refused == nil || s.name == "" || !s.possible(who) {
		return refused
	}
	object, err := s.objects.Get(ctx, s.name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err) && s.creates:
	case apierrors.IsForbidden(err):
		right := rbac{resource: s.resource, group: s.group, verbs: "get", namespace: s.namespace}
		return automation.Denied("the labels of %s %s decide, and can not be read", s.resource, s.name).WithHint("%s", right.hint())
	case err != nil:
		return err
	default:
		if err := s.labelled(object.GetLabels()).permit(who); err != nil {
			return err
		}
	}
	if !s.creates {
		return nil
	}
	return s.labelled(s.proposed).permit(who)
}

// possible reports whether the target is allowed with some labels.
func (t target) possible(who hostfuncs.Caller) bool {
	t.anyLabels = true
	return t.permit(who) == nil
}

// provisional refuses what no labels would allow.
func (t target) provisional(who hostfuncs.Caller) error {
	if t.possible(who) {
		return nil
	}
	return t.permit(who)
}

// labelled is the target when its labels are known.
func (t target) labelled(labels map[string]string) target {
	if t.labels = labels; labels == nil {
		t.labels = map[string]string{}
	}
	return t
}

// labelsIn reports whether an entry allows the target's labels: of each key that it
// names, the value must match.
func (t target) labelsIn(entry map[string]string) bool {
	if len(entry) == 0 || t.anyLabels {
		return true
	}
	for key, pattern := range entry {
		value, there := t.labels[key]
		if !there || !anyMatch([]string{pattern}, value) {
			return false
		}
	}
	return true
}

// ofPod is a right to a Pod and, in the owner's name, to one of its subresources.
type ofPod struct {
	target
	access
}

func podRight(context, verb, namespace, pod, subresource, apiVerb string) ofPod {
	t := target{context: context, verb: verb, resource: "pods", namespace: namespace, name: pod}
	return ofPod{t, access{verbs: []string{apiVerb}, resource: "pods/" + subresource, namespace: namespace, name: pod}}
}

// enter asks whether the caller may do that to a Pod. The cluster is not asked when
// it is clear without.
func (c *Client) enter(ctx context.Context, who hostfuncs.Caller, right ofPod) error {
	refused := right.permit(who)
	_, owned, err := c.ownerOf(ctx, who)
	if err != nil {
		return err
	}
	if !owned && (refused == nil || !right.possible(who)) {
		return refused
	}
	ctx, cancel, err := begin(ctx, 0, time.Minute)
	if err != nil {
		return err
	}
	defer cancel()
	needs := &rbac{resource: "pods", verbs: "get", namespace: right.namespace()}
	return c.use(ctx, right.context, "look at Pod "+right.path(), needs, func(k *cluster) error {
		if err := k.authorize(ctx, who, subject{target: right.target, objects: k.resource(corePods(), right.namespace())}); err != nil {
			return err
		}
		return c.review(ctx, k, who, right.access)
	})
}

func (r ofPod) namespace() string { return r.target.namespace }

func (r ofPod) path() string { return r.target.namespace + "/" + r.target.name }

// splitVerbs takes the verbs of a right apart.
func splitVerbs(verbs string) []string { return strings.Split(verbs, ", ") }

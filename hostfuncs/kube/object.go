package kube

import (
	"context"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/validation/path"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// ObjectRef names one object.
type ObjectRef struct {
	Context   string `json:"context,omitempty" doc:"of the server's kubeconfig; its current one when empty"`
	Kind      string `json:"kind,omitempty" doc:"such as Pod or Deployment.apps; instead of resource"`
	Resource  string `json:"resource,omitempty" doc:"such as pods, deployments.apps or po"`
	Namespace string `json:"namespace,omitempty" doc:"left out for what has none, such as nodes"`
	Name      string `json:"name"`
}

func (r ObjectRef) what() string { return ListRequest{Kind: r.Kind, Resource: r.Resource}.what() }

// path is "shop/web", or "node-1" of what has no namespace.
func (r ObjectRef) path() string {
	if r.Namespace == "" {
		return r.Name
	}
	return r.Namespace + "/" + r.Name
}

func (r ObjectRef) String() string { return r.plural() + " " + r.path() }

func (r ObjectRef) change(verb string) *automation.HostChange {
	return &automation.HostChange{
		Verb: verb, Target: r.plural() + "/" + r.path(), Cluster: r.Context, Namespace: r.Namespace}
}

func (r ObjectRef) check() error {
	if (r.Kind == "") == (r.Resource == "") {
		return automation.Invalid("exactly one of kind and resource is needed").
			WithHint(`give "resource": "pods" or "kind": "Pod"`)
	}
	if r.Namespace != "" {
		if err := namespaceName(r.Namespace); err != nil {
			return err
		}
	}
	if r.Name == "" {
		return automation.Invalid("name is missing").WithHint("name the object; kube_list finds it")
	}
	if problems := path.IsValidPathSegmentName(r.Name); len(problems) > 0 { // it becomes part of a URL
		return automation.Invalid("%q can not name an object: %s", r.Name, strings.Join(problems, "; "))
	}
	return nil
}

// task is what is to be done with one object.
type task struct {
	ref     ObjectRef
	verb    string        // of the pack's capability
	rights  string        // the verbs that the server's identity needs in the cluster
	sub     string        // the subresource that it needs them on
	needs   string        // the resource of the core that it needs them on, when it is not the object's
	version string        // of the API; the cluster's preferred one when empty
	timeout time.Duration // a minute when 0

	creates bool              // the object may not be there
	labels  map[string]string // that it is to have, when it creates
	more    []access          // what an owner needs beside the rights
}

// object is the name that a right is about; other objects than the one that was
// named have other names.
func (t task) object() string {
	if t.needs != "" {
		return ""
	}
	return t.ref.Name
}

func (t task) doing() string { return t.verb + " " + t.ref.String() }

// on runs fn with the object's resource, after all that is checked before: the
// request, the caller's rights, whether the cluster has such a thing.
func (c *Client) on(ctx context.Context, who hostfuncs.Caller, t task, fn func(context.Context, *cluster, found) error) error {
	if err := t.ref.check(); err != nil {
		return err
	}
	if err := who.Permit(granted(t.verb)); err != nil {
		return err
	}
	if t.timeout == 0 {
		t.timeout = time.Minute
	}
	ctx, cancel, err := begin(ctx, 0, t.timeout)
	if err != nil {
		return err
	}
	defer cancel()
	right := &rbac{resource: t.ref.what(), verbs: t.rights, namespace: t.ref.Namespace}
	return c.use(ctx, t.ref.Context, t.doing(), right, func(k *cluster) error {
		f, err := k.locate(ctx, who, t)
		if err != nil {
			return err
		}
		right.resource, right.group = f.target.resource, f.target.group
		if t.sub != "" {
			right.resource += "/" + t.sub
		}
		if t.needs != "" {
			right.resource, right.group = t.needs, ""
		}
		needed := access{verbs: splitVerbs(t.rights), group: right.group, resource: right.resource, namespace: t.ref.Namespace, name: t.object()}
		if err := c.review(ctx, k, who, append(t.more, needed)...); err != nil {
			return err
		}
		return fn(ctx, k, f)
	})
}

// locate finds the object's resource and asks whether the caller may do that.
func (k *cluster) locate(ctx context.Context, who hostfuncs.Caller, t task) (found, error) {
	f, err := k.find(ctx, t.ref.what(), t.ref.Namespace)
	if err != nil {
		return found{}, err
	}
	f.target.verb, f.target.context, f.target.name = t.verb, t.ref.Context, t.ref.Name
	if f.scoped && t.ref.Namespace == "" {
		return found{}, automation.Invalid("namespace is missing").
			WithHint("%s have namespaces; name the one that %s is in", f.target.resource, t.ref.Name)
	}
	if err := k.authorize(ctx, who, subject{target: f.target, objects: f.objects, creates: t.creates, proposed: t.labels}); err != nil {
		return found{}, err
	}
	if t.version != "" {
		gvr := schema.GroupVersionResource{Group: f.target.group, Version: t.version, Resource: f.target.resource}
		f.objects = k.resource(gvr, t.ref.Namespace)
	}
	return f, nil
}

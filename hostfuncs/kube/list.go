package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// pageSize bounds how many objects, at up to 1 MiB each, are in memory at once.
const pageSize = 100

// ListRequest asks for the objects of one kind.
type ListRequest struct {
	Context       string   `json:"context,omitempty" doc:"of the server's kubeconfig; its current one when empty"`
	Kind          string   `json:"kind,omitempty" doc:"such as Pod or Deployment.apps; instead of resource"`
	Resource      string   `json:"resource,omitempty" doc:"such as pods, deployments.apps or po"`
	Namespace     string   `json:"namespace,omitempty" doc:"all namespaces when empty"`
	LabelSelector string   `json:"label_selector,omitempty"`
	FieldSelector string   `json:"field_selector,omitempty"`
	Limit         int      `json:"limit,omitempty" doc:"of objects; as many as fit into the reply when 0"`
	Fields        []string `json:"fields,omitempty" doc:"dotted paths to keep of every object; lists are followed element by element; a dot in a key is written \\."`
}

// ListResponse holds the objects, each with only the fields that were asked for.
type ListResponse struct {
	Items     []json.RawMessage `json:"items"`
	Count     int               `json:"count"`
	Truncated bool              `json:"truncated" doc:"there are more objects than the limit or the 1 MiB of the reply"`
}

func (r ListRequest) describe() string {
	where := r.Namespace
	if where == "" {
		where = "all namespaces"
	}
	return fmt.Sprintf("list %s in %s", r.what(), where)
}

func (r ListRequest) what() string {
	if r.Resource != "" {
		return strings.ToLower(r.Resource)
	}
	return strings.ToLower(r.Kind) // the singular, which discovery knows as well
}

func (r ListRequest) check() (fields, error) {
	switch {
	case (r.Kind == "") == (r.Resource == ""):
		return fields{}, automation.Invalid("exactly one of kind and resource is needed").
			WithHint(`give "resource": "pods" or "kind": "Pod"`)
	case r.Limit < 0:
		return fields{}, automation.Invalid("limit is %d", r.Limit).WithHint("leave it out to get all that fits")
	case r.Namespace != "":
		if err := namespaceName(r.Namespace); err != nil {
			return fields{}, err
		}
	}
	return parseFields(r.Fields)
}

// List returns the objects of one kind that the caller may see, in the API
// server's order.
func (c *Client) List(ctx context.Context, who hostfuncs.Caller, req ListRequest) (ListResponse, error) {
	keep, err := req.check()
	if err != nil {
		return ListResponse{}, err
	}
	if err := who.Permit(granted(verbList)); err != nil {
		return ListResponse{}, err
	}
	ctx, cancel, err := begin(ctx, 0, time.Minute)
	if err != nil {
		return ListResponse{}, err
	}
	defer cancel()
	right := &rbac{resource: req.what(), verbs: "list", namespace: req.Namespace}
	var got *collection
	err = c.use(ctx, req.Context, req.describe(), right, func(k *cluster) error {
		found, err := k.find(ctx, req.what(), req.Namespace)
		if err != nil {
			return err
		}
		found.target.context = req.Context
		if err := found.target.provisional(who); err != nil {
			return err
		}
		needed := access{verbs: []string{"list"}, group: found.target.group, resource: found.target.resource, namespace: req.Namespace}
		if err := c.review(ctx, k, who, needed); err != nil {
			return err
		}
		got = &collection{limit: req.Limit, keep: keep, may: found.target, who: who}
		return got.read(ctx, found.objects, metav1.ListOptions{LabelSelector: req.LabelSelector, FieldSelector: req.FieldSelector})
	})
	if err != nil {
		return ListResponse{}, err
	}
	return ListResponse{Items: got.items, Count: len(got.items), Truncated: got.truncated}, nil
}

// codeNoResource tells the kind that the cluster lacks from the object that it lacks.
const codeNoResource = "unknown_resource"

// found is a resource that discovery knows.
type found struct {
	objects dynamic.ResourceInterface
	target  target
	kind    schema.GroupVersionKind
	scoped  bool // its objects have namespaces
}

func (k *cluster) find(ctx context.Context, what, namespace string) (found, error) {
	partial := schema.ParseGroupResource(what).WithVersion("")
	gvr, err := k.mapper.ResourceForWithContext(ctx, partial)
	if meta.IsNoMatchError(err) {
		return found{}, automation.NotFound("the cluster has no resource %q", what).WithCode(codeNoResource).
			WithHint("`kubectl api-resources` lists them; write the group as in deployments.apps")
	}
	if err != nil {
		return found{}, err
	}
	kind, scoped, err := k.kindOf(ctx, gvr)
	if err != nil {
		return found{}, err
	}
	if !scoped && namespace != "" {
		return found{}, automation.Invalid("%s have no namespace", gvr.Resource).WithHint("leave namespace out")
	}
	f := found{kind: kind, scoped: scoped, target: target{verb: verbList, group: gvr.Group, resource: gvr.Resource, namespace: namespace}}
	f.objects = k.resource(gvr, namespace)
	return f, nil
}

func (k *cluster) resource(gvr schema.GroupVersionResource, namespace string) dynamic.ResourceInterface {
	if namespace == "" {
		return k.objects.Resource(gvr)
	}
	return k.objects.Resource(gvr).Namespace(namespace)
}

// kindOf tells a resource's kind and whether its objects have namespaces.
func (k *cluster) kindOf(ctx context.Context, gvr schema.GroupVersionResource) (schema.GroupVersionKind, bool, error) {
	kind, err := k.mapper.KindForWithContext(ctx, gvr)
	if err != nil {
		return kind, false, err
	}
	mapping, err := k.mapper.RESTMappingWithContext(ctx, kind.GroupKind(), kind.Version)
	if err != nil {
		return kind, false, err
	}
	return kind, mapping.Scope.Name() == meta.RESTScopeNameNamespace, nil
}

// collection is what a list has gathered so far.
type collection struct {
	limit int // 0: none
	keep  fields
	may   target
	who   hostfuncs.Caller

	items     []json.RawMessage
	bytes     int
	truncated bool
}

// read pages through the list until the end or until the collection is full.
func (c *collection) read(ctx context.Context, from dynamic.ResourceInterface, options metav1.ListOptions) error {
	c.items = []json.RawMessage{}
	for {
		options.Limit = pageSize
		if c.limit > 0 {
			options.Limit = min(pageSize, int64(c.limit-len(c.items))+1) // one more tells whether there are more
		}
		page, err := from.List(ctx, options)
		if err != nil {
			return err
		}
		for _, object := range page.Items {
			if err := c.add(object); err != nil {
				return err
			}
		}
		options.Continue = page.GetContinue()
		if c.truncated || options.Continue == "" {
			return nil
		}
	}
}

// add takes an object in, unless the caller may not see it or there is no room.
func (c *collection) add(object unstructured.Unstructured) error {
	this := c.may.labelled(object.GetLabels())
	this.namespace, this.name = object.GetNamespace(), object.GetName()
	if c.truncated || this.permit(c.who) != nil {
		return nil
	}
	b, err := json.Marshal(c.keep.of(object.Object))
	if err != nil {
		return fmt.Errorf("encode %s %s: %w", this.resource, this.name, err)
	}
	if c.limit > 0 && len(c.items) == c.limit || c.bytes+len(b) > hostfuncs.MaxReplyBytes {
		c.truncated = true
		return nil
	}
	c.items, c.bytes = append(c.items, b), c.bytes+len(b)
	return nil
}

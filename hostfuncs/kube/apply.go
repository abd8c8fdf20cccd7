package kube

import (
	"context"
	stdjson "encoding/json"
	"errors"
	"io"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json" // keeps whole numbers whole
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// ApplyRequest asks that an object be as it is described: what is not there is
// made, what is there gets the fields that are named.
type ApplyRequest struct {
	Context  string             `json:"context,omitempty" doc:"of the server's kubeconfig; its current one when empty"`
	Object   stdjson.RawMessage `json:"object,omitempty" doc:"with apiVersion, kind and metadata.name"`
	Manifest string             `json:"manifest,omitempty" doc:"the same as YAML, one document; instead of object"`
	Force    bool               `json:"force,omitempty" doc:"takes fields over that another manager has set"`
}

func (r ApplyRequest) describe() string {
	_, ref, err := r.read()
	if err != nil {
		return "apply an object"
	}
	return "apply " + ref.String()
}

func (r ApplyRequest) change() *automation.HostChange {
	_, ref, err := r.read()
	if err != nil { // the call is going to say why
		return &automation.HostChange{Verb: verbApply, Cluster: r.Context}
	}
	return ref.change(verbApply)
}

// read decodes the object and tells what it is.
func (r ApplyRequest) read() (*unstructured.Unstructured, ObjectRef, error) {
	if (len(r.Object) == 0) == (r.Manifest == "") {
		return nil, ObjectRef{}, automation.Invalid("exactly one of object and manifest is needed").
			WithHint("give the object as JSON in object, or as YAML in manifest")
	}
	raw, err := r.Object, error(nil)
	if r.Manifest != "" {
		raw, err = oneDocument(r.Manifest)
	}
	var u unstructured.Unstructured
	if err == nil {
		err = json.Unmarshal(raw, &u.Object)
	}
	if err != nil {
		return nil, ObjectRef{}, automation.Invalid("the object can not be read").Because(err).
			WithHint("give one object with apiVersion, kind and metadata")
	}
	ref, err := r.refer(u.Object)
	return &u, ref, err
}

// refer finds apiVersion, kind and name. It does not trust their types: the
// accessors of unstructured objects take anything but text for nothing.
func (r ApplyRequest) refer(object map[string]any) (ObjectRef, error) {
	u := unstructured.Unstructured{Object: object}
	version, err := schema.ParseGroupVersion(u.GetAPIVersion())
	if err != nil || u.GetAPIVersion() == "" || u.GetKind() == "" || u.GetName() == "" {
		return ObjectRef{}, automation.Invalid("the object lacks apiVersion, kind or metadata.name").
			WithHint("what is applied has a name; metadata.generateName is not enough")
	}
	ref := ObjectRef{Context: r.Context, Kind: u.GetKind(), Namespace: u.GetNamespace(), Name: u.GetName()}
	if version.Group != "" {
		ref.Kind += "." + version.Group
	}
	return ref, nil
}

// oneDocument turns YAML into JSON.
func oneDocument(manifest string) (first stdjson.RawMessage, err error) {
	dec := yaml.NewYAMLToJSONDecoder(strings.NewReader(manifest))
	for {
		var next stdjson.RawMessage
		err := dec.Decode(&next)
		switch {
		case errors.Is(err, io.EOF):
			return first, nil
		case err != nil:
			return nil, err
		case len(next) == 0 || string(next) == "null": // what comments and --- leave
		case first != nil:
			return nil, errors.New("there is more than one document")
		default:
			first = next
		}
	}
}

func (r ApplyRequest) write() (write, error) {
	object, ref, err := r.read()
	if err != nil {
		return write{}, err
	}
	return write{
		task: task{ref: ref, verb: verbApply, rights: "get, create, patch", creates: true, labels: object.GetLabels(), version: object.GroupVersionKind().Version},
		do: func(ctx context.Context, f found, m mode) (*unstructured.Unstructured, error) {
			if object.GroupVersionKind().Group != f.target.group {
				return nil, automation.NotFound("the cluster has no %s", object.GroupVersionKind())
			}
			o := object.DeepCopy()
			o.SetManagedFields(nil) // must be absent from what is applied
			return f.objects.Apply(ctx, ref.Name, o,
				metav1.ApplyOptions{FieldManager: fieldManager, Force: r.Force, DryRun: m.dryRun()})
		},
	}, nil
}

// Apply makes an object be as described, by server-side apply.
func (c *Client) Apply(ctx context.Context, who hostfuncs.Caller, req ApplyRequest) (Changed, error) {
	w, err := req.write()
	if err != nil {
		return Changed{}, err
	}
	after, err := c.perform(ctx, who, w)
	return changed(after), owned(err)
}

func (c *Client) previewApply(ctx context.Context, who hostfuncs.Caller, req ApplyRequest) (Changed, string, error) {
	w, err := req.write()
	if err != nil {
		return Changed{}, "", err
	}
	after, diff, err := c.rehearse(ctx, who, w)
	return changed(after), diff, owned(err)
}

// owned adds to a conflict what can be done about it.
func owned(err error) error {
	var known *automation.Error
	if errors.Is(err, automation.ErrConflict) && errors.As(err, &known) {
		return known.WithHint(`leave out the fields that others manage, or take them over with "force": true`)
	}
	return err
}

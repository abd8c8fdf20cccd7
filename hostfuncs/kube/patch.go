package kube

import (
	"bytes"
	"context"
	"encoding/json"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// PatchRequest asks to change parts of an object.
type PatchRequest struct {
	ObjectRef
	Type  string          `json:"type,omitempty" doc:"merge, strategic or json; merge when empty"`
	Patch json.RawMessage `json:"patch" doc:"an object; of type json a list of operations"`
}

func (r PatchRequest) describe() string { return "patch " + r.ObjectRef.String() }

func (r PatchRequest) change() *automation.HostChange { return r.ObjectRef.change(verbPatch) }

// kind checks the patch and tells its type on the wire.
func (r PatchRequest) kind() (types.PatchType, error) {
	patch := bytes.TrimSpace(r.Patch)
	if len(patch) == 0 || bytes.Equal(patch, []byte("null")) {
		return "", automation.Invalid("patch is missing").WithHint(`give what is to change: {"spec": {"paused": true}}`)
	}
	kind, begins := types.MergePatchType, byte('{')
	switch r.Type {
	case "", "merge":
	case "strategic":
		kind = types.StrategicMergePatchType
	case "json":
		kind, begins = types.JSONPatchType, '['
	default:
		return "", automation.Invalid("type is %q", r.Type).WithHint("use merge, strategic or json")
	}
	if patch[0] != begins {
		return "", automation.Invalid("the patch does not fit its type").
			WithHint(`merge and strategic take an object, json a list: [{"op": "replace", "path": "/spec/paused", "value": true}]`)
	}
	return kind, nil
}

// write sends a JSON patch once only: what it adds to a list, it would add again.
func (r PatchRequest) write() (write, error) {
	kind, err := r.kind()
	return write{
		task: task{ref: r.ObjectRef, verb: verbPatch, rights: "get, patch"},
		once: kind == types.JSONPatchType,
		do: func(ctx context.Context, f found, m mode) (*unstructured.Unstructured, error) {
			return f.objects.Patch(ctx, r.Name, kind, r.Patch, m.patch())
		},
	}, err
}

// Patch changes parts of an object.
func (c *Client) Patch(ctx context.Context, who hostfuncs.Caller, req PatchRequest) (Changed, error) {
	w, err := req.write()
	if err != nil {
		return Changed{}, err
	}
	after, err := c.perform(ctx, who, w)
	return changed(after), err
}

func (c *Client) previewPatch(ctx context.Context, who hostfuncs.Caller, req PatchRequest) (Changed, string, error) {
	w, err := req.write()
	if err != nil {
		return Changed{}, "", err
	}
	after, diff, err := c.rehearse(ctx, who, w)
	return changed(after), diff, err
}

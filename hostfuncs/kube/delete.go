package kube

import (
	"context"
	"errors"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// DeleteRequest asks to delete one object.
type DeleteRequest struct {
	ObjectRef
	Propagation     string `json:"propagation,omitempty" doc:"what becomes of the objects that it owns: background, foreground or orphan; the kind's default when empty"`
	GraceSeconds    *int64 `json:"grace_seconds,omitempty" doc:"the object's own when absent; 0 does not wait for the node to say that a Pod has ended"`
	UID             string `json:"uid,omitempty" doc:"only if it still is the object of this UID"`
	ResourceVersion string `json:"resource_version,omitempty" doc:"only if nothing has changed it since"`
	IgnoreNotFound  bool   `json:"ignore_not_found,omitempty" doc:"that it is not there is no error"`
}

// DeleteResponse tells that the object is deleted, or is about to be: Pods end in
// their own time and finalizers hold objects.
type DeleteResponse struct {
	Found bool `json:"found" doc:"there was an object to delete"`
}

func (r DeleteRequest) describe() string { return "delete " + r.ObjectRef.String() }

func (r DeleteRequest) change() *automation.HostChange { return r.ObjectRef.change(verbDelete) }

// options checks the request and tells its options on the wire.
func (r DeleteRequest) options() (metav1.DeleteOptions, error) {
	known := map[string]metav1.DeletionPropagation{
		"background": metav1.DeletePropagationBackground,
		"foreground": metav1.DeletePropagationForeground,
		"orphan":     metav1.DeletePropagationOrphan,
	}
	options := metav1.DeleteOptions{GracePeriodSeconds: r.GraceSeconds}
	if policy, ok := known[r.Propagation]; ok {
		options.PropagationPolicy = &policy
	} else if r.Propagation != "" {
		return options, automation.Invalid("propagation is %q", r.Propagation).WithHint("use background, foreground or orphan")
	}
	if r.GraceSeconds != nil && *r.GraceSeconds < 0 {
		return options, automation.Invalid("grace_seconds is %d", *r.GraceSeconds).WithHint("leave it out for the object's own")
	}
	if r.UID != "" || r.ResourceVersion != "" {
		options.Preconditions = &metav1.Preconditions{}
	}
	if r.UID != "" {
		uid := types.UID(r.UID)
		options.Preconditions.UID = &uid
	}
	if r.ResourceVersion != "" {
		options.Preconditions.ResourceVersion = &r.ResourceVersion
	}
	return options, nil
}

// write sends a deletion once only: a second one could hit what has been made anew
// under the same name.
func (r DeleteRequest) write() (write, error) {
	options, err := r.options()
	return write{
		task: task{ref: r.ObjectRef, verb: verbDelete, rights: "get, delete"},
		once: true,
		do: func(ctx context.Context, f found, m mode) (*unstructured.Unstructured, error) {
			options := options
			options.DryRun = m.dryRun()
			return nil, f.objects.Delete(ctx, r.Name, options)
		},
	}, err
}

// Delete deletes one object.
func (c *Client) Delete(ctx context.Context, who hostfuncs.Caller, req DeleteRequest) (DeleteResponse, error) {
	w, err := req.write()
	if err != nil {
		return DeleteResponse{}, err
	}
	_, err = c.perform(ctx, who, w)
	return req.response(err)
}

func (c *Client) previewDelete(ctx context.Context, who hostfuncs.Caller, req DeleteRequest) (DeleteResponse, string, error) {
	w, err := req.write()
	if err != nil {
		return DeleteResponse{}, "", err
	}
	_, diff, err := c.rehearse(ctx, who, w)
	r, err := req.response(err)
	return r, diff, err
}

func (r DeleteRequest) response(err error) (DeleteResponse, error) {
	var known *automation.Error
	if r.IgnoreNotFound && errors.As(err, &known) && errors.Is(known, automation.ErrNotFound) && known.Code != codeNoResource {
		return DeleteResponse{}, nil
	}
	return DeleteResponse{Found: err == nil}, err
}

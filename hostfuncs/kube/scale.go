package kube

import (
	"context"
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// ScaleRequest asks for a number of replicas.
type ScaleRequest struct {
	ObjectRef
	Replicas *int64 `json:"replicas"`
	From     *int64 `json:"from,omitempty" doc:"only if that many are wanted now"`
}

// ScaleResponse tells how many replicas are wanted. That they run is another thing.
type ScaleResponse struct {
	From     int64 `json:"from" doc:"as many were wanted before"`
	Replicas int64 `json:"replicas"`
}

func (r ScaleRequest) describe() string { return "scale " + r.ObjectRef.String() }

func (r ScaleRequest) change() *automation.HostChange { return r.ObjectRef.change(verbScale) }

func (r ScaleRequest) check() error {
	const most = 1<<31 - 1
	if r.Replicas == nil || *r.Replicas < 0 || *r.Replicas > most {
		return automation.Invalid("replicas is missing or out of range").WithHint("give a number from 0 to %d", most)
	}
	return nil
}

// write reads the scale first, and sends its version along: what somebody else has
// scaled meanwhile is not overridden unseen.
func (r ScaleRequest) write(got *ScaleResponse) write {
	return write{
		task: task{ref: r.ObjectRef, verb: verbScale, rights: "get, patch", sub: "scale"}, scale: true,
		do: func(ctx context.Context, f found, m mode) (*unstructured.Unstructured, error) {
			before, err := f.objects.Get(ctx, r.Name, metav1.GetOptions{}, "scale")
			if err != nil {
				return nil, err
			}
			now, _, _ := unstructured.NestedInt64(before.Object, "spec", "replicas") // absent: 0
			if r.From != nil && now != *r.From {
				return nil, automation.Conflict("%s has %d replicas and not %d", r.ObjectRef, now, *r.From)
			}
			patch, err := json.Marshal(map[string]any{
				"metadata": map[string]any{"resourceVersion": before.GetResourceVersion()},
				"spec":     map[string]any{"replicas": *r.Replicas},
			})
			if err != nil {
				return nil, err
			}
			*got = ScaleResponse{From: now, Replicas: *r.Replicas}
			return f.objects.Patch(ctx, r.Name, types.MergePatchType, patch, m.patch(), "scale")
		},
	}
}

// Scale sets the number of replicas through the scale subresource, which
// Deployments, StatefulSets, ReplicaSets and many custom resources have.
func (c *Client) Scale(ctx context.Context, who hostfuncs.Caller, req ScaleRequest) (r ScaleResponse, err error) {
	if err := req.check(); err != nil {
		return r, err
	}
	_, err = c.perform(ctx, who, req.write(&r))
	return r, err
}

func (c *Client) previewScale(ctx context.Context, who hostfuncs.Caller, req ScaleRequest) (r ScaleResponse, diff string, err error) {
	if err := req.check(); err != nil {
		return r, "", err
	}
	_, diff, err = c.rehearse(ctx, who, req.write(&r))
	return r, diff, err
}

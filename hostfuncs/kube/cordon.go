package kube

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// CordonRequest names a node that is to get no further Pods, or is to get some
// again.
type CordonRequest struct {
	Context string `json:"context,omitempty" doc:"of the server's kubeconfig; its current one when empty"`
	Node    string `json:"node"`
}

// CordonResponse tells whether there was anything to do.
type CordonResponse struct {
	Changed       bool `json:"changed" doc:"false when the node was like that before"`
	Unschedulable bool `json:"unschedulable"`
}

func (r CordonRequest) ref() ObjectRef {
	return ObjectRef{Context: r.Context, Resource: "nodes", Name: r.Node}
}

func (r CordonRequest) describe() string   { return "cordon node " + r.Node }
func (r CordonRequest) describeUn() string { return "uncordon node " + r.Node }

// change says cordon also of the way back: one right and one budget for both.
func (r CordonRequest) change() *automation.HostChange { return r.ref().change(verbCordon) }

func (r CordonRequest) write(unschedulable bool, got *CordonResponse) write {
	return write{
		task: task{ref: r.ref(), verb: verbCordon, rights: "get, patch"},
		do: func(ctx context.Context, f found, m mode) (node *unstructured.Unstructured, err error) {
			*got = CordonResponse{Unschedulable: unschedulable}
			node, got.Changed, err = cordon(ctx, f, r.Node, unschedulable, m)
			return node, err
		},
	}
}

// cordon marks a node, unless it is marked like that.
func cordon(ctx context.Context, f found, name string, unschedulable bool, m mode) (node *unstructured.Unstructured, changes bool, err error) {
	node, err = f.objects.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, false, err
	}
	if now, _, _ := unstructured.NestedBool(node.Object, "spec", "unschedulable"); now == unschedulable {
		return node, false, nil
	}
	patch := `{"spec":{"unschedulable":true}}`
	if !unschedulable {
		patch = `{"spec":{"unschedulable":null}}`
	}
	node, err = f.objects.Patch(ctx, name, types.MergePatchType, []byte(patch), m.patch())
	return node, err == nil, err
}

// Cordon keeps the scheduler from placing further Pods on a node. Those that run
// there stay.
func (c *Client) Cordon(ctx context.Context, who hostfuncs.Caller, req CordonRequest) (r CordonResponse, err error) {
	_, err = c.perform(ctx, who, req.write(true, &r))
	return r, err
}

// Uncordon lets the scheduler place Pods on a node again.
func (c *Client) Uncordon(ctx context.Context, who hostfuncs.Caller, req CordonRequest) (r CordonResponse, err error) {
	_, err = c.perform(ctx, who, req.write(false, &r))
	return r, err
}

func (c *Client) previewCordon(ctx context.Context, who hostfuncs.Caller, req CordonRequest) (r CordonResponse, diff string, err error) {
	_, diff, err = c.rehearse(ctx, who, req.write(true, &r))
	return r, diff, err
}

func (c *Client) previewUncordon(ctx context.Context, who hostfuncs.Caller, req CordonRequest) (r CordonResponse, diff string, err error) {
	_, diff, err = c.rehearse(ctx, who, req.write(false, &r))
	return r, diff, err
}

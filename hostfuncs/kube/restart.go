package kube

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// RestartRequest asks to replace the Pods of a Deployment, StatefulSet or
// DaemonSet, in the order and at the pace of its own strategy.
type RestartRequest struct {
	ObjectRef
}

// RestartResponse tells that the rollout was asked for; it is over when
// status.observedGeneration has reached generation and all Pods are updated.
type RestartResponse struct {
	Changed
	RestartedAt time.Time `json:"restarted_at"`
}

func (r RestartRequest) describe() string { return "restart " + r.ObjectRef.String() }

func (r RestartRequest) change() *automation.HostChange { return r.ObjectRef.change(verbRestart) }

// write sets the annotation that kubectl sets too, so that its rollout commands
// and this one know of each other.
func (r RestartRequest) write(at time.Time) write {
	return write{
		task: task{ref: r.ObjectRef, verb: verbRestart, rights: "get, patch"},
		do: func(ctx context.Context, f found, m mode) (*unstructured.Unstructured, error) {
			if f.target.group != "apps" || !slices.Contains([]string{"deployments", "statefulsets", "daemonsets"}, f.target.resource) {
				return nil, automation.Invalid("%s can not be restarted", f.target.qualified()).
					WithHint("restart a Deployment, StatefulSet or DaemonSet; a Pod that one of them owns comes back when it is deleted")
			}
			before, err := f.objects.Get(ctx, r.Name, metav1.GetOptions{})
			if err != nil {
				return nil, err
			}
			if paused, _, _ := unstructured.NestedBool(before.Object, "spec", "paused"); paused {
				return nil, automation.Conflict("%s is paused: a restart would wait until somebody resumes it", r.ObjectRef).
					WithHint("kubectl rollout resume, or kube_patch with spec.paused false")
			}
			patch, err := json.Marshal(map[string]any{"spec": map[string]any{"template": map[string]any{
				"metadata": map[string]any{"annotations": map[string]any{"kubectl.kubernetes.io/restartedAt": at.Format(time.RFC3339)}}}}})
			if err != nil {
				return nil, err
			}
			return f.objects.Patch(ctx, r.Name, types.MergePatchType, patch, m.patch())
		},
	}
}

// Restart begins a rollout of what is there already.
func (c *Client) Restart(ctx context.Context, who hostfuncs.Caller, req RestartRequest) (RestartResponse, error) {
	at := c.options.Now().UTC().Truncate(time.Second)
	after, err := c.perform(ctx, who, req.write(at))
	return RestartResponse{changed(after), at}, err
}

func (c *Client) previewRestart(ctx context.Context, who hostfuncs.Caller, req RestartRequest) (RestartResponse, string, error) {
	at := c.options.Now().UTC().Truncate(time.Second)
	after, diff, err := c.rehearse(ctx, who, req.write(at))
	return RestartResponse{changed(after), at}, diff, err
}

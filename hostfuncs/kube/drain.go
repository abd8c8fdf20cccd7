package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// DrainRequest asks to move all Pods off a node that can be moved.
type DrainRequest struct {
	Context            string  `json:"context,omitempty" doc:"of the server's kubeconfig; its current one when empty"`
	Node               string  `json:"node"`
	GraceSeconds       *int64  `json:"grace_seconds,omitempty" doc:"each Pod's own when absent"`
	Force              bool    `json:"force,omitempty" doc:"also evicts Pods that nothing makes anew"`
	DeleteEmptyDirData bool    `json:"delete_empty_dir_data,omitempty" doc:"also evicts Pods with emptyDir volumes, whose content is lost"`
	TimeoutSeconds     float64 `json:"timeout_seconds,omitempty" doc:"300 when 0; what has not gone then is in remaining"`
}

// DrainResponse is how far the drain came. A disruption budget that holds a Pod
// until the time is up is a result and not an error.
type DrainResponse struct {
	Complete  bool       `json:"complete" doc:"nothing remains"`
	Cordoned  bool       `json:"cordoned" doc:"the node was not cordoned before"`
	Evicted   []PodState `json:"evicted" doc:"Pods that are gone"`
	Skipped   []PodState `json:"skipped" doc:"Pods that stay: those of DaemonSets and static ones"`
	Remaining []PodState `json:"remaining" doc:"Pods that should have gone, with the reason"`
}

// PodState is one Pod of a drained node.
type PodState struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Reason    string `json:"reason,omitempty"`
}

func (r DrainRequest) ref() ObjectRef {
	return ObjectRef{Context: r.Context, Resource: "nodes", Name: r.Node}
}

func (r DrainRequest) describe() string { return "drain node " + r.Node }

func (r DrainRequest) change() *automation.HostChange { return r.ref().change(verbDrain) }

// task has time for the requests around the drain's own deadline.
func (r DrainRequest) task() (task, time.Duration, error) {
	limit := 5 * time.Minute
	const most = 24 * time.Hour
	if r.TimeoutSeconds != 0 {
		limit = time.Duration(r.TimeoutSeconds * float64(time.Second))
		if !(r.TimeoutSeconds > 0 && r.TimeoutSeconds <= most.Seconds()) {
			return task{}, 0, automation.Invalid("timeout_seconds is %v", r.TimeoutSeconds).
				WithHint("give a number of seconds above 0, at most %v", most.Seconds())
		}
	}
	if r.GraceSeconds != nil && *r.GraceSeconds < 0 {
		return task{}, 0, automation.Invalid("grace_seconds is %d", *r.GraceSeconds).WithHint("leave it out for each Pod's own")
	}
	return task{ref: r.ref(), verb: verbDrain, rights: "get, patch", timeout: limit + time.Minute,
		more: []access{{verbs: []string{"list"}, resource: "pods"}, {verbs: []string{"create"}, resource: "pods/eviction"}}}, limit, nil
}

// Drain cordons a node and evicts its Pods, as `kubectl drain` does: by the
// eviction API, which keeps to disruption budgets. Nothing is changed when a Pod
// is there that the request does not allow to be evicted.
func (c *Client) Drain(ctx context.Context, who hostfuncs.Caller, req DrainRequest) (DrainResponse, error) {
	t, limit, err := req.task()
	if err != nil {
		return DrainResponse{}, err
	}
	d := &draining{req: req, poll: c.options.Poll, known: map[string]*leaving{}}
	err = c.on(ctx, who, t, func(ctx context.Context, k *cluster, f found) error {
		return d.run(ctx, k, f, limit)
	})
	if err != nil {
		return DrainResponse{}, err
	}
	return d.response(), nil
}

func (c *Client) previewDrain(ctx context.Context, who hostfuncs.Caller, req DrainRequest) (r DrainResponse, diff string, err error) {
	t, _, err := req.task()
	if err != nil {
		return r, "", err
	}
	err = c.on(ctx, who, t, func(ctx context.Context, k *cluster, f found) error {
		d := &draining{req: req, known: map[string]*leaving{}}
		diff, err = d.rehearse(ctx, k, f)
		r = d.response()
		return err
	})
	return r, diff, err
}

// draining is how far a drain has come. It outlives a try that is repeated.
type draining struct {
	req      DrainRequest
	poll     time.Duration
	cordoned bool
	known    map[string]*leaving // by UID
	skipped  []PodState
}

// leaving is a Pod that is to go.
type leaving struct {
	PodState
	accepted, gone bool
}

func (d *draining) run(ctx context.Context, k *cluster, f found, limit time.Duration) error {
	if _, err := d.look(ctx, k); err != nil {
		return err
	}
	_, changes, err := cordon(ctx, f, d.req.Node, true, mode{})
	if err != nil {
		return err
	}
	d.cordoned = d.cordoned || changes
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		// Once the node is cordoned, a second look sees what came in between.
		pods, err := d.look(ctx, k)
		if err != nil || len(pods) == 0 {
			return err
		}
		for _, pod := range pods {
			if err := d.evict(bounded, k, pod, mode{}); err != nil && bounded.Err() == nil {
				return err
			}
		}
		if !wait(bounded, d.poll) {
			return ctx.Err() // nil: the drain's own time is up
		}
	}
}

// rehearse asks the API server about every eviction without carrying it out.
func (d *draining) rehearse(ctx context.Context, k *cluster, f found) (string, error) {
	pods, err := d.look(ctx, k)
	if err != nil {
		return "", err
	}
	before, err := f.objects.Get(ctx, d.req.Node, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	after, changes, err := cordon(ctx, f, d.req.Node, true, mode{dry: true})
	if err != nil {
		return "", err
	}
	d.cordoned = changes
	diff, err := difference(before, after)
	if err != nil {
		return "", err
	}
	for _, pod := range pods {
		if err := d.evict(ctx, k, pod, mode{dry: true}); err != nil {
			return "", err
		}
		l := d.known[string(pod.GetUID())]
		if l.gone = l.accepted; l.gone {
			diff += fmt.Sprintf("-pod %s/%s\n", l.Namespace, l.Name)
		}
	}
	return diff, nil
}

// look lists the node's Pods, and returns those that are to go. It refuses Pods
// that the request does not allow to be evicted.
func (d *draining) look(ctx context.Context, k *cluster) (going []*unstructured.Unstructured, err error) {
	pods, err := k.podsOn(ctx, d.req.Node)
	if err != nil {
		return nil, explain(ctx, err, "list the Pods of node "+d.req.Node, rbac{resource: "pods", verbs: "list"})
	}
	d.skipped = nil
	here, refused := map[string]bool{}, []string{}
	for _, pod := range pods {
		stays, refusal := d.judge(pod)
		switch {
		case stays != "":
			d.skipped = append(d.skipped, PodState{pod.GetNamespace(), pod.GetName(), stays})
		case refusal != "":
			refused = append(refused, fmt.Sprintf("%s/%s %s", pod.GetNamespace(), pod.GetName(), refusal))
		default:
			going = append(going, pod)
			here[string(pod.GetUID())] = true
		}
	}
	for uid, l := range d.known {
		l.gone = !here[uid]
	}
	if len(refused) > 0 {
		return nil, d.refuse(refused)
	}
	return going, nil
}

func (d *draining) refuse(pods []string) error {
	slices.Sort(pods)
	more := ""
	const most = 5 // one line names that many
	if len(pods) > most {
		pods, more = pods[:most], fmt.Sprintf(" and %d more", len(pods)-most)
	}
	return automation.Conflict("drain node %s: %s%s", d.req.Node, strings.Join(pods, ", "), more).
		WithHint(`"force": true evicts Pods that nothing makes anew, "delete_empty_dir_data": true those with emptyDir volumes`)
}

func (d *draining) response() DrainResponse {
	r := DrainResponse{Complete: true, Cordoned: d.cordoned, Evicted: []PodState{}, Skipped: []PodState{}, Remaining: []PodState{}}
	r.Skipped = append(r.Skipped, d.skipped...)
	for _, l := range d.known {
		switch {
		case l.gone && l.accepted:
			r.Evicted = append(r.Evicted, PodState{l.Namespace, l.Name, ""})
		case !l.gone:
			r.Complete, r.Remaining = false, append(r.Remaining, l.PodState)
		}
	}
	for _, states := range [][]PodState{r.Evicted, r.Skipped, r.Remaining} {
		slices.SortFunc(states, func(a, b PodState) int {
			return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
		})
	}
	return r
}

package kube

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// Where the memory of Pods can be read.
const (
	sourceNode    = "node"    // each node's kubelet, through the API server
	sourceMetrics = "metrics" // metrics.k8s.io, if the cluster has it
)

// PodStatsRequest asks what memory containers use.
type PodStatsRequest struct {
	Context        string   `json:"context,omitempty" doc:"of the server's kubeconfig; its current one when empty"`
	Namespaces     []string `json:"namespaces,omitempty" doc:"all namespaces when empty"`
	LabelSelector  string   `json:"label_selector,omitempty" doc:"of the Pods"`
	Pod            string   `json:"pod,omitempty" doc:"this one alone, of the one namespace"`
	Source         string   `json:"source,omitempty" doc:"node asks the kubelets; metrics asks metrics.k8s.io, which is less of a right and older figures; when empty, the kubelets, and metrics.k8s.io where those are forbidden"`
	TimeoutSeconds float64  `json:"timeout_seconds,omitempty" doc:"15 when 0"`
}

// PodStatsResponse holds a line for each running container.
type PodStatsResponse struct {
	Containers []ContainerStats `json:"containers" doc:"those nearest to their limit first"`
	Source     string           `json:"source" doc:"node or metrics"`
	Failures   []NodeFailure    `json:"failures,omitempty" doc:"nodes that did not answer; their containers are not here"`
	Truncated  bool             `json:"truncated" doc:"there are more containers than the 1 MiB of the reply"`
}

// ContainerStats is what one container uses.
type ContainerStats struct {
	Namespace  string    `json:"namespace"`
	Pod        string    `json:"pod"`
	UID        string    `json:"uid,omitempty" doc:"of the Pod"`
	Container  string    `json:"container"`
	Node       string    `json:"node,omitempty"`
	Owner      string    `json:"owner,omitempty" doc:"what controls the Pod, such as ReplicaSet/web-5d9c"`
	WorkingSet int64     `json:"working_set_bytes" doc:"what counts against the limit and can not be dropped"`
	Limit      int64     `json:"limit_bytes,omitempty" doc:"of the container, else of its Pod; absent when there is none"`
	At         time.Time `json:"at" doc:"when the figure was taken; the same time is the same figure"`
	StartedAt  time.Time `json:"started_at,omitzero" doc:"of this life of the container"`
	Restarts   int       `json:"restarts"`

	labels map[string]string // of the Pod
}

// NodeFailure is a node whose figures are missing.
type NodeFailure struct {
	Node  string `json:"node"`
	Error string `json:"error"`
}

func (r PodStatsRequest) describe() string {
	switch where := strings.Join(r.Namespaces, ", "); {
	case r.Pod != "":
		return "memory of " + where + "/" + r.Pod
	case where != "":
		return "memory of Pods in " + where
	}
	return "memory of Pods in all namespaces"
}

func (r PodStatsRequest) check(who hostfuncs.Caller) error {
	for _, namespace := range r.Namespaces {
		if err := namespaceName(namespace); err != nil {
			return err
		}
	}
	if r.Pod != "" {
		if len(r.Namespaces) != 1 {
			return automation.Invalid("pod is %q, of %d namespaces", r.Pod, len(r.Namespaces)).WithHint("name the one namespace that it is in")
		}
		if err := podNames(r.Namespaces[0], r.Pod); err != nil {
			return err
		}
	}
	if _, err := labels.Parse(r.LabelSelector); err != nil {
		return automation.Invalid("label_selector %q can not be read", r.LabelSelector).Because(err).
			WithHint(`write it as "app=web,tier!=cache"`)
	}
	if r.Source != "" && r.Source != sourceNode && r.Source != sourceMetrics {
		return automation.Invalid("source is %q", r.Source).WithHint("use node or metrics, or leave it out")
	}
	for _, namespace := range r.scopes() {
		if err := r.target(namespace, r.Pod).provisional(who); err != nil {
			return err
		}
	}
	return nil
}

func (r PodStatsRequest) target(namespace, name string) target {
	return target{context: r.Context, verb: verbStats, resource: "pods", namespace: namespace, name: name}
}

// access is what an owner needs: who may list Pods may know what memory they use.
func (r PodStatsRequest) access() (all []access) {
	for _, namespace := range r.scopes() {
		all = append(all, access{verbs: []string{"list"}, resource: "pods", namespace: namespace})
	}
	return all
}

// key tells what the answers of one namespace depend on.
func (r PodStatsRequest) key(namespace string) string {
	return namespace + "/" + r.Pod + "?" + r.LabelSelector
}

// scopes are the namespaces to ask one by one; "" is all of them at once.
func (r PodStatsRequest) scopes() []string {
	if len(r.Namespaces) == 0 {
		return []string{""}
	}
	return slices.Compact(slices.Sorted(slices.Values(r.Namespaces)))
}

// PodStats reads what memory containers use and may use. A node is asked once,
// however many of its Pods are wanted, and its answer serves every caller for half a
// second; which Pods there are is read again after five, and a single Pod each time.
func (c *Client) PodStats(ctx context.Context, who hostfuncs.Caller, req PodStatsRequest) (PodStatsResponse, error) {
	if err := req.check(who); err != nil {
		return PodStatsResponse{}, err
	}
	ctx, cancel, err := begin(ctx, req.TimeoutSeconds, 15*time.Second)
	if err != nil {
		return PodStatsResponse{}, err
	}
	defer cancel()
	var got reading
	right := &rbac{}
	err = c.use(ctx, req.Context, "read the memory of Pods", right, func(k *cluster) (err error) {
		if err := c.review(ctx, k, who, req.access()...); err != nil {
			return err
		}
		got, err = k.usage.read(ctx, k, req, right)
		return err
	})
	if err != nil {
		return PodStatsResponse{}, err
	}
	got.containers = slices.DeleteFunc(got.containers, func(s ContainerStats) bool {
		return req.target(s.Namespace, s.Pod).labelled(s.labels).permit(who) != nil
	})
	return got.reply(), nil
}

// reading is what was found of one request.
type reading struct {
	containers []ContainerStats
	source     string
	failures   []NodeFailure
}

// reply puts those first that are nearest to their limit, so that it is others that
// are cut off.
func (r reading) reply() PodStatsResponse {
	slices.SortFunc(r.containers, func(a, b ContainerStats) int {
		return cmp.Or(cmp.Compare(b.share(), a.share()), cmp.Compare(a.Namespace, b.Namespace),
			cmp.Compare(a.Pod, b.Pod), cmp.Compare(a.Container, b.Container))
	})
	out := PodStatsResponse{Containers: []ContainerStats{}, Source: r.source, Failures: r.failures}
	room := hostfuncs.MaxReplyBytes - 1000*min(len(r.failures), maxFailures)
	for _, s := range r.containers {
		if room -= s.size(); room < 0 {
			out.Truncated = true
			break
		}
		out.Containers = append(out.Containers, s)
	}
	return out
}

func (s ContainerStats) share() float64 {
	if s.Limit == 0 {
		return 0
	}
	return float64(s.WorkingSet) / float64(s.Limit)
}

// size is a bound of the bytes that it takes in the reply.
func (s ContainerStats) size() int {
	return 330 + len(s.Namespace) + len(s.Pod) + len(s.UID) + len(s.Container) + len(s.Node) + len(s.Owner)
}

// maxFailures bounds the nodes that are named as silent.
const maxFailures = 50

func (r *reading) failed(node string, err error) {
	if len(r.failures) < maxFailures {
		r.failures = append(r.failures, NodeFailure{node, fmt.Sprintf("%.500s", err)})
	}
}

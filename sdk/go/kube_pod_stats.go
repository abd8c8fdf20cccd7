package squall

import (
	"time"

	"github.com/squall-dev/squall/sdk/go/internal/host"
)

// KubePodStatsRequest asks what memory containers use.
type KubePodStatsRequest struct {
	Context        string   `json:"context,omitempty"`    // of the server's kubeconfig
	Namespaces     []string `json:"namespaces,omitempty"` // all when empty
	LabelSelector  string   `json:"label_selector,omitempty"`
	Pod            string   `json:"pod,omitempty"`    // this one alone, of the one namespace
	Source         string   `json:"source,omitempty"` // "node" or "metrics"; what is allowed when empty
	TimeoutSeconds float64  `json:"timeout_seconds,omitempty"`
}

// KubePodStatsReply holds a line for each running container.
type KubePodStatsReply struct {
	Containers []KubeContainerStats `json:"containers"` // those nearest to their limit first
	Source     string               `json:"source"`     // "node" or "metrics"
	Failures   []KubeNodeFailure    `json:"failures,omitempty"`
	Truncated  bool                 `json:"truncated"` // there are more containers than a reply holds
}

// KubeContainerStats is what one container uses.
type KubeContainerStats struct {
	Namespace  string    `json:"namespace"`
	Pod        string    `json:"pod"`
	UID        string    `json:"uid,omitempty"` // of the Pod
	Container  string    `json:"container"`
	Node       string    `json:"node,omitempty"`
	Owner      string    `json:"owner,omitempty"` // "ReplicaSet/web-5d9c"
	WorkingSet int64     `json:"working_set_bytes"`
	Limit      int64     `json:"limit_bytes,omitempty"` // zero when there is none
	At         time.Time `json:"at"`                    // when the figure was taken; the same time is the same figure
	StartedAt  time.Time `json:"started_at,omitzero"`   // zero when the source does not say
	Restarts   int       `json:"restarts"`
}

// KubeNodeFailure is a node whose figures are missing.
type KubeNodeFailure struct {
	Node  string `json:"node"`
	Error string `json:"error"`
}

// KubePodStats reads what memory the containers of Pods use and may use.
//
// The pack needs a kubernetes capability with the verb stats.
func KubePodStats(r KubePodStatsRequest) (reply KubePodStatsReply, err error) {
	err = ask("kube_pod_stats", host.KubePodStats, r, &reply)
	return reply, err
}

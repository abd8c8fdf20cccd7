package squall

import "github.com/squall-dev/squall/sdk/go/internal/host"

// KubeDrainRequest asks to move the Pods off a node.
type KubeDrainRequest struct {
	Context            string  `json:"context,omitempty"` // of the kubeconfig; empty for the server's default
	Node               string  `json:"node"`
	GraceSeconds       *int64  `json:"grace_seconds,omitempty"`         // each Pod's own when nil
	Force              bool    `json:"force,omitempty"`                 // also Pods that nothing makes anew
	DeleteEmptyDirData bool    `json:"delete_empty_dir_data,omitempty"` // also Pods whose emptyDir volumes are lost
	TimeoutSeconds     float64 `json:"timeout_seconds,omitempty"`       // 300 when zero
}

// KubeDrainReply is how far the drain came. Pods that a disruption budget holds
// remain; that is a result and not an error.
type KubeDrainReply struct {
	Complete  bool           `json:"complete"`
	Cordoned  bool           `json:"cordoned"` // it was not cordoned before
	Evicted   []KubePodState `json:"evicted"`
	Skipped   []KubePodState `json:"skipped"` // those of DaemonSets and static ones
	Remaining []KubePodState `json:"remaining"`
}

// KubePodState is one Pod of a drained node.
type KubePodState struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Reason    string `json:"reason,omitempty"`
}

// KubeDrain cordons a node and evicts its Pods, within their disruption budgets.
//
// The pack needs a kubernetes capability with the verb drain.
func KubeDrain(r KubeDrainRequest) (reply KubeDrainReply, err error) {
	err = ask("kube_drain", host.KubeDrain, r, &reply)
	return reply, err
}

package squall

import "github.com/squall-dev/squall/sdk/go/internal/host"

// KubeCordonRequest names a node.
type KubeCordonRequest struct {
	Context string `json:"context,omitempty"` // of the kubeconfig; empty for the server's default
	Node    string `json:"node"`
}

// KubeCordonReply tells whether there was anything to do.
type KubeCordonReply struct {
	Changed       bool `json:"changed"`
	Unschedulable bool `json:"unschedulable"`
}

// KubeCordon keeps further Pods off a node.
//
// The pack needs a kubernetes capability with the verb cordon.
func KubeCordon(r KubeCordonRequest) (reply KubeCordonReply, err error) {
	err = ask("kube_cordon", host.KubeCordon, r, &reply)
	return reply, err
}

// KubeUncordon lets Pods onto a node again.
//
// The pack needs a kubernetes capability with the verb cordon.
func KubeUncordon(r KubeCordonRequest) (reply KubeCordonReply, err error) {
	err = ask("kube_uncordon", host.KubeUncordon, r, &reply)
	return reply, err
}

package squall

import "github.com/squall-dev/squall/sdk/go/internal/host"

// KubeScaleRequest asks for a number of replicas.
type KubeScaleRequest struct {
	KubeObject
	Replicas int64  `json:"replicas"`
	From     *int64 `json:"from,omitempty"` // only if that many are wanted now
}

// KubeScaleReply tells how many were and are wanted.
type KubeScaleReply struct {
	From     int64 `json:"from"`
	Replicas int64 `json:"replicas"`
}

// KubeScale sets the number of replicas of whatever has a scale.
//
// The pack needs a kubernetes capability with the verb scale.
func KubeScale(r KubeScaleRequest) (reply KubeScaleReply, err error) {
	err = ask("kube_scale", host.KubeScale, r, &reply)
	return reply, err
}

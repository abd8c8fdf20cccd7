package squall

import (
	"time"

	"github.com/squall-dev/squall/sdk/go/internal/host"
)

// KubeRestartReply tells that the rollout was asked for.
type KubeRestartReply struct {
	KubeChanged
	RestartedAt time.Time `json:"restarted_at"`
}

// KubeRestart replaces the Pods of a Deployment, StatefulSet or DaemonSet at the pace of
// its own strategy.
//
// The pack needs a kubernetes capability with the verb restart.
func KubeRestart(r KubeObject) (reply KubeRestartReply, err error) {
	err = ask("kube_restart", host.KubeRestart, r, &reply)
	return reply, err
}

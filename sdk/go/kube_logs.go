package squall

import (
	"time"

	"github.com/squall-dev/squall/sdk/go/internal/host"
)

// KubeLogsRequest asks for a container's log. Pod and Namespace are required.
type KubeLogsRequest struct {
	Context      string     `json:"context,omitempty"` // of the kubeconfig; empty for the server's default
	Namespace    string     `json:"namespace"`
	Pod          string     `json:"pod"`
	Container    string     `json:"container,omitempty"` // may be empty when the Pod has one
	Previous     bool       `json:"previous,omitempty"`  // of its last life, before it was restarted
	SinceSeconds int64      `json:"since_seconds,omitempty"`
	SinceTime    *time.Time `json:"since_time,omitempty"` // instead of SinceSeconds
	TailLines    *int64     `json:"tail_lines,omitempty"`
	Timestamps   bool       `json:"timestamps,omitempty"`
	// Follow goes on until the container ends, MaxBytes are read or the time is up.
	Follow         bool         `json:"follow,omitempty"`
	MaxBytes       int64        `json:"max_bytes,omitempty"`       // 1 MiB when zero, all of it for an artifact
	Artifact       *NewArtifact `json:"artifact,omitempty"`        // streams the log into an artifact
	TimeoutSeconds float64      `json:"timeout_seconds,omitempty"` // 60 when zero
}

// KubeLogsReply is the log, or the artifact that it became.
type KubeLogsReply struct {
	Log       string    `json:"log,omitempty"`
	LogBase64 []byte    `json:"log_base64,omitempty"` // instead of Log when that is not text
	Size      int64     `json:"size"`
	Truncated bool      `json:"truncated"`           // the log is longer; the beginning is here
	TimedOut  bool      `json:"timed_out,omitempty"` // it was followed, and goes on
	Artifact  *Artifact `json:"artifact,omitempty"`
}

// KubeLogs reads what a container has written.
//
// The pack needs a kubernetes capability with the verb logs.
func KubeLogs(r KubeLogsRequest) (reply KubeLogsReply, err error) {
	err = ask("kube_logs", host.KubeLogs, r, &reply)
	return reply, err
}

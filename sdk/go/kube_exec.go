package squall

import "github.com/squall-dev/squall/sdk/go/internal/host"

// KubeExecRequest asks for a command to be run in a container. Pod, Namespace
// and Command are required.
type KubeExecRequest struct {
	Context   string   `json:"context,omitempty"` // of the kubeconfig; empty for the server's default
	Namespace string   `json:"namespace"`
	Pod       string   `json:"pod"`
	Container string   `json:"container,omitempty"` // may be empty when the Pod has one
	Command   []string `json:"command"`             // program and arguments; no shell is involved
	Stdin     string   `json:"stdin,omitempty"`
	// StdoutArtifact streams the command's output into an artifact. It then never
	// enters the sandbox, so its size does not matter to the action.
	StdoutArtifact *NewArtifact `json:"stdout_artifact,omitempty"`
	// KeepOnFailure keeps that artifact when the command exits with another code
	// than 0.
	KeepOnFailure  bool    `json:"keep_on_failure,omitempty"`
	TimeoutSeconds float64 `json:"timeout_seconds,omitempty"` // zero: as long as the execution may take
}

// KubeExecReply is how the command ended. An exit code other than 0 is a result,
// not an error.
type KubeExecReply struct {
	ExitCode     int       `json:"exit_code"`
	Stdout       string    `json:"stdout"`
	StdoutBase64 []byte    `json:"stdout_base64,omitempty"` // instead of Stdout when that is not text
	Stderr       string    `json:"stderr"`
	StderrBase64 []byte    `json:"stderr_base64,omitempty"` // instead of Stderr when that is not text
	Truncated    bool      `json:"truncated"`               // the texts were longer than 1 MiB
	Artifact     *Artifact `json:"artifact,omitempty"`
}

// KubeExec runs a command in a container of a Pod.
//
// The pack needs a kubernetes capability with the verb exec.
func KubeExec(r KubeExecRequest) (reply KubeExecReply, err error) {
	err = ask("kube_exec", host.KubeExec, r, &reply)
	return reply, err
}

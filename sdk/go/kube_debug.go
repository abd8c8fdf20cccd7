package squall

import "github.com/squall-dev/squall/sdk/go/internal/host"

// KubeDebugRequest asks for one more container in a Pod that runs. Pod, Namespace
// and Image are required.
type KubeDebugRequest struct {
	Context        string            `json:"context,omitempty"` // of the kubeconfig; empty for the server's default
	Namespace      string            `json:"namespace"`
	Pod            string            `json:"pod"`
	Image          string            `json:"image"`
	Container      string            `json:"container,omitempty"` // its name; one is made up when empty
	Target         string            `json:"target,omitempty"`    // the container whose processes it sees
	Command        []string          `json:"command,omitempty"`   // the image's own when empty
	Args           []string          `json:"args,omitempty"`
	Env            map[string]string `json:"env,omitempty"`
	TimeoutSeconds float64           `json:"timeout_seconds,omitempty"` // to wait until it has started; 60 when zero
}

// KubeDebugReply tells the container's name and state.
type KubeDebugReply struct {
	Container string `json:"container"`
	State     string `json:"state"`            // waiting, running or terminated
	Reason    string `json:"reason,omitempty"` // "ErrImagePull"
	Message   string `json:"message,omitempty"`
	ExitCode  int64  `json:"exit_code"`
}

// KubeDebug adds an ephemeral container to a Pod and waits until it has started. That it
// has not is a result: Reason says why.
//
// The pack needs a kubernetes capability with the verb debug.
func KubeDebug(r KubeDebugRequest) (reply KubeDebugReply, err error) {
	err = ask("kube_debug", host.KubeDebug, r, &reply)
	return reply, err
}

package squall

import "github.com/squall-dev/squall/sdk/go/internal/host"

// KubeProxyGetRequest asks for an HTTP GET to a port of a Pod, through the
// cluster's API server. Pod, Namespace and Port are required.
type KubeProxyGetRequest struct {
	Context        string       `json:"context,omitempty"` // of the kubeconfig; empty for the server's default
	Namespace      string       `json:"namespace"`
	Pod            string       `json:"pod"`
	Port           int          `json:"port"`
	Scheme         string       `json:"scheme,omitempty"` // http when empty
	Path           string       `json:"path,omitempty"`
	Query          string       `json:"query,omitempty"`           // "seconds=5"
	Artifact       *NewArtifact `json:"artifact,omitempty"`        // streams the body of a 2xx answer into an artifact
	TimeoutSeconds float64      `json:"timeout_seconds,omitempty"` // 60 when zero
}

// KubeProxyGetReply is the Pod's answer. A status such as 404 is a result, not
// an error.
type KubeProxyGetReply struct {
	Status      int       `json:"status"`
	ContentType string    `json:"content_type"`
	Body        string    `json:"body,omitempty"`
	BodyBase64  []byte    `json:"body_base64,omitempty"` // instead of Body when the answer is not text
	Size        int64     `json:"size"`
	Truncated   bool      `json:"truncated"` // the body was longer than 1 MiB
	Artifact    *Artifact `json:"artifact,omitempty"`
}

// KubeProxyGet fetches a path from a Pod that need not hold a shell or any tool.
//
// The pack needs a kubernetes capability with the verb proxy.
func KubeProxyGet(r KubeProxyGetRequest) (reply KubeProxyGetReply, err error) {
	err = ask("kube_proxy_get", host.KubeProxyGet, r, &reply)
	return reply, err
}

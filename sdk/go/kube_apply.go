package squall

import "github.com/squall-dev/squall/sdk/go/internal/host"

// KubeApplyRequest asks that an object be as described. Object or Manifest is
// required.
type KubeApplyRequest struct {
	Context  string `json:"context,omitempty"`  // of the kubeconfig; empty for the server's default
	Object   any    `json:"object,omitempty"`   // with apiVersion, kind and metadata.name
	Manifest string `json:"manifest,omitempty"` // the same as YAML, one document
	Force    bool   `json:"force,omitempty"`    // takes fields over that another manager has set
}

// KubeApply makes what is not there, and sets the fields that are named of what is, by
// server-side apply. A field that another manager has set is [ErrConflict].
//
// The pack needs a kubernetes capability with the verb apply.
func KubeApply(r KubeApplyRequest) (reply KubeChanged, err error) {
	err = ask("kube_apply", host.KubeApply, r, &reply)
	return reply, err
}

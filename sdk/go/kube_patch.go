package squall

import "github.com/squall-dev/squall/sdk/go/internal/host"

// KubePatchRequest asks to change parts of an object.
type KubePatchRequest struct {
	KubeObject
	Type  string `json:"type,omitempty"` // merge, strategic or json; merge when empty
	Patch any    `json:"patch"`          // an object; of type json a list of operations
}

// KubePatch changes parts of an object.
//
// The pack needs a kubernetes capability with the verb patch.
func KubePatch(r KubePatchRequest) (reply KubeChanged, err error) {
	err = ask("kube_patch", host.KubePatch, r, &reply)
	return reply, err
}

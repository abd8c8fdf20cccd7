package squall

import "github.com/squall-dev/squall/sdk/go/internal/host"

// KubeDeleteRequest asks to delete one object.
type KubeDeleteRequest struct {
	KubeObject
	Propagation     string `json:"propagation,omitempty"`      // background, foreground or orphan
	GraceSeconds    *int64 `json:"grace_seconds,omitempty"`    // the object's own when nil
	UID             string `json:"uid,omitempty"`              // only if it still is the object of this UID
	ResourceVersion string `json:"resource_version,omitempty"` // only if nothing has changed it since
	IgnoreNotFound  bool   `json:"ignore_not_found,omitempty"`
}

// KubeDeleteReply tells whether there was an object to delete.
type KubeDeleteReply struct {
	Found bool `json:"found"`
}

// KubeDelete deletes one object. Pods end in their own time.
//
// The pack needs a kubernetes capability with the verb delete.
func KubeDelete(r KubeDeleteRequest) (reply KubeDeleteReply, err error) {
	err = ask("kube_delete", host.KubeDelete, r, &reply)
	return reply, err
}

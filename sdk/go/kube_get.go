package squall

import "github.com/squall-dev/squall/sdk/go/internal/host"

// KubeGetRequest asks for one object.
type KubeGetRequest struct {
	KubeObject
	Fields []string `json:"fields,omitempty"` // the dotted paths to keep, as of [KubeListRequest]
}

// KubeGetReply holds the object.
type KubeGetReply[T any] struct {
	Object T `json:"object"`
}

// KubeGet reads one object, decoded into a T of the caller's choice. That it is not
// there is an error of kind [ErrNotFound].
//
// The pack needs a kubernetes capability with the verb get.
func KubeGet[T any](r KubeGetRequest) (reply KubeGetReply[T], err error) {
	err = ask("kube_get", host.KubeGet, r, &reply)
	return reply, err
}

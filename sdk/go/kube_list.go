package squall

import "github.com/squall-dev/squall/sdk/go/internal/host"

// KubeListRequest asks for objects of one resource. Resource or Kind is required.
type KubeListRequest struct {
	Context       string `json:"context,omitempty"`  // of the kubeconfig; empty for the server's default
	Resource      string `json:"resource,omitempty"` // "pods", "deployments.apps"
	Kind          string `json:"kind,omitempty"`     // "Pod", "Deployment.apps"; instead of Resource
	Namespace     string `json:"namespace,omitempty"`
	LabelSelector string `json:"label_selector,omitempty"`
	FieldSelector string `json:"field_selector,omitempty"`
	Limit         int    `json:"limit,omitempty"`
	// Fields are the dotted paths to keep of every object, such as
	// "metadata.name". Lists are followed element by element, as in
	// "spec.containers.image"; a dot that belongs to a key has a backslash before
	// it. A reply holds at most 1 MiB: asking for little gets more objects into it.
	Fields []string `json:"fields,omitempty"`
}

// KubeListReply holds the objects.
type KubeListReply[T any] struct {
	Items     []T  `json:"items"`
	Count     int  `json:"count"`
	Truncated bool `json:"truncated"` // there are more objects than the reply could hold
}

// KubeList lists objects, each decoded into a T of the caller's choice. Without
// a namespace it looks in all of them.
//
// The pack needs a kubernetes capability with the verb list.
func KubeList[T any](r KubeListRequest) (reply KubeListReply[T], err error) {
	err = ask("kube_list", host.KubeList, r, &reply)
	return reply, err
}

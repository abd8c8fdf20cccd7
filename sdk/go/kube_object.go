package squall

// KubeObject names one object. Name is required, and Resource or Kind.
type KubeObject struct {
	Context   string `json:"context,omitempty"`   // of the kubeconfig; empty for the server's default
	Resource  string `json:"resource,omitempty"`  // "pods", "deployments.apps"
	Kind      string `json:"kind,omitempty"`      // "Pod", "Deployment.apps"; instead of Resource
	Namespace string `json:"namespace,omitempty"` // left out for what has none, such as nodes
	Name      string `json:"name"`
}

// KubeChanged identifies an object as it is after a change.
type KubeChanged struct {
	APIVersion      string `json:"api_version"`
	Kind            string `json:"kind"`
	Namespace       string `json:"namespace,omitempty"`
	Name            string `json:"name"`
	UID             string `json:"uid,omitempty"`
	ResourceVersion string `json:"resource_version,omitempty"`
	Generation      int64  `json:"generation,omitempty"` // status.observedGeneration follows it
}

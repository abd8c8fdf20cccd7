package automation

import "time"

// PackStatus is a pack as the catalogue knows it: what is in service, and what
// is wrong with the files on disk if they could not be loaded.
type PackStatus struct {
	Name        string `json:"name"`
	Version     string `json:"version,omitempty"`
	Description string `json:"description,omitempty"`
	Author      string `json:"author,omitempty"`
	// Digest identifies the files in service: "sha256:...".
	Digest   string    `json:"digest,omitempty"`
	LoadedAt time.Time `json:"loaded_at,omitzero"`
	// Path is where the files lie; "embedded" for shipped packs.
	Path string `json:"path"`
	// InService tells whether some version of the pack answers calls.
	InService bool `json:"in_service"`
	// Error says why the files on disk are not in service; with InService set, an
	// older version goes on serving.
	Error   string `json:"error,omitempty"`
	Hint    string `json:"hint,omitempty"`
	Actions []Ref  `json:"actions"`
	Rules   []Ref  `json:"rules"`
	Sensors []Ref  `json:"sensors,omitempty"`
	// Webhooks are the paths whose senders the pack says how to check.
	Policies []Ref    `json:"policies,omitempty"`
	Webhooks []string `json:"webhooks,omitempty"`
	// Modules are the files that actions run, by name.
	Modules      []PackModule `json:"modules"`
	Capabilities Capabilities `json:"capabilities,omitzero"`
}

// Capabilities are what a pack asks for in pack.yaml, each with a reason for
// people. What is not written is not there.
type Capabilities struct {
	Kubernetes []KubernetesCapability `json:"kubernetes,omitempty" yaml:"kubernetes"`
	HTTP       []HTTPCapability       `json:"http,omitempty" yaml:"http"`
	Artifacts  []ArtifactCapability   `json:"artifacts,omitempty" yaml:"artifacts"`
	Secrets    []SecretCapability     `json:"secrets,omitempty" yaml:"secrets"`
	KV         []KVCapability         `json:"kv,omitempty" yaml:"kv"`
	// Triggers are the types of events that the pack may raise: names or patterns.
	Triggers []string `json:"triggers,omitempty" yaml:"triggers"`
	// Actions are those that the pack's code may run: refs, or patterns ("core.*").
	Actions []string `json:"actions,omitempty" yaml:"actions"`
}

// KubernetesCapability allows verbs on resources. Entries of lists are names or
// shell patterns ("prod-*"); an empty Namespaces or Names allows every one.
type KubernetesCapability struct {
	Verbs      []string `json:"verbs" yaml:"verbs"`         // exec, get, patch ...: package kube has them all
	Resources  []string `json:"resources" yaml:"resources"` // pods, deployments ...
	Namespaces []string `json:"namespaces,omitempty" yaml:"namespaces"`
	Names      []string `json:"names,omitempty" yaml:"names"`
	// Labels are what an object must have: for each key the value, or a pattern of it.
	// Whether it has them is looked up when it is acted on.
	Labels map[string]string `json:"labels,omitempty" yaml:"labels"`
	// Contexts are the kubeconfig's contexts that requests may name; empty allows
	// the server's own one only, which is meant when a request names none.
	Contexts []string `json:"contexts,omitempty" yaml:"contexts"`
	// Pods are pairs "namespace/name", in the place of Namespaces and Names.
	Pods []string `json:"pods,omitempty" yaml:"pods"`
	// For is how long after its event an execution has the right, for an entry with
	// templates in Namespaces, Names or Pods; zero means as long as it runs.
	For Duration `json:"for,omitempty" yaml:"for"`
	// Manual gives the right to executions that a person started too, who have no
	// event: then a template stands for everything.
	Manual bool   `json:"manual,omitempty" yaml:"manual"`
	Reason string `json:"reason" yaml:"reason"`
	// Until is when a right that was bound to an event ends; zero for never.
	Until time.Time `json:"-" yaml:"-"`
}

// HTTPCapability allows requests to hosts. A host is "name", "name:port" or a
// pattern such as "*.example.com"; without a port, 80 and 443 are meant.
type HTTPCapability struct {
	Hosts []string `json:"hosts,omitempty" yaml:"hosts"`
	// FromConfig names keys of the pack's configuration whose value is a URL; its
	// host and port are allowed. The operator writes the configuration, so the
	// right is not there until the operator gives it.
	FromConfig []string `json:"from_config,omitempty" yaml:"from_config"`
	Methods    []string `json:"methods,omitempty" yaml:"methods"` // empty allows GET and HEAD
	// Private allows addresses inside: loopback, link-local, private ranges. They
	// are refused otherwise, whatever name they hide behind.
	Private bool `json:"private,omitempty" yaml:"private"`
	// Insecure allows requests that take any certificate for the host's.
	Insecure bool   `json:"insecure,omitempty" yaml:"insecure"`
	Reason   string `json:"reason" yaml:"reason"`
}

// ArtifactCapability allows keeping files.
type ArtifactCapability struct {
	MaxBytes int64  `json:"max_bytes,omitempty" yaml:"max_bytes"` // of one artifact; zero means 512 MiB
	Reason   string `json:"reason,omitempty" yaml:"reason"`
}

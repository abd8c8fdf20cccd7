package automation

import "time"

// Secret is a value that packs use and do not see, without the value.
type Secret struct {
	Name   string       `json:"name"`
	Source SecretSource `json:"source"`
	// ShadowedBy is set for a stored one that another source wins over.
	ShadowedBy SecretSource `json:"shadowed_by,omitempty"`
	Created    *time.Time   `json:"created,omitempty"`
	Updated    *time.Time   `json:"updated,omitempty"`
	By         string       `json:"by,omitempty"`
	// Short tells that the value is too short to be taken out of what is said.
	Short bool `json:"short,omitempty"`
	// Error says why it can not be used.
	Error string `json:"error,omitempty"`
}

// SecretSource is where a secret comes from.
type SecretSource string

// The sources of secrets; a mounted file wins over the environment, and that over the
// store.
const (
	SecretStored      SecretSource = "stored"
	SecretEnvironment SecretSource = "environment"
	SecretMount       SecretSource = "mount"
)

// SecretCapability allows a pack to use secrets whose name matches.
type SecretCapability struct {
	Name string `json:"name" yaml:"name"` // a name or a shell pattern
	// Hosts are where they may be sent to; empty means wherever the pack may send.
	Hosts []string `json:"hosts,omitempty" yaml:"hosts"`
	// Reveal lets the pack's code see the values.
	Reveal bool   `json:"reveal,omitempty" yaml:"reveal"`
	Reason string `json:"reason" yaml:"reason"`
}

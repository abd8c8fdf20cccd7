package automation

import "time"

// KVEntry is one value that packs and rules share by name.
type KVEntry struct {
	// Scope is "system", "user:NAME" or "pack:NAME".
	Scope string `json:"scope"`
	Name  string `json:"name"`
	Value string `json:"value"`
	// ExpiresAt is when it vanishes; nil keeps it.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
}

// ScopeSystem is the scope that everybody reads.
const ScopeSystem = "system"

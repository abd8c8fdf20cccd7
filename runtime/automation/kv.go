package automation

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// KVEntry is one value that packs and rules share by name.
type KVEntry struct {
	// Scope is "system", "user:NAME" or "pack:NAME".
	Scope string `json:"scope"`
	Name  string `json:"name"`
	// Value is left out of answers about an encrypted key, unless it is asked for.
	Value string `json:"value"`
	// Encrypted tells that the value lies sealed in the database.
	Encrypted bool `json:"encrypted,omitempty"`
	// ExpiresAt is when it vanishes; nil keeps it.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
}

// ScopeSystem is the scope that everybody reads.
const ScopeSystem = "system"

// The bounds of an entry.
const (
	MaxKVName  = 256     // characters
	MaxKVValue = 1 << 20 // bytes
)

// Check tells what is wrong with an entry that somebody wants to store.
func (e KVEntry) Check() error {
	if err := CheckKey(e.Scope, e.Name); err != nil {
		return err
	}
	if len(e.Value) > MaxKVValue {
		return Invalid("the value of key %q has %d bytes, more than %d", e.Name, len(e.Value), MaxKVValue).WithCode("value_too_large").
			WithHint("keep large things as artifacts and their id under the key")
	}
	if !utf8.ValidString(e.Value) {
		return Invalid("the value of key %q is not text", e.Name).WithCode("invalid_value").WithHint("encode it, for example as base64")
	}
	return nil
}

// CheckKey tells what is wrong with a scope or a name.
func CheckKey(scope, name string) error {
	if err := CheckScope(scope); err != nil {
		return err
	}
	bad := func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }
	switch {
	case name == "" || name == "." || name == ".." || strings.HasPrefix(name, "/") || strings.HasSuffix(name, "/"):
		return Invalid("%q can not name a key", name).WithCode("invalid_key").WithHint("use letters, digits, dots, and slashes inside")
	case utf8.RuneCountInString(name) > MaxKVName:
		return Invalid("the key's name has more than %d characters", MaxKVName).WithCode("invalid_key")
	case strings.ContainsFunc(name, bad):
		return Invalid("the key's name holds what is not printable text").WithCode("invalid_key")
	}
	return nil
}

// CheckScope tells what is wrong with a scope.
func CheckScope(scope string) error {
	kind, owner, owned := strings.Cut(scope, ":")
	switch {
	case scope == ScopeSystem:
		return nil
	case kind == "pack" && owned && ValidPackName(owner):
		return nil
	case kind == "user" && owned && owner != "" && len(owner) <= MaxKVName && !strings.ContainsFunc(owner, notInUser):
		return nil
	}
	return Invalid("%q is not a scope", shortened(scope)).WithCode("invalid_scope").WithHint("write system, user:NAME or pack:NAME")
}

func notInUser(r rune) bool {
	return unicode.IsControl(r) || unicode.IsSpace(r) || r == '/' || r == utf8.RuneError
}

func shortened(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// KVCapability allows a pack to use keys.
type KVCapability struct {
	Scope string   `json:"scope" yaml:"scope"`           // "pack", its own; "user", of who started it; or "system"
	Keys  []string `json:"keys,omitempty" yaml:"keys"`   // names or patterns; empty means all
	Write bool     `json:"write,omitempty" yaml:"write"` // lets it set and delete
	// Reveal lets it read the values of encrypted keys.
	Reveal bool `json:"reveal,omitempty" yaml:"reveal"`
	// Reason is needed for the scope of everybody.
	Reason string `json:"reason,omitempty" yaml:"reason"`
}

package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

// keySeparator stands between a policy's reference and the values that it counts by; no
// reference holds it.
const keySeparator = "#"

// Of returns the policy that a key belongs to.
func Of(key string) automation.Ref {
	ref, _, _ := strings.Cut(key, keySeparator)
	return automation.Ref(ref)
}

// key is what an execution waits for when a policy has no room; false when the policy
// does not limit what runs.
func (e *entry) key(p *automation.Policy) (string, bool) {
	switch p.Type {
	case automation.PolicyConcurrency, automation.PolicyRate:
		return string(p.Ref()), true
	case automation.PolicyConcurrencyAttr:
		return string(p.Ref()) + keySeparator + e.values.of(p.Attributes), true
	}
	return "", false
}

// attributes are the parameters of an execution, digested on demand: they may hold
// secrets, which must not stand in a key.
type attributes struct {
	raw     json.RawMessage
	decoded map[string]json.RawMessage
	digests map[string]string // by the names that were asked for
}

// of digests the values of some parameters. One that is missing is like null.
func (a *attributes) of(names []string) string {
	id := strings.Join(names, "\x00")
	if d, known := a.digests[id]; known {
		return d
	}
	if a.decoded == nil {
		a.decoded = map[string]json.RawMessage{}
		_ = json.Unmarshal(a.raw, &a.decoded) // parameters are an object; of others nothing is equal or all
	}
	values := make([]any, len(names))
	for i, name := range names {
		if raw, given := a.decoded[name]; given {
			_ = json.Unmarshal(raw, &values[i]) // so that blanks and the order of keys do not matter
		}
	}
	text, _ := json.Marshal(values) // what came from JSON
	sum := sha256.Sum256(text)
	if a.digests == nil {
		a.digests = map[string]string{}
	}
	a.digests[id] = hex.EncodeToString(sum[:8])
	return a.digests[id]
}

// reason tells people what an execution waits for. It names no values.
func reason(p *automation.Policy) string {
	switch p.Type {
	case automation.PolicyConcurrencyAttr:
		return fmt.Sprintf("policy %s: of %s at most %d with the same %s may run at the same time", p.Ref(), p.Resource, p.Threshold, strings.Join(p.Attributes, ", "))
	case automation.PolicyRate:
		return fmt.Sprintf("policy %s: of %s at most %d may begin in %s", p.Ref(), p.Resource, p.Limit, p.Window)
	}
	return fmt.Sprintf("policy %s: of %s at most %d may run at the same time", p.Ref(), p.Resource, p.Threshold)
}

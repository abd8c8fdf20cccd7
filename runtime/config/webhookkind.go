package config

import (
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// webhookKinds says which keys each way of checking looks at, beside those that
// every webhook has.
func webhookKinds() map[string][]string {
	return map[string][]string{
		"none":              {},
		"token":             {"secrets", "header", "mode"},
		"basic":             {"secrets", "username", "mode"},
		"alertmanager":      {"secrets", "username", "mode"},
		"github":            {"secrets", "mode"},
		"gitlab":            {"secrets", "mode"},
		"slack":             {"secrets", "replay_window", "mode"},
		"stripe":            {"secrets", "replay_window", "mode"},
		"standard_webhooks": {"secrets", "replay_window", "mode"},
		"hmac":              {"secrets", "header", "prefix", "algorithm", "encoding", "timestamp_header", "signed", "replay_window", "mode"},
		"mtls":              {"subjects", "mode"},
	}
}

// WebhookAuths lists the ways of checking, sorted.
func WebhookAuths() []string { return slices.Sorted(maps.Keys(webhookKinds())) }

// checkKind refuses keys that nothing looks at: whoever wrote them believes in a
// check that is not made.
func (r *webhookReader) checkKind(n *yaml.Node, w *Webhook, keys map[string]*yaml.Node) {
	used, known := webhookKinds()[w.Auth]
	switch at := keys["auth"]; {
	case at == nil:
		r.problem(n, "auth: none lets everybody send", "a webhook needs auth")
		return
	case !known:
		r.problem(at, "one of "+strings.Join(WebhookAuths(), ", "), "auth %q is not known%s", w.Auth, near(w.Auth, WebhookAuths()))
		return
	}
	if at := keys["mode"]; at != nil && w.Mode != "strict" && w.Mode != "observe" {
		r.problem(at, "", "mode %q is neither strict nor observe%s", w.Mode, near(w.Mode, []string{"strict", "observe"}))
	}
	every := []string{"auth", "path", "idempotency_header", "idempotency_window", "answer"}
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		if !slices.Contains(used, name) && !slices.Contains(every, name) {
			r.problem(keys[name], usedBy(name, used), "%s has no effect with auth %s", name, w.Auth)
		}
	}
	r.checkPairs(w, keys)
}

// checkPairs refuses keys that need another.
func (r *webhookReader) checkPairs(w *Webhook, keys map[string]*yaml.Node) {
	if at := keys["replay_window"]; at != nil && w.Auth == "hmac" && w.TimestampHeader == "" {
		r.problem(at, "say in timestamp_header where the sender writes when it signed", "replay_window has no effect without timestamp_header")
	}
	ownKey := slices.Contains([]string{"standard_webhooks", "github", "gitlab"}, w.Auth)
	if at := keys["idempotency_window"]; at != nil && w.IdempotencyHeader == "" && !ownKey {
		r.problem(at, "say in idempotency_header what names a delivery", "idempotency_window has no effect without idempotency_header")
	}
}

// usedBy says what a kind looks at, and which kinds look at the key.
func usedBy(key string, used []string) string {
	var kinds []string
	for kind, keys := range webhookKinds() {
		if slices.Contains(keys, key) {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	hint := key + " belongs to auth " + strings.Join(kinds, ", ")
	if len(used) > 0 {
		hint += "; this one looks at " + strings.Join(used, ", ")
	}
	return hint
}

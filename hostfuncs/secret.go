package hostfuncs

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

// SecretSource has values by name.
type SecretSource interface {
	Secret(name string) (value string, there bool)
}

// Handle is what a guest holds in the place of a secret: host functions replace it when
// what holds it leaves.
func Handle(name string) string { return "$SQUALL_SECRET{" + name + "}" }

// IsHandle reports whether a text is a handle and nothing else.
func IsHandle(text string) bool {
	names := HandlesIn(text)
	return len(names) == 1 && text == Handle(names[0])
}

func handles() *regexp.Regexp { return regexp.MustCompile(`\$SQUALL_SECRET\{([^{}]*)\}`) }

// HandlesIn returns the names of the secrets whose handles a text holds, each once.
func HandlesIn(text string) []string {
	if !strings.Contains(text, "$SQUALL_SECRET{") {
		return nil
	}
	var names []string
	for _, m := range handles().FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// FillSecrets replaces the handles in a text by their values. Whether they may go where
// the text goes is another question: [Caller.MaySend].
func (c Caller) FillSecrets(text string) (string, error) {
	for _, name := range HandlesIn(text) {
		if err := c.Permit(secretUsable(name)); err != nil {
			return "", err
		}
		value, err := c.SecretValue(name)
		if err != nil {
			return "", err
		}
		text = strings.ReplaceAll(text, Handle(name), value)
	}
	return text, nil
}

// SecretValue is the value of a secret; whoever calls it has asked for the right.
func (c Caller) SecretValue(name string) (string, error) {
	if c.Secrets != nil {
		if value, there := c.Secrets.Secret(name); there {
			return value, nil
		}
	}
	return "", automation.NotFound("there is no secret %q", name).WithHint("keep one: squall secret set %s", name)
}

// MaySend reports whether secrets may be sent to a host: nil, or an error of kind
// ErrDenied that names the missing line.
func (c Caller) MaySend(names []string, host string) error {
	for _, name := range names {
		err := c.Permit(func(caps automation.Capabilities) error {
			for _, entry := range caps.Secrets {
				if secretMatches(entry.Name, name) && (len(entry.Hosts) == 0 || slices.ContainsFunc(entry.Hosts, func(p string) bool { return secretMatches(p, host) })) {
					return nil
				}
			}
			return automation.Denied("the pack may not send the secret %s to %s", name, host).
				WithHint(`add to pack.yaml under capabilities.secrets: - {name: %s, hosts: [%q], reason: "..."}`, name, host)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// secretUsable is the check of a pack's right to use a secret at all.
func secretUsable(name string) func(automation.Capabilities) error {
	return func(caps automation.Capabilities) error {
		for _, entry := range caps.Secrets {
			if secretMatches(entry.Name, name) {
				return nil
			}
		}
		return missingSecret(name)
	}
}

// MayReveal is the check of a pack's right to see the value of a secret.
func MayReveal(name string) func(automation.Capabilities) error {
	return func(caps automation.Capabilities) error {
		for _, entry := range caps.Secrets {
			if entry.Reveal && secretMatches(entry.Name, name) {
				return nil
			}
		}
		return automation.Denied("the pack may not see the value of the secret %s", name).
			WithHint(`send its handle %s instead, or add to pack.yaml under capabilities.secrets: - {name: %s, reveal: true, reason: "..."}`, Handle(name), name)
	}
}

// MayUse is the check of a pack's right to hold the handle of a secret.
func MayUse(name string) func(automation.Capabilities) error { return secretUsable(name) }

func missingSecret(name string) error {
	return automation.Denied("the pack may not use the secret %s", name).
		WithHint(`add to pack.yaml under capabilities.secrets: - {name: %s, reason: "..."}`, name)
}

func secretMatches(pattern, value string) bool {
	ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(value))
	return err == nil && ok
}

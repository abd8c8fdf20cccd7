package vault

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

// Seal makes a value text that only this vault opens, and only under its name. The
// value is one of those that are taken out of what is said, until it is forgotten.
func (v *Vault) Seal(name, value string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.learnLocked(name, value)
	return v.keys[0].id + ":" + base64.StdEncoding.EncodeToString(v.keys[0].seal(name, value))
}

// Unseal opens what Seal made.
func (v *Vault) Unseal(name, text string) (string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	value, err := v.unsealLocked(name, text)
	if err != nil {
		return "", automation.Conflict("it is sealed, and can not be opened").Because(err).
			WithHint("bring back the key of secrets that it was sealed with")
	}
	v.learnLocked(name, value)
	return value, nil
}

// Forget tells that the value of a name is no secret any more.
func (v *Vault) Forget(name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, there := v.learned[name]; there {
		delete(v.learned, name)
		v.renewLocked()
	}
}

func (v *Vault) learnLocked(name, value string) {
	if known, there := v.learned[name]; !there || known != value {
		v.learned[name] = value
		v.renewLocked()
	}
}

func (v *Vault) unsealLocked(name, text string) (string, error) {
	id, encoded, ok := strings.Cut(text, ":")
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil {
		return "", errors.New("it is not what was sealed")
	}
	return v.openLocked(name, sealed{Key: id, Value: raw})
}

// Reseal seals text anew that Seal made; see [Vault.Rotate].
type Reseal func(name, text string) (string, error)

// resealLocked seals with the first key.
func (v *Vault) resealLocked(name, text string) (string, error) {
	value, err := v.unsealLocked(name, text)
	if err != nil {
		return "", fmt.Errorf("open %s: %w", name, err)
	}
	return v.keys[0].id + ":" + base64.StdEncoding.EncodeToString(v.keys[0].seal(name, value)), nil
}

// others seals elsewhere what lies elsewhere; how many there were is added up.
type others func(ctx context.Context, reseal Reseal) (int, error)

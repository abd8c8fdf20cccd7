package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/vault"
)

// sealedKeys keeps the values of encrypted keys sealed in the store. Whoever is above
// it reads and writes them as they are.
type sealedKeys struct {
	store.Store
	vault *vault.Vault
	log   *slog.Logger
	// turning is held by whoever seals all values anew, so that no write comes between.
	turning *sync.RWMutex
}

// newSealedKeys learns every value that there is: it is taken out of what is said.
func newSealedKeys(ctx context.Context, s store.Store, v *vault.Vault, log *slog.Logger) (sealedKeys, error) {
	k := sealedKeys{s, v, log, &sync.RWMutex{}}
	err := k.each(ctx, func(e automation.KVEntry) error {
		_ = k.open(&e) // is logged; the others are there all the same
		return nil
	})
	if err != nil {
		return k, fmt.Errorf("read the encrypted keys: %w", err)
	}
	return k, nil
}

// each visits the encrypted entries as they are stored.
func (k sealedKeys) each(ctx context.Context, visit func(automation.KVEntry) error) error {
	q := store.KVQuery{Encrypted: true, At: time.Now(), Limit: 500}
	for {
		page, err := k.Store.KVList(ctx, q)
		if err != nil {
			return err
		}
		for _, e := range page {
			if err := visit(e); err != nil {
				return err
			}
			q.AfterScope, q.After = e.Scope, e.Name
		}
		if len(page) < q.Limit {
			return nil
		}
	}
}

// sealedName binds a value to its place.
func sealedName(scope, name string) string { return "kv\x00" + scope + "\x00" + name }

// open puts the value in the place of what is stored, or nothing.
func (k sealedKeys) open(e *automation.KVEntry) error {
	if !e.Encrypted {
		return nil
	}
	value, err := k.vault.Unseal(sealedName(e.Scope, e.Name), e.Value)
	if e.Value = value; err != nil {
		k.log.Error("an encrypted key can not be opened", "scope", e.Scope, "name", e.Name, "err", err)
		return fmt.Errorf("key %s of scope %s: %w", e.Name, e.Scope, err)
	}
	return nil
}

func (k sealedKeys) KVGet(ctx context.Context, scope, name string, at time.Time) (automation.KVEntry, error) {
	e, err := k.Store.KVGet(ctx, scope, name, at)
	if err != nil {
		return e, err
	}
	err = k.open(&e)
	return e, err
}

// KVList leaves the values empty that can not be opened.
func (k sealedKeys) KVList(ctx context.Context, q store.KVQuery) ([]automation.KVEntry, error) {
	all, err := k.Store.KVList(ctx, q)
	for i := range all {
		_ = k.open(&all[i]) // is logged
	}
	return all, err
}

func (k sealedKeys) KVPut(ctx context.Context, e automation.KVEntry, then ...store.Acceptance) (*automation.KVEntry, error) {
	k.turning.RLock()
	defer k.turning.RUnlock()
	name := sealedName(e.Scope, e.Name)
	if e.Encrypted {
		e.Value = k.vault.Seal(name, e.Value)
	}
	before, err := k.Store.KVPut(ctx, e, then...)
	if before != nil && before.Encrypted && e.Encrypted {
		before.Value = "" // nobody asks for it, and opening it would teach the vault the old value
	}
	return before, err
}

func (k sealedKeys) KVDelete(ctx context.Context, scope, name string, at time.Time, then ...store.Acceptance) (automation.KVEntry, error) {
	gone, err := k.Store.KVDelete(ctx, scope, name, at, then...)
	if err == nil && gone.Encrypted {
		gone.Value = ""
		k.vault.Forget(sealedName(scope, name))
	}
	return gone, err
}

// sealedValues are the secrets of the vault and the encrypted keys, sealed with one key.
type sealedValues struct {
	*vault.Vault
	keys sealedKeys
}

// Rotate seals all of them with a new key.
func (s sealedValues) Rotate(ctx context.Context) (int, error) {
	s.keys.turning.Lock()
	defer s.keys.turning.Unlock()
	return s.Vault.Rotate(ctx, func(ctx context.Context, reseal vault.Reseal) (n int, err error) {
		err = s.keys.each(ctx, func(e automation.KVEntry) error {
			if e.Value, err = reseal(sealedName(e.Scope, e.Name), e.Value); err != nil {
				return err
			}
			n++
			_, err := s.keys.Store.KVPut(ctx, e)
			return err
		})
		return n, err
	})
}

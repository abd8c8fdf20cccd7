package daemon

import (
	"cmp"
	"context"
	"os"
	"path/filepath"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/vault"
)

// keyVariable has the keys of secrets, for those who keep no files.
const keyVariable = "SQUALL_SECRET_KEY"

// vaultStore keeps sealed secrets as marks.
type vaultStore struct{ store.Store }

func (s vaultStore) PutMarks(ctx context.Context, marks []automation.Mark) error {
	return s.Accept(ctx, store.Acceptance{Marks: marks})
}

func openVault(ctx context.Context, o Options, db store.Store) (*vault.Vault, error) {
	return vault.Open(ctx, vault.Options{
		Store: vaultStore{db}, Keys: os.Getenv(keyVariable),
		KeyFile: cmp.Or(o.Config.Secrets.KeyFile, filepath.Join(o.Config.Data, "secret.key")),
		Mounts:  o.Config.Secrets.Mounts, Logger: o.Logger, Disk: o.Faults.Layer,
	})
}

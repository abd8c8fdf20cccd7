package vault

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/squall-dev/squall/runtime/disk"
)

// What is sealed must not outlive its key: the file and its name are on the disk
// before anything is sealed.
func TestTheKeyFileIsDurable(t *testing.T) {
	t.Parallel()
	var did []disk.Kind
	o := Options{KeyFile: filepath.Join(t.TempDir(), "secret.key"), Disk: func(op disk.Op, do func() error) error {
		did = append(did, op.Kind)
		return do()
	}}
	keys, err := o.readKeyFile()
	if err != nil {
		t.Fatal(err)
	}
	if want := []disk.Kind{disk.Create, disk.Write, disk.Sync, disk.Rename, disk.SyncDir}; !slices.Equal(did, want) {
		t.Errorf("%v, want %v", did, want)
	}
	again, err := o.readKeyFile()
	if err != nil || len(again) != 1 || again[0].id != keys[0].id {
		t.Errorf("%v, %v", again, err)
	}
}

package torture

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/squall-dev/squall/runtime/disk"
)

// layered is a folder behind a recorder.
func layered(t *testing.T) (*recorder, disk.Layer, string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "old"), []byte("was there"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := newRecorder(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r, r.cutAt(1<<30, func() {}), dir
}

// image is what the disk would hold, by the least that it must.
func image(t *testing.T, r *recorder, seed uint64) map[string]string {
	t.Helper()
	dir := t.TempDir()
	if err := r.leave(dir, seed); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		files[rel] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

const (
	keepNothing    = 0 // seeds of recorder.leave
	keepEverything = 1
)

func TestADiskKeepsWhatWasSyncedAndNothingElse(t *testing.T) {
	t.Parallel()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	r, l, dir := layered(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	whole := map[string]string{"old": "was there"}
	expect := func(what string, want map[string]string, seed uint64) {
		t.Helper()
		got := image(t, r, seed)
		if len(got) != len(want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
		for name, content := range want {
			if got[name] != content {
				t.Errorf("%s: %s holds %q, want %q", what, name, got[name], content)
			}
		}
	}
	f, err := l.Create(at("new"), 0o600)
	must(err)
	_, err = f.Write([]byte("content"))
	must(err)
	must(f.Sync())
	expect("a synced file without a name", whole, keepNothing)
	must(l.SyncNames(dir))
	whole["new"] = "content"
	expect("with a name", whole, keepNothing)
	_, err = f.Write([]byte(" and more"))
	must(err)
	expect("more that is not synced", whole, keepNothing)
	expect("more that was written anyway", map[string]string{"old": "was there", "new": "content and more"}, keepEverything)
	must(f.Sync())
	whole["new"] = "content and more"
	expect("more that is synced", whole, keepNothing)
	must(l.Rename(at("new"), at("other")))
	expect("a name that is not synced", whole, keepNothing)
	must(l.SyncNames(dir))
	expect("a new name", map[string]string{"old": "was there", "other": "content and more"}, keepNothing)
	must(f.Close())
	must(l.MakeDirs(at("a/b"), 0o700))
	must(l.WriteFile(at("a/b/c"), []byte("deep"), 0o600))
	expect("a file in new folders", map[string]string{"old": "was there", "other": "content and more", "a/b/c": "deep"}, keepNothing)
	must(l.Remove(at("old")))
	expect("a removal that is not synced", map[string]string{"old": "was there", "other": "content and more", "a/b/c": "deep"}, keepNothing)
}

func TestAWriteThatIsNotSyncedTearsAtSectors(t *testing.T) {
	t.Parallel()
	old, written := bytes.Repeat([]byte{'o'}, 4*sector), bytes.Repeat([]byte{'n'}, 4*sector)
	turn := 0
	got := torn(bytes.Clone(old), []disk.Op{{Kind: disk.Write, Data: written}}, func() bool { turn++; return turn%2 == 0 })
	for i := range 4 {
		want := old
		if i%2 == 1 {
			want = written
		}
		if !bytes.Equal(got[i*sector:(i+1)*sector], want[:sector]) {
			t.Errorf("sector %d is %c", i, got[i*sector])
		}
	}
	grown := torn([]byte("ab"), []disk.Op{{Kind: disk.Write, Offset: 4, Data: []byte("cd")}, {Kind: disk.Truncate, Size: 5}}, func() bool { return true })
	if string(grown) != "ab\x00\x00c" {
		t.Errorf("%q", grown)
	}
}

package backup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/artifact"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

func now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

// filled is a data directory with executions, each of which kept a file.
func filled(t testing.TB, executions int) (dir string, hashes []string) {
	t.Helper()
	dir = t.TempDir()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(dir, "squall.db"), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	files, err := artifact.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	ids := &automation.IDs{}
	for i := range executions {
		x := automation.Execution{ExecutionSummary: automation.ExecutionSummary{ID: ids.New(), Action: "a.b", Status: automation.Running, CreatedAt: now()}, Parameters: []byte(`{}`)}
		started := now()
		x.StartedAt, x.Attempts = &started, 1
		if err := db.Accept(t.Context(), store.Acceptance{Executions: []automation.Execution{x}}); err != nil {
			t.Fatal(err)
		}
		var kept []automation.Artifact
		w, err := files.Sink(x.ID, ids, func(a automation.Artifact) { kept = append(kept, a) }).Create(t.Context(), "heap", "text/plain", 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintf(w, "content %d", i/2); err != nil { // two of them have the same
			t.Fatal(err)
		}
		if _, err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, kept[0].SHA256)
		err = db.Finish(t.Context(), store.Finish{ID: x.ID, Status: automation.Succeeded, Artifacts: kept,
			Attempt: automation.Attempt{Number: 1, Status: automation.AttemptSucceeded, FinishedAt: &started}})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, hashes
}

func source(t testing.TB, dir string) Source {
	t.Helper()
	files, err := artifact.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return Source{Database: filepath.Join(dir, "squall.db"), Temp: dir, Open: files.Reader, Version: "1.2.3", Now: now}
}

// written is a backup of a directory.
func written(t testing.TB, dir string) ([]byte, Summary) {
	t.Helper()
	var out bytes.Buffer
	s, err := Write(t.Context(), &out, source(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, tempPattern)); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	return out.Bytes(), s
}

func TestABackupBecomesTheSameDirectory(t *testing.T) {
	t.Parallel()
	dir, hashes := filled(t, 6)
	for name, text := range map[string]string{"secret.key": "k", "admin.token": "t", "cache": "c"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	archive, s := written(t, dir)
	if s.Database.Executions != 6 || s.Database.Artifacts != 6 || s.Files != 3 || len(s.Missing) > 0 {
		t.Errorf("written: %+v", s)
	}
	if v, err := Verify(t.Context(), bytes.NewReader(archive)); err != nil || v.Files != 3 || v.Bytes != s.Bytes || v.About != s.About {
		t.Errorf("verified: %+v, %v, want %+v", v, err, s)
	}
	if _, err := Restore(t.Context(), bytes.NewReader(archive), dir, false, now()); automation.KindOf(err) != "conflict" {
		t.Errorf("over a directory that is not empty: %v", err)
	}
	fresh := filepath.Join(t.TempDir(), "a", "b")
	for name, to := range map[string]string{"a new directory": fresh, "one that is there": dir} {
		r, err := Restore(t.Context(), bytes.NewReader(archive), to, to == dir, now())
		if err != nil || len(r.Missing) > 0 || (r.Before != "") != (to == dir) || len(r.Kept) != map[bool]int{true: 2}[to == dir] {
			t.Fatalf("%s: %+v, %v", name, r, err)
		}
		db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(to, "squall.db")})
		if err != nil {
			t.Fatal(err)
		}
		all, err := db.Executions(t.Context(), store.ExecutionQuery{})
		if err != nil || len(all) != 6 {
			t.Errorf("%s: %d executions, %v", name, len(all), err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		files, err := artifact.Open(to, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, hash := range hashes {
			if err := files.Verify(automation.Artifact{ID: hash, SHA256: hash, Size: 9}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "secret.key")); string(text) != "k" || err != nil {
		t.Errorf("the key is %q, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "cache")); err == nil {
		t.Error("more was taken over than is needed")
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), ".squall-restore-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A file that is gone or damaged does not keep the others from being saved, and is named.
func TestMissingContentsAreNamed(t *testing.T) {
	t.Parallel()
	dir, hashes := filled(t, 6)
	path := func(hash string) string { return filepath.Join(dir, filepath.FromSlash(contentName(hash))) }
	if err := errors.Join(os.Remove(path(hashes[0])), os.WriteFile(path(hashes[2]), []byte("something"), 0o600)); err != nil {
		t.Fatal(err)
	}
	archive, s := written(t, dir)
	if s.Files != 1 || len(s.Missing) != 2 {
		t.Errorf("written: %+v", s)
	}
	if v, err := Verify(t.Context(), bytes.NewReader(archive)); err != nil || len(v.Missing) != 2 {
		t.Errorf("verified: %+v, %v", v, err)
	}
	to := filepath.Join(t.TempDir(), "d")
	if r, err := Restore(t.Context(), bytes.NewReader(archive), to, false, now()); err != nil || len(r.Missing) != 2 {
		t.Errorf("restored: %+v, %v", r, err)
	}
}

// entry is a member of an archive, as somebody else may have written it.
type entry struct{ name, text string }

func packed(t testing.TB, all ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	w := tar.NewWriter(zip)
	for _, e := range all {
		if err := w.WriteHeader(&tar.Header{Name: e.name, Size: int64(len(e.text)), Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func sumOf(e entry) string { return fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(e.text)), e.name) }

func TestWhatIsNoWholeBackupIsRefused(t *testing.T) {
	t.Parallel()
	dir, _ := filled(t, 2)
	whole, _ := written(t, dir)
	about, db := entry{aboutName, `{"format":1}`}, entry{databaseName, "no database"}
	hash := sha256.Sum256([]byte("content"))
	content := entry{contentName(hex.EncodeToString(hash[:])), "content"}
	end := entry{sumsName, sumOf(about) + sumOf(db)}
	changed := bytes.Clone(whole)
	changed[len(changed)/2] ^= 1
	for _, tt := range []struct {
		name    string
		archive []byte
		want    string
	}{
		{"nothing", nil, "no backup"},
		{"another file", []byte("hello"), "no backup"},
		{"another archive", packed(t, entry{"a.txt", "a"}), "no backup"},
		{"a cut file", whole[:len(whole)*2/3], "damaged"},
		{"a file without its last bytes", whole[:len(whole)-9], "damaged"},
		{"a changed byte", changed, "damaged"},
		{"a later form", packed(t, entry{aboutName, `{"format":2}`}), "form 2"},
		{"no end", packed(t, about, db), "ends without"},
		{"a path that leads out", packed(t, about, db, entry{"../../etc/passwd", "x"}), "not expected"},
		{"a path that hides where it leads", packed(t, about, db, entry{"artifacts/../" + content.name, "content"}), "not expected"},
		{"the database twice", packed(t, about, db, db), "not expected"},
		{"no database", packed(t, about, content), "not expected"},
		{"a content of another name", packed(t, about, db, entry{content.name, "contant"}), "another one"},
		{"a file that is not in the sums", packed(t, about, db, content, end), "not in SHA256SUMS"},
		{"another sum", packed(t, about, db, entry{sumsName, sumOf(entry{databaseName, "x"})}), "is not what it was"},
		{"sums that are none", packed(t, about, db, entry{sumsName, "nonsense\n"}), "has the line"},
		{"more behind the end", packed(t, about, db, end, entry{"more", "x"}), "goes on behind"},
		{"a database that is none", packed(t, about, db, end), "not a database"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			parent := t.TempDir()
			_, err := Restore(t.Context(), bytes.NewReader(tt.archive), filepath.Join(parent, "d"), false, now())
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if left, _ := os.ReadDir(parent); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// A restore that does not come to its end leaves what was there.
func TestARestoreThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	dir, _ := filled(t, 2)
	whole, _ := written(t, dir)
	before, _ := os.ReadDir(dir)
	if _, err := Restore(t.Context(), bytes.NewReader(whole[:len(whole)-20]), dir, true, now()); err == nil {
		t.Error("a cut backup was restored")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Restore(ctx, bytes.NewReader(whole), dir, true, now()); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(dir, "squall.db")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), bytes.NewReader(whole), dir, true, now()); automation.KindOf(err) != "conflict" {
		t.Errorf("under a server: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.ReadDir(dir); len(after) < len(before) {
		t.Errorf("%d entries, there were %d", len(after), len(before))
	}
}

func FuzzRead(f *testing.F) {
	dir, _ := filled(f, 1)
	whole, _ := written(f, dir)
	f.Add(whole)
	about := entry{aboutName, `{"format":1}`}
	f.Add(packed(f, about, entry{databaseName, ""}, entry{missingName, "a\nb\n"}, entry{sumsName, ""}))
	f.Fuzz(func(t *testing.T, archive []byte) {
		_, err := read(t.Context(), bytes.NewReader(archive), func(name string, r io.Reader) error {
			if name != databaseName && !isContent(name) || strings.Contains(name, "..") || filepath.IsAbs(name) {
				t.Errorf("it would write %q", name)
			}
			return nil
		})
		if kind := automation.KindOf(err); err != nil && kind != "invalid" && kind != "conflict" {
			t.Errorf("%s: %v", kind, err)
		}
	})
}

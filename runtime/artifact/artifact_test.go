package artifact

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/squall-dev/squall/runtime/automation"
)

func openStore(t *testing.T) (*Store, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := Open(dir, nil)
	must(t, err)
	return s, dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// put keeps content and returns the artifact.
func put(t *testing.T, s *Store, content string) automation.Artifact {
	t.Helper()
	w, err := s.Sink("0123456789abcdef01234567", &automation.IDs{}, nil).Create(t.Context(), "heap.pb.gz", "text/plain", 0)
	must(t, err)
	_, err = io.WriteString(w, content)
	must(t, err)
	a, err := w.Commit()
	must(t, err)
	return a
}

// files returns the regular files below a folder, without the folder.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, strings.TrimPrefix(path, dir))
		}
		return err
	}))
	return names
}

func sum(content string) string {
	h := sha256.Sum256([]byte(content))
	return hex.EncodeToString(h[:])
}

func TestCommitKeepsContentUnderItsHash(t *testing.T) {
	t.Parallel()
	s, dir := openStore(t)
	var told []automation.Artifact
	sink := s.Sink("0123456789abcdef01234567", &automation.IDs{}, func(a automation.Artifact) { told = append(told, a) })
	w, err := sink.Create(t.Context(), "a/heap.pb.gz", automation.MediaTypePprof, 100)
	must(t, err)
	for _, part := range []string{"first ", "second"} {
		_, err := io.WriteString(w, part)
		must(t, err)
	}
	if len(told) != 0 {
		t.Error("told before the commit")
	}
	a, err := w.Commit()
	must(t, err)
	w.Abort() // does nothing now

	if !automation.ValidID(a.ID) || a.Execution != "0123456789abcdef01234567" || a.Name != "a_heap.pb.gz" ||
		a.MediaType != automation.MediaTypePprof || a.Size != 12 || a.SHA256 != sum("first second") || a.CreatedAt.IsZero() {
		t.Errorf("artifact: %+v", a)
	}
	if len(told) != 1 || told[0] != a {
		t.Errorf("told: %+v", told)
	}
	want := fmt.Sprintf("/artifacts/%s/%s/%s", a.SHA256[:2], a.SHA256[2:4], a.SHA256)
	if got := files(t, dir); len(got) != 1 || filepath.ToSlash(got[0]) != want {
		t.Errorf("files: %v; want %s", got, want)
	}
	must(t, s.Verify(a))
	r, err := s.Reader(a)
	must(t, err)
	defer r.Close()
	_, err = r.Seek(6, io.SeekStart)
	must(t, err)
	if rest, err := io.ReadAll(r); err != nil || string(rest) != "second" {
		t.Errorf("rest is %q, %v", rest, err)
	}
	if _, err := w.Commit(); err == nil {
		t.Error("committed twice")
	}
}

func TestEmptyArtifact(t *testing.T) {
	t.Parallel()
	s, _ := openStore(t)
	must(t, s.Verify(put(t, s, "")))
}

func TestNothingStaysOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, w *writer) error
		kind error
	}{
		{"what was aborted", func(_ *testing.T, w *writer) error {
			_, _ = io.WriteString(w, "half")
			w.Abort()
			w.Abort()
			_, err := w.Write([]byte("more"))
			return err
		}, errClosed},
		{"what is too large", func(t *testing.T, w *writer) error {
			if _, err := w.Write(make([]byte, 10)); err != nil {
				t.Error("the limit itself must fit:", err)
			}
			_, err := w.Write([]byte{1})
			_, again := w.Write(nil)
			_, commit := w.Commit()
			if !errors.Is(again, automation.ErrInvalid) || !errors.Is(commit, automation.ErrInvalid) {
				t.Errorf("after the limit: write %v, commit %v", again, commit)
			}
			return err
		}, automation.ErrInvalid},
		{"what the disk did not take", func(_ *testing.T, w *writer) error {
			w.file = brokenFile{file: w.file, write: syscall.ENOSPC}
			n, err := w.Write([]byte("12345"))
			if n != 2 {
				t.Errorf("wrote %d", n)
			}
			_, commit := w.Commit()
			return errors.Join(err, commit)
		}, automation.ErrUnavailable},
		{"what the disk did not sync", func(_ *testing.T, w *writer) error {
			w.file = brokenFile{file: w.file, sync: syscall.EIO}
			_, err := w.Commit()
			return err
		}, automation.ErrUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, dir := openStore(t)
			told := false
			w, err := s.Sink("x", &automation.IDs{}, func(automation.Artifact) { told = true }).Create(t.Context(), "n", "", 10)
			must(t, err)
			err = tt.do(t, w.(*writer))
			if !errors.Is(err, tt.kind) {
				t.Errorf("error is %v; want %v", err, tt.kind)
			}
			if errors.Is(err, automation.ErrUnavailable) && automation.HintOf(err) == "" {
				t.Error("no hint")
			}
			if got := files(t, dir); len(got) != 0 || told {
				t.Errorf("left %v, told %v", got, told)
			}
		})
	}
}

// brokenFile is a file on a disk that fails.
type brokenFile struct {
	file
	write, sync error
}

func (b brokenFile) Write(p []byte) (int, error) {
	if b.write == nil {
		return b.file.Write(p)
	}
	n, _ := b.file.Write(p[:2])
	return n, b.write
}

func (b brokenFile) Sync() error { return errors.Join(b.sync, b.file.Sync()) }

func TestCreateFails(t *testing.T) {
	t.Parallel()
	s, _ := openStore(t)
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	if _, err := s.Sink("x", &automation.IDs{}, nil).Create(ctx, "n", "", 0); !errors.Is(err, gone) {
		t.Errorf("error is %v; want the cause", err)
	}
	s.create = func(string) (file, error) { return nil, syscall.ENOSPC }
	if _, err := s.Sink("x", &automation.IDs{}, nil).Create(t.Context(), "n", "", 0); !errors.Is(err, automation.ErrUnavailable) {
		t.Errorf("error is %v; want unavailable", err)
	}
}

func TestSameContentAtOnceIsOneFile(t *testing.T) {
	t.Parallel()
	s, dir := openStore(t)
	content := strings.Repeat("heap ", 10_000)
	ids := &automation.IDs{}
	var wg sync.WaitGroup
	all := make([]automation.Artifact, 16)
	for i := range all {
		wg.Go(func() {
			w, err := s.Sink("x", ids, nil).Create(t.Context(), fmt.Sprint("n", i), "", 0)
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.Copy(w, strings.NewReader(content))
			if all[i], err = w.Commit(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := files(t, dir); len(got) != 1 {
		t.Errorf("files: %v", got)
	}
	seen := map[string]bool{}
	for _, a := range all {
		seen[a.ID] = true
		must(t, s.Verify(a))
	}
	if len(seen) != len(all) {
		t.Errorf("%d ids of %d artifacts", len(seen), len(all))
	}
}

func TestDamageIsSeenAndMovedAside(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, found string }{
		{"a flipped bit", "c0ntent"},
		{"a short file", "cont"},
		{"a long file", "content, and more"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, dir := openStore(t)
			a := put(t, s, "content")
			path, err := s.path(a.SHA256)
			must(t, err)
			must(t, os.WriteFile(path, []byte(tt.found), 0o600))
			for range 2 { // found, and remembered
				_, err := s.Reader(a)
				if e := (*automation.Error)(nil); !errors.As(err, &e) || e.Code != "artifact_damaged" || !strings.Contains(e.Hint, "damaged/"+a.SHA256) {
					t.Fatalf("it was read: %v", err)
				}
			}
			if got := files(t, dir); len(got) != 1 || !strings.Contains(got[0], "damaged") {
				t.Errorf("files: %v", got)
			}
			put(t, s, "content") // keeping it again heals it
			must(t, s.Verify(a))
		})
	}
}

func TestALostFileIsGone(t *testing.T) {
	t.Parallel()
	s, _ := openStore(t)
	a := put(t, s, "content")
	path, err := s.path(a.SHA256)
	must(t, err)
	must(t, os.Remove(path))
	if _, err := s.Reader(a); !errors.Is(err, automation.ErrNotFound) {
		t.Errorf("a lost file: %v", err)
	}
}

func TestAWholeFileIsReadOnceAMinute(t *testing.T) {
	t.Parallel()
	s, _ := openStore(t)
	a := put(t, s, "content")
	path, err := s.path(a.SHA256)
	must(t, err)
	must(t, s.Verify(a))
	info, err := os.Stat(path)
	must(t, err)
	must(t, os.WriteFile(path, []byte("c0ntent"), 0o600))
	must(t, os.Chtimes(path, info.ModTime(), info.ModTime())) // as a disk does it
	r, err := s.Reader(a)
	must(t, err)
	must(t, r.Close())
	s.now = func() time.Time { return time.Now().Add(verifiedFor) }
	if _, err := s.Reader(a); !errors.Is(err, automation.ErrUnavailable) {
		t.Errorf("a minute later: %v", err)
	}
}

func TestOnlyAHashLeadsToAFile(t *testing.T) {
	t.Parallel()
	s, _ := openStore(t)
	for _, hash := range []string{"", "../../etc/passwd", strings.Repeat("a", 63), strings.Repeat("A", 64), strings.Repeat("g", 64)} {
		if _, err := s.Reader(automation.Artifact{SHA256: hash}); !errors.Is(err, automation.ErrInvalid) {
			t.Errorf("hash %q: %v", hash, err)
		}
	}
}

func TestOpenRemovesWhatWasBeingWritten(t *testing.T) {
	t.Parallel()
	s, dir := openStore(t)
	a := put(t, s, "kept")
	_, err := s.Sink("x", &automation.IDs{}, nil).Create(t.Context(), "n", "", 0)
	must(t, err)
	if got := files(t, dir); len(got) != 2 {
		t.Fatalf("files: %v", got)
	}
	again, err := Open(dir, nil) // the first process died
	must(t, err)
	if got := files(t, dir); len(got) != 1 {
		t.Errorf("files: %v", got)
	}
	must(t, again.Verify(a))
}

func TestSweep(t *testing.T) {
	t.Parallel()
	s, dir := openStore(t)
	named, orphan := put(t, s, "named"), put(t, s, "orphan")
	stranger := filepath.Join(dir, "artifacts", "README")
	must(t, os.WriteFile(stranger, []byte("not ours"), 0o600))
	known := func(hash string) (bool, error) { return hash == named.SHA256, nil }
	sweep := func(s *Store, age time.Duration, want int) {
		t.Helper()
		s.now = func() time.Time { return time.Now().Add(age) }
		if removed, err := s.Sweep(t.Context(), known); err != nil || removed != want {
			t.Errorf("removed %d, %v; want %d", removed, err, want)
		}
	}
	sweep(s, 2*time.Hour, 0) // this process published them: executions may still run
	later, err := Open(dir, nil)
	must(t, err)
	sweep(later, 30*time.Minute, 0) // too young
	sweep(later, 2*time.Hour, 1)
	sweep(later, 2*time.Hour, 0)
	must(t, later.Verify(named))
	if _, err := later.Reader(orphan); !errors.Is(err, automation.ErrNotFound) {
		t.Errorf("orphan: %v", err)
	}
	if _, err := os.Stat(stranger); err != nil {
		t.Error(err)
	}
}

func TestSweepRemovesNothingWhenNobodyKnows(t *testing.T) {
	t.Parallel()
	s, dir := openStore(t)
	a := put(t, s, "content")
	s, err := Open(dir, nil)
	must(t, err)
	s.now = func() time.Time { return time.Now().Add(2 * time.Hour) }
	broken := errors.New("database is down")
	if removed, err := s.Sweep(t.Context(), func(string) (bool, error) { return false, broken }); removed != 0 || !errors.Is(err, broken) {
		t.Errorf("removed %d, %v", removed, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if removed, err := s.Sweep(ctx, func(string) (bool, error) { return false, nil }); removed != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("removed %d, %v", removed, err)
	}
	must(t, s.Verify(a))
}

func TestCleanName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"a plain name stays", "heap dump 1.pb.gz", "heap dump 1.pb.gz"},
		{"other scripts stay", "Größe-日本.txt", "Größe-日本.txt"},
		{"separators go", `../..\etc/passwd`, ".._.._etc_passwd"},
		{"control characters go", "a\x00b\nc\x1b[31m\u009f", "a_b_c_[31m_"},
		{"characters that turn text around go", "gpj.\u202eexe", "gpj._exe"},
		{"broken text is mended", "a\xffb", "a_b"},
		{"nothing gets a name", " ", "artifact"},
		{"dots alone are not a name", "..", "artifact"},
		{"a long name keeps its extension", strings.Repeat("ü", 300) + ".gz", strings.Repeat("ü", 126) + ".gz"},
		{"a long extension is not one", "a." + strings.Repeat("b", 300), "a." + strings.Repeat("b", 253)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := cleanName(tt.in); got != tt.want {
				t.Errorf("got %q; want %q", got, tt.want)
			}
		})
	}
}

func FuzzCleanName(f *testing.F) {
	f.Add("heap.pb.gz")
	f.Add("../\x00" + strings.Repeat("ü.", 200))
	f.Fuzz(func(t *testing.T, in string) {
		got := cleanName(in)
		if got == "" || got == "." || got == ".." || len(got) > maxName || !utf8.ValidString(got) || strings.ContainsAny(got, "/\\\x00\n") {
			t.Errorf("%q became %q", in, got)
		}
		if cleanName(got) != got {
			t.Errorf("%q is not clean enough", got)
		}
	})
}

func TestCleanMediaType(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"text/plain; charset=utf-8":            "text/plain; charset=utf-8",
		"Application/VND.google.PPROF":         automation.MediaTypePprof,
		"":                                     "application/octet-stream",
		"text":                                 "application/octet-stream",
		"text/html\r\nSet-Cookie: a=b":         "application/octet-stream",
		strings.Repeat("a", 300) + "/x":        "application/octet-stream",
		"a/b; c=" + strings.Repeat("d", 1<<10): "a/b",
	} {
		if got := cleanMediaType(in); got != want {
			t.Errorf("%q became %q; want %q", in, got, want)
		}
	}
}

func BenchmarkCommit(b *testing.B) {
	s, err := Open(b.TempDir(), nil)
	if err != nil {
		b.Fatal(err)
	}
	content := bytes.Repeat([]byte("x"), 1<<20)
	sink := s.Sink("x", &automation.IDs{}, nil)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		w, err := sink.Create(b.Context(), "n", "", 0)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = w.Write(content)
		if _, err := w.Commit(); err != nil {
			b.Fatal(err)
		}
	}
}

func TestWhatIsNamedIsForgotten(t *testing.T) {
	t.Parallel()
	s, _ := openStore(t)
	a := put(t, s, "one")
	put(t, s, "one") // by another execution, whose row is still to come
	nobody := func(string) (bool, error) { return false, nil }
	s.Named(a.SHA256)
	if removed, err := s.Remove(a.SHA256, nobody); removed || err != nil {
		t.Errorf("named once of two: removed %v, %v; want false", removed, err)
	}
	s.Named(a.SHA256)
	if len(s.fresh) != 0 {
		t.Errorf("%d hashes are remembered, want none", len(s.fresh))
	}
	if removed, err := s.Remove(a.SHA256, nobody); !removed || err != nil {
		t.Errorf("named twice, and by no row any more: removed %v, %v; want true", removed, err)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	s, dir := openStore(t)
	a, shared := put(t, s, "one"), put(t, s, "two")
	known := func(hash string) (bool, error) { return hash == shared.SHA256, nil }
	remove := func(s *Store, hash string, want bool) {
		t.Helper()
		if removed, err := s.Remove(hash, known); err != nil || removed != want {
			t.Errorf("removed %v, %v; want %v", removed, err, want)
		}
	}
	remove(s, a.SHA256, false) // an execution that still runs may have published it
	later, err := Open(dir, nil)
	must(t, err)
	remove(later, shared.SHA256, false) // another artifact has the same content
	remove(later, a.SHA256, true)
	remove(later, a.SHA256, false) // it is gone
	must(t, later.Verify(shared))
	s.now = func() time.Time { return time.Now().Add(2 * freshFor) }
	known = func(string) (bool, error) { return false, nil }
	remove(s, shared.SHA256, true) // whoever published it has said so or never will
	if _, err := s.Remove("../x", known); !errors.Is(err, automation.ErrInvalid) {
		t.Errorf("a path: %v", err)
	}
}

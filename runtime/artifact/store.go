// Package artifact keeps the content of files that executions leave behind: heap
// dumps, reports. A file is named by the SHA-256 of its content, so that equal
// files are stored once and damage can be seen.
//
//	DIR/artifacts/3f/a0/3fa0...   the content
//	DIR/artifacts/tmp/...         what is being written
//
// It does not know which execution kept what under which name: those rows are the
// store's. A file without a row is swept away by [Store.Sweep].
package artifact

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// Store is a folder of artifacts. It is safe for concurrent use, by one process.
type Store struct {
	root   string
	tmp    string
	create func(dir string) (file, error) // opens a temporary file; tests replace it
	now    func() time.Time

	mu sync.Mutex // guards fresh, and publishing a file against sweeping it
	// fresh are the hashes that this process published and that no row has been
	// seen to name: their executions may still run.
	fresh map[string]time.Time // when they were published
}

// file is what a temporary file must do.
type file interface {
	io.Writer
	Sync() error
	Close() error
	Name() string
}

// Open opens or creates the folder of artifacts below dir, and removes what a
// process that died was writing.
func Open(dir string) (*Store, error) {
	root := filepath.Join(dir, "artifacts")
	s := &Store{
		root: root, tmp: filepath.Join(root, "tmp"), create: createTemp,
		now: time.Now, fresh: map[string]time.Time{},
	}
	if err := os.RemoveAll(s.tmp); err != nil {
		return nil, s.unavailable("remove what was being written").Because(err)
	}
	if err := os.MkdirAll(s.tmp, 0o700); err != nil {
		return nil, s.unavailable("create the folder of artifacts").Because(err)
	}
	if err := syncDir(root); err != nil {
		return nil, s.unavailable("create the folder of artifacts").Because(err)
	}
	return s, nil
}

func createTemp(dir string) (file, error) { return os.CreateTemp(dir, "*") }

// Reader opens the content of an artifact. Whoever reads must close it.
func (s *Store) Reader(a automation.Artifact) (io.ReadSeekCloser, error) {
	path, err := s.path(a.SHA256)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, automation.NotFound("the content of artifact %s is gone", a.ID).WithCode("artifact_gone").
			WithHint("restore %s from a backup, or run the execution again", path)
	}
	if err != nil {
		return nil, s.unavailable("open artifact " + a.ID).Because(err)
	}
	if err := sameSize(f, a); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// sameSize finds a file that was cut off without reading all of it.
func sameSize(f *os.File, a automation.Artifact) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("look at artifact %s: %w", a.ID, err)
	}
	if info.Size() != a.Size {
		return damaged(a)
	}
	return nil
}

// Verify reads the whole content and compares it with its hash. It returns an
// error of kind ErrUnavailable when the content is damaged.
func (s *Store) Verify(a automation.Artifact) error {
	r, err := s.Reader(a)
	if err != nil {
		return err
	}
	defer r.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, r); err != nil {
		return s.unavailable("read artifact " + a.ID).Because(err)
	}
	if hex.EncodeToString(hash.Sum(nil)) != a.SHA256 {
		return damaged(a)
	}
	return nil
}

func damaged(a automation.Artifact) error {
	return automation.Unavailable("the content of artifact %s is damaged", a.ID).WithCode("artifact_damaged").
		WithHint("check the disk; restore the file %s from a backup, or run the execution again", a.SHA256)
}

// path is where content lies. The hash comes from outside: anything else could
// lead out of the folder.
func (s *Store) path(hash string) (string, error) {
	if !validHash(hash) {
		return "", automation.Invalid("%q is not a SHA-256 in hexadecimal", hash)
	}
	return filepath.Join(s.root, hash[:2], hash[2:4], hash), nil
}

func validHash(hash string) bool {
	b, err := hex.DecodeString(hash)
	return err == nil && len(b) == sha256.Size && hex.EncodeToString(b) == hash
}

// publish moves a finished temporary file to its place, durably. It moves it also
// when the place is taken: the content is the same, and if the file that lies
// there was damaged, it no longer is.
func (s *Store) publish(temp, hash string) error {
	path, err := s.path(hash)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.makeDir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	s.fresh[hash] = s.now()
	return syncDir(filepath.Dir(path))
}

// makeDir makes a folder below root; a new one is durable before anything is put
// into it.
func (s *Store) makeDir(dir string) error {
	if dir == s.root {
		return nil
	}
	if err := s.makeDir(filepath.Dir(dir)); err != nil {
		return err
	}
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (s *Store) unavailable(doing string) *automation.Error {
	return automation.Unavailable("%s", doing).WithCode("artifacts_unavailable").
		WithHint("check that the disk that holds %s has free space and that the server may write there", s.root)
}

// Package artifact keeps the content of files that executions leave behind: heap
// dumps, reports. A file is named by the SHA-256 of its content, so that equal
// files are stored once and damage can be seen.
//
//	DIR/artifacts/3f/a0/3fa0...   the content
//	DIR/artifacts/tmp/...         what is being written
//	DIR/artifacts/damaged/3fa0... what no longer is what its name says
//
// It does not know which execution kept what under which name: those rows are the
// store's. A file without a row is swept away by [Store.Sweep].
package artifact

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/disk"
)

// Store is a folder of artifacts. It is safe for concurrent use, by one process.
type Store struct {
	root   string
	tmp    string
	disk   disk.Layer                     // nil in production
	create func(dir string) (file, error) // opens a temporary file; tests replace it
	now    func() time.Time

	// fresh are the hashes that this process published and that no row has been
	// seen to name: their executions may still run.
	fresh   map[string]publication
	freshMu sync.Mutex // guards fresh; held for a moment only, and taken after mu

	mu sync.Mutex // guards what follows, and publishing a file against sweeping it
	// verified are the hashes of files that were found whole, and when.
	verified map[string]seen
	holds    int // while it is not 0 nothing is removed
}

// publication is content that was published lately.
type publication struct {
	at      time.Time // the last one
	unnamed int       // how often it was published and not named since
}

func (s *Store) noteFresh(hash string) {
	s.freshMu.Lock()
	defer s.freshMu.Unlock()
	s.fresh[hash] = publication{s.now(), s.fresh[hash].unnamed + 1}
}

// Named tells that a stored row names content that was published: from now on the row
// protects it. It never waits for a disk.
func (s *Store) Named(hash string) {
	s.freshMu.Lock()
	defer s.freshMu.Unlock()
	p := s.fresh[hash]
	if p.unnamed--; p.unnamed <= 0 {
		delete(s.fresh, hash)
		return
	}
	s.fresh[hash] = p
}

// Hold keeps every file until release is called: somebody copies them.
func (s *Store) Hold() (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holds++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.holds--
	})
}

// file is what a temporary file must do.
type file interface {
	io.Writer
	Sync() error
	Close() error
	Name() string
}

// Open opens or creates the folder of artifacts below dir, and removes what a
// process that died was writing. The layer is nil but in a torture.
func Open(dir string, layer disk.Layer) (*Store, error) {
	root := filepath.Join(dir, "artifacts")
	s := &Store{
		root: root, tmp: filepath.Join(root, "tmp"), disk: layer,
		now: time.Now, fresh: map[string]publication{}, verified: map[string]seen{},
	}
	s.create = func(dir string) (file, error) { return layer.CreateTemp(dir) }
	if err := os.RemoveAll(s.tmp); err != nil {
		return nil, s.unavailable("remove what was being written").Because(err)
	}
	if err := layer.MakeDirs(s.tmp, 0o700); err != nil {
		return nil, s.unavailable("create the folder of artifacts").Because(err)
	}
	return s, nil
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
	if err := s.disk.MakeDirs(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := s.disk.Rename(temp, path); err != nil {
		return err
	}
	s.noteFresh(hash)
	delete(s.verified, hash)
	return s.disk.SyncNames(filepath.Dir(path))
}

func (s *Store) unavailable(doing string) *automation.Error {
	return automation.Unavailable("%s", doing).WithCode("artifacts_unavailable").
		WithHint("check that the disk that holds %s has free space and that the server may write there", s.root)
}

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
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// verifiedFor is how long a file that was found whole is not looked at again: a
// guest reads a heap dump in hundreds of pieces, each of which opens it. What the
// kernel holds in memory would not show a damage of the disk sooner anyway.
const verifiedFor = time.Minute

// seen is a file that was found whole: another one in its place is looked at again.
type seen struct {
	at, modified time.Time
	size         int64
}

// Reader opens the content of an artifact, after comparing all of it with its hash:
// what is damaged is never served. It is moved aside, once, into the folder
// damaged, and the error names it. Whoever reads must close what Reader returns.
func (s *Store) Reader(a automation.Artifact) (io.ReadSeekCloser, error) {
	path, err := s.path(a.SHA256)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s.gone(a, path)
	}
	if err != nil {
		return nil, s.unavailable("open artifact " + a.ID).Because(err)
	}
	if err := s.whole(f, a); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Verify reads the whole content and compares it with its hash. It returns an
// error of kind ErrUnavailable when the content is damaged.
func (s *Store) Verify(a automation.Artifact) error {
	s.mu.Lock()
	delete(s.verified, a.SHA256)
	s.mu.Unlock()
	r, err := s.Reader(a)
	if err != nil {
		return err
	}
	return r.Close()
}

// gone says why there is no file: it was moved aside, or nobody knows.
func (s *Store) gone(a automation.Artifact, path string) error {
	aside := s.aside(a.SHA256)
	if _, err := os.Stat(aside); err == nil {
		return damaged(a, aside)
	}
	return automation.NotFound("the content of artifact %s is gone", a.ID).WithCode("artifact_gone").
		WithHint("restore %s from a backup, or run the execution again", path)
}

// whole compares a file with what its row says, and leaves it at its beginning.
func (s *Store) whole(f *os.File, a automation.Artifact) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("look at artifact %s: %w", a.ID, err)
	}
	if info.Size() == a.Size && s.wasWhole(a.SHA256, info) {
		return nil
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return s.unavailable("read artifact " + a.ID).Because(err)
	}
	if info.Size() != a.Size || hex.EncodeToString(hash.Sum(nil)) != a.SHA256 {
		return s.quarantine(a, f.Name())
	}
	s.remember(a.SHA256, info)
	_, err = f.Seek(0, io.SeekStart)
	return err
}

func (s *Store) wasWhole(hash string, info fs.FileInfo) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.verified[hash]
	return ok && v.modified.Equal(info.ModTime()) && v.size == info.Size() && s.now().Sub(v.at) < verifiedFor
}

func (s *Store) remember(hash string, info fs.FileInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for h, v := range s.verified {
		if s.now().Sub(v.at) >= verifiedFor {
			delete(s.verified, h)
		}
	}
	s.verified[hash] = seen{at: s.now(), modified: info.ModTime(), size: info.Size()}
}

// quarantine moves a damaged file aside: nobody reads it by mistake, and the same
// content may be kept again.
func (s *Store) quarantine(a automation.Artifact, path string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	aside := s.aside(a.SHA256)
	if err := s.disk.MakeDirs(filepath.Dir(aside), 0o700); err != nil {
		return damaged(a, path).Because(err)
	}
	if err := s.disk.Rename(path, aside); err != nil {
		return damaged(a, path).Because(err)
	}
	return damaged(a, aside)
}

func (s *Store) aside(hash string) string { return filepath.Join(s.root, "damaged", hash) }

func damaged(a automation.Artifact, path string) *automation.Error {
	return automation.Unavailable("the content of artifact %s is damaged", a.ID).WithCode("artifact_damaged").
		WithHint("check the disk; what is left of it lies in %s; restore the file from a backup, or run the execution again", path)
}

package artifact

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// sweepAge is how old a file must be before it may be swept away. What this
// process published is protected by name; the age protects what was restored or
// put there by hand while somebody still looks at it.
const sweepAge = time.Hour

// Sweep removes the files that nothing names: known is asked for each that is
// older than an hour. It returns how many it removed.
func (s *Store) Sweep(ctx context.Context, known func(sha256 string) (bool, error)) (removed int, err error) {
	err = filepath.WalkDir(s.root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case entry.IsDir() && path == s.tmp:
			return fs.SkipDir
		case entry.IsDir() || !validHash(entry.Name()):
			return nil // not ours to remove
		}
		gone, err := s.sweepOne(path, entry.Name(), known)
		if gone {
			removed++
		}
		return err
	})
	if err != nil {
		return removed, s.unavailable("sweep artifacts").Because(err)
	}
	return removed, nil
}

// freshFor is how long an execution may take to say that it kept a file.
const freshFor = 24 * time.Hour

// isFresh must be asked before rows are: content that was named in between is known to
// one of the two answers then.
func (s *Store) isFresh(hash string) bool {
	s.freshMu.Lock()
	defer s.freshMu.Unlock()
	p, ok := s.fresh[hash]
	if ok && s.now().Sub(p.at) >= freshFor {
		delete(s.fresh, hash)
		return false
	}
	return ok
}

// Remove removes the content of an artifact that was forgotten, unless known says that
// another one has the same, or an execution that may still run has just published it:
// then the next sweep decides.
func (s *Store) Remove(hash string, known func(sha256 string) (bool, error)) (removed bool, err error) {
	path, err := s.path(hash)
	if err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holds > 0 || s.isFresh(hash) {
		return false, nil
	}
	if named, err := known(hash); err != nil || named {
		return false, err
	}
	err = os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, s.unavailable("remove an artifact's file").Because(err)
	}
	return true, nil
}

// sweepOne holds the lock while it decides: an execution may be about to keep the
// same content again.
func (s *Store) sweepOne(path, hash string, known func(string) (bool, error)) (gone bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holds > 0 {
		return false, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	if s.isFresh(hash) || s.now().Sub(info.ModTime()) < sweepAge {
		return false, nil
	}
	if named, err := known(hash); err != nil || named {
		return false, err
	}
	return true, os.Remove(path)
}

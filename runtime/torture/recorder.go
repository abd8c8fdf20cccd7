package torture

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/squall-dev/squall/runtime/disk"
)

// recorder knows what a disk that keeps nothing unless it was synced would hold.
// It looks at every operation below a folder; the files themselves are written as
// always.
type recorder struct {
	root string
	lie  string // what is never synced, whatever is said

	mu      sync.Mutex // guards all below, and is never given back after the cut
	ops     int
	names   map[string]*inode // as the program sees them
	durable map[string]*inode // as the disk would have them
}

// inode is a file or a folder whatever its name.
type inode struct {
	dir     bool
	content []byte    // as last synced
	pending []disk.Op // since then: writes and truncates
}

// newRecorder takes what lies there as durable.
func newRecorder(root string) (*recorder, error) {
	r := &recorder{root: root, names: map[string]*inode{}, durable: map[string]*inode{}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == root {
			return fs.SkipAll
		}
		if err != nil {
			return err
		}
		node := &inode{dir: d.IsDir()}
		if strings.HasSuffix(path, "-shm") || strings.HasSuffix(path, ".lock") {
			return nil // made anew by whoever opens the database
		}
		if !node.dir {
			if node.content, err = os.ReadFile(path); err != nil {
				return err
			}
		}
		r.names[path], r.durable[path] = node, node
		return nil
	})
	return r, err
}

// cutAt makes a layer that records, and calls cut in the place of the n-th
// operation. From then on nothing reaches the disk: cut must not return.
func (r *recorder) cutAt(n int, cut func()) disk.Layer {
	return func(op disk.Op, do func() error) error {
		r.mu.Lock()
		if r.ops++; r.ops >= n {
			cut()
		}
		defer r.mu.Unlock()
		if err := do(); err != nil {
			return err
		}
		r.note(op)
		return nil
	}
}

// note records what was done.
func (r *recorder) note(op disk.Op) {
	switch op.Kind {
	case disk.Create:
		if r.names[op.Path] == nil {
			r.names[op.Path] = &inode{}
		}
	case disk.MakeDir:
		r.names[op.Path] = &inode{dir: true}
	case disk.Write, disk.Truncate:
		op.Data = slices.Clone(op.Data)
		if f := r.names[op.Path]; f != nil {
			f.pending = append(f.pending, op)
		}
	case disk.Sync:
		if f := r.names[op.Path]; f != nil && (r.lie == "" || classOf(op, r.root) != r.lie) {
			for _, p := range f.pending {
				f.content = apply(f.content, p)
			}
			f.pending = nil
		}
	case disk.Rename:
		r.names[op.To] = r.names[op.Path]
		delete(r.names, op.Path)
	case disk.Remove:
		delete(r.names, op.Path)
	case disk.SyncDir:
		r.syncNames(op.Path, func() bool { return true })
	}
}

// syncNames makes the names in a folder durable, those that which says.
func (r *recorder) syncNames(dir string, which func() bool) {
	for path := range r.durable {
		if filepath.Dir(path) == dir && r.names[path] == nil && which() {
			delete(r.durable, path)
		}
	}
	for path, node := range r.names {
		if filepath.Dir(path) == dir && r.durable[path] != node && which() {
			r.durable[path] = node
		}
	}
}

// apply does one operation to content.
func apply(content []byte, op disk.Op) []byte {
	if op.Kind == disk.Truncate {
		if op.Size <= int64(len(content)) {
			return content[:op.Size]
		}
		return append(content, make([]byte, op.Size-int64(len(content)))...)
	}
	if end := op.Offset + int64(len(op.Data)); end > int64(len(content)) {
		content = append(content, make([]byte, end-int64(len(content)))...)
	}
	copy(content[op.Offset:], op.Data)
	return content
}

// sector is what a disk writes whole or not at all.
const sector = 512

// torn does what a disk may do to operations that were not synced: each sector of
// each of them is there or not.
func torn(content []byte, pending []disk.Op, keep func() bool) []byte {
	for _, op := range pending {
		if op.Kind == disk.Truncate {
			if keep() {
				content = apply(content, op)
			}
			continue
		}
		for at := 0; at < len(op.Data); at += sector {
			if keep() {
				end := min(at+sector, len(op.Data))
				content = apply(content, disk.Op{Kind: disk.Write, Offset: op.Offset + int64(at), Data: op.Data[at:end]})
			}
		}
	}
	return content
}

// leave writes what the disk would hold. The seed says what of the unsynced is
// there, by its last two bits: nothing, everything, or any part of it.
func (r *recorder) leave(image string, seed uint64) error {
	random := rand.New(rand.NewPCG(seed, 0))
	keep := func() bool { return random.IntN(2) == 0 }
	switch seed % 4 {
	case 0:
		keep = func() bool { return false }
	case 1:
		keep = func() bool { return true }
	}
	dirs := map[string]bool{}
	for path := range r.names {
		dirs[filepath.Dir(path)] = true
	}
	for dir := range dirs {
		r.syncNames(dir, keep)
	}
	for path, node := range r.durable {
		if err := r.leaveOne(image, path, node, keep); err != nil {
			return err
		}
	}
	return nil
}

func (r *recorder) leaveOne(image, path string, node *inode, keep func() bool) error {
	rel, err := filepath.Rel(r.root, path)
	if err != nil || node.dir || !r.reachable(path) {
		return err
	}
	to := filepath.Join(image, rel)
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	return os.WriteFile(to, torn(slices.Clone(node.content), node.pending, keep), 0o600)
}

// reachable reports whether all folders above a file are durable.
func (r *recorder) reachable(path string) bool {
	for dir := filepath.Dir(path); len(dir) >= len(r.root); dir = filepath.Dir(dir) {
		if r.durable[dir] == nil {
			return false
		}
	}
	return true
}

// Package disk is the seam between what must be durable and the disk it lies on.
// In production it is not there: a zero [Faults] costs a comparison with nil. The
// torture of the server (package torture) puts itself in between: it counts what
// is written and synced, makes it fail, or stops the process.
package disk

import (
	"errors"
	"os"
	"path/filepath"
)

// Kind is what is done to a file.
type Kind string

// The kinds of operations that change what a disk holds.
const (
	Create   Kind = "create"
	Write    Kind = "write"
	Truncate Kind = "truncate"
	Sync     Kind = "sync"
	Rename   Kind = "rename"
	Remove   Kind = "remove"
	MakeDir  Kind = "mkdir"
	SyncDir  Kind = "syncdir" // makes the names in a folder durable
)

// Op is one operation.
type Op struct {
	Kind   Kind
	Path   string
	To     string // of Rename
	Offset int64  // of Write
	Data   []byte // of Write; valid during the call
	Size   int64  // of Truncate
}

// Layer lies between the program and its disk: do performs the operation. A layer
// may call it or not, and returns what the program is told. It is called from many
// goroutines.
type Layer func(op Op, do func() error) error

// Do performs an operation, through the layer if there is one.
func (l Layer) Do(op Op, do func() error) error {
	if l == nil {
		return do()
	}
	return l(op, do)
}

// Points are told when the program reaches a named point. Nil in production.
type Points func(name string)

// At tells that the point was reached.
func (p Points) At(name string) {
	if p != nil {
		p(name)
	}
}

// Faults is what a torture does to a server. The zero value is production.
type Faults struct {
	Layer  Layer
	Points Points
	// Synchronous replaces FULL as what SQLite waits for at a commit, to show that a
	// check can fail.
	Synchronous string
	// CheckpointPages is after how many pages the write-ahead log is copied into the
	// database; zero means as in production.
	CheckpointPages int
}

// SyncNames makes the names in a folder durable.
func (l Layer) SyncNames(dir string) error {
	return l.Do(Op{Kind: SyncDir, Path: dir}, func() error {
		d, err := os.Open(dir)
		if err != nil {
			return err
		}
		return errors.Join(d.Sync(), d.Close())
	})
}

// MakeDirs makes a folder and those above it; a new one is durable before anything
// is put into it.
func (l Layer) MakeDirs(dir string, mode os.FileMode) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(dir)
	if err := l.MakeDirs(parent, mode); err != nil {
		return err
	}
	err := l.Do(Op{Kind: MakeDir, Path: dir}, func() error { return os.Mkdir(dir, mode) })
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return l.SyncNames(parent)
}

// WriteFile replaces a file: whatever happens, afterwards it holds what it held
// before or all of data, and when WriteFile returns nil, data.
func (l Layer) WriteFile(path string, data []byte, mode os.FileMode) (err error) {
	temp := path + ".new"
	f, err := l.Create(temp, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = l.Remove(temp)
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := l.Rename(temp, path); err != nil {
		return err
	}
	return l.SyncNames(filepath.Dir(path))
}

// Rename moves a file.
func (l Layer) Rename(from, to string) error {
	return l.Do(Op{Kind: Rename, Path: from, To: to}, func() error { return os.Rename(from, to) })
}

// Remove removes a file.
func (l Layer) Remove(path string) error {
	return l.Do(Op{Kind: Remove, Path: path}, func() error { return os.Remove(path) })
}

// Create opens a file for writing from its beginning, empty.
func (l Layer) Create(path string, mode os.FileMode) (*File, error) {
	f := &File{layer: l}
	err := l.Do(Op{Kind: Create, Path: path}, func() (err error) {
		f.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, mode)
		return err
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// CreateTemp creates a file that nobody else has.
func (l Layer) CreateTemp(dir string) (*File, error) {
	file, err := os.CreateTemp(dir, "*")
	if err != nil {
		return nil, err
	}
	err = l.Do(Op{Kind: Create, Path: file.Name()}, func() error { return nil })
	if err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(file.Name()))
	}
	return &File{file: file, layer: l}, nil
}

// File is a file that is written from its beginning to its end.
type File struct {
	file   *os.File
	layer  Layer
	offset int64
}

// Name is the file's path.
func (f *File) Name() string { return f.file.Name() }

// Write appends.
func (f *File) Write(p []byte) (n int, err error) {
	err = f.layer.Do(Op{Kind: Write, Path: f.file.Name(), Offset: f.offset, Data: p}, func() (err error) {
		n, err = f.file.Write(p)
		return err
	})
	f.offset += int64(n)
	return n, err
}

// Sync waits until what was written is on the disk.
func (f *File) Sync() error {
	return f.layer.Do(Op{Kind: Sync, Path: f.file.Name()}, f.file.Sync)
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

package vfs

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"

	"github.com/squall-dev/squall/runtime/disk"
)

// refused is what SQLite answered to an operation that the layer let pass.
type refused int32

func (refused) Error() string { return "sqlite's VFS did not do it" }

// ask lets the layer decide about one operation. An error of the layer becomes the
// code that the system would give.
func (l *layer) ask(op disk.Op, do func() int32, failed int32) int32 {
	err := l.disk.Do(op, func() error {
		if code := do(); code != lib.SQLITE_OK {
			return refused(code)
		}
		return nil
	})
	var code refused
	switch {
	case err == nil:
		return lib.SQLITE_OK
	case errors.As(err, &code):
		return int32(code)
	case errors.Is(err, syscall.ENOSPC):
		return lib.SQLITE_FULL
	}
	return failed
}

// open opens a file with the system's VFS and puts our methods in its place.
func open(tls *libc.TLS, vfs, name, address uintptr, flags int32, outFlags uintptr) int32 {
	known.RLock()
	l := known.layers[vfs]
	known.RUnlock()
	f := &file{layer: l, path: libc.GoString(name)}
	system := func() int32 {
		type xOpen = func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32
		return function[xOpen](l.system.FxOpen)(tls, vfs, name, address, flags, outFlags)
	}
	if name == 0 || flags&lib.SQLITE_OPEN_DELETEONCLOSE != 0 { // temporary: nothing of it is to last
		return system()
	}
	code := int32(lib.SQLITE_OK)
	if _, err := os.Stat(f.path); err == nil || flags&lib.SQLITE_OPEN_CREATE == 0 {
		code = system()
	} else {
		f.fresh = flags&(lib.SQLITE_OPEN_WAL|lib.SQLITE_OPEN_MAIN_JOURNAL) != 0
		code = l.ask(disk.Op{Kind: disk.Create, Path: f.path}, system, lib.SQLITE_CANTOPEN)
	}
	if opened := at[lib.Tsqlite3_file](address); code == lib.SQLITE_OK && opened.FpMethods != 0 {
		f.takeOver(tls, opened, address)
	}
	return code
}

func (f *file) takeOver(tls *libc.TLS, opened *lib.Tsqlite3_file, address uintptr) {
	known.Lock()
	defer known.Unlock()
	f.address, f.system = opened.FpMethods, at[lib.Tsqlite3_io_methods](opened.FpMethods)
	known.files[address] = f
	opened.FpMethods = methods(tls, f.address)
}

// methods are the system's, with ours where something changes on the disk. There
// are few kinds of files, and their methods stay.
func methods(tls *libc.TLS, system uintptr) uintptr {
	if own, ok := known.methods[system]; ok {
		return own
	}
	own := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(lib.Tsqlite3_io_methods{})))
	m := at[lib.Tsqlite3_io_methods](own)
	*m = *at[lib.Tsqlite3_io_methods](system)
	m.FxClose, m.FxWrite = address(closeFile), address(write)
	m.FxTruncate, m.FxSync = address(truncate), address(syncFile)
	known.methods[system] = own
	return own
}

func find(address uintptr) *file {
	known.RLock()
	defer known.RUnlock()
	return known.files[address]
}

func closeFile(tls *libc.TLS, p uintptr) int32 {
	known.Lock()
	f := known.files[p]
	delete(known.files, p)
	known.Unlock()
	at[lib.Tsqlite3_file](p).FpMethods = f.address
	return function[func(*libc.TLS, uintptr) int32](f.system.FxClose)(tls, p)
}

func write(tls *libc.TLS, p, buffer uintptr, n int32, offset int64) int32 {
	f := find(p)
	type xWrite = func(*libc.TLS, uintptr, uintptr, int32, int64) int32
	op := disk.Op{Kind: disk.Write, Path: f.path, Offset: offset, Data: unsafe.Slice(at[byte](buffer), n)}
	return f.ask(op, func() int32 { return function[xWrite](f.system.FxWrite)(tls, p, buffer, n, offset) }, lib.SQLITE_IOERR_WRITE)
}

func truncate(tls *libc.TLS, p uintptr, size int64) int32 {
	f := find(p)
	type xTruncate = func(*libc.TLS, uintptr, int64) int32
	op := disk.Op{Kind: disk.Truncate, Path: f.path, Size: size}
	return f.ask(op, func() int32 { return function[xTruncate](f.system.FxTruncate)(tls, p, size) }, lib.SQLITE_IOERR_TRUNCATE)
}

// syncFile syncs a file. The system's VFS syncs the folder of a journal that it has
// created together with it, once, which the layer is told.
func syncFile(tls *libc.TLS, p uintptr, flags int32) int32 {
	f := find(p)
	type xSync = func(*libc.TLS, uintptr, int32) int32
	code := f.ask(disk.Op{Kind: disk.Sync, Path: f.path},
		func() int32 { return function[xSync](f.system.FxSync)(tls, p, flags) }, lib.SQLITE_IOERR_FSYNC)
	if code != lib.SQLITE_OK || !f.fresh {
		return code
	}
	f.fresh = false
	return f.ask(disk.Op{Kind: disk.SyncDir, Path: filepath.Dir(f.path)},
		func() int32 { return lib.SQLITE_OK }, lib.SQLITE_IOERR_DIR_FSYNC)
}

func remove(tls *libc.TLS, vfs, name uintptr, syncDir int32) int32 {
	known.RLock()
	l := known.layers[vfs]
	known.RUnlock()
	path := libc.GoString(name)
	type xDelete = func(*libc.TLS, uintptr, uintptr, int32) int32
	code := l.ask(disk.Op{Kind: disk.Remove, Path: path},
		func() int32 { return function[xDelete](l.system.FxDelete)(tls, vfs, name, syncDir) }, lib.SQLITE_IOERR_DELETE)
	if code != lib.SQLITE_OK || syncDir == 0 {
		return code
	}
	return l.ask(disk.Op{Kind: disk.SyncDir, Path: filepath.Dir(path)},
		func() int32 { return lib.SQLITE_OK }, lib.SQLITE_IOERR_DIR_FSYNC)
}

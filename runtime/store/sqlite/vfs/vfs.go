// Package vfs lets a [disk.Layer] see and decide about what SQLite writes: a VFS
// of SQLite that passes everything on to the one of the system. For tests of
// durability; a database that is opened without a layer never comes here.
//
// SQLite calls functions by their address and knows nothing of closures, so the
// package keeps which VFS and which open file belongs to what. It has the only
// global of the program for that.
package vfs

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"

	"github.com/squall-dev/squall/runtime/disk"
)

// known is what the callbacks need to find by the addresses that SQLite passes.
var known = struct {
	sync.RWMutex
	next    int
	layers  map[uintptr]*layer  // by address of the VFS
	files   map[uintptr]*file   // by address of the open file
	methods map[uintptr]uintptr // the methods of the system's files -> ours
}{layers: map[uintptr]*layer{}, files: map[uintptr]*file{}, methods: map[uintptr]uintptr{}}

// layer is a VFS that was registered.
type layer struct {
	disk   disk.Layer
	system *lib.Tsqlite3_vfs
}

// file is a file that SQLite has open through a layer.
type file struct {
	*layer
	path    string
	system  *lib.Tsqlite3_io_methods
	address uintptr // of system
	fresh   bool    // its name is not durable: the system syncs its folder with it
}

// Register makes a VFS that asks a layer, and returns its name for the DSN
// parameter vfs, and how to take it back once all databases are closed.
func Register(d disk.Layer) (name string, unregister func(), err error) {
	tls := libc.NewTLS()
	defer tls.Close()
	system := lib.Xsqlite3_vfs_find(tls, 0)
	if system == 0 {
		return "", nil, errors.New("sqlite has no VFS")
	}
	known.Lock()
	defer known.Unlock()
	known.next++
	name = fmt.Sprintf("layer%d", known.next)
	cname, err := libc.CString(name)
	if err != nil {
		return "", nil, err
	}
	own := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(lib.Tsqlite3_vfs{})))
	if own == 0 {
		return "", nil, errors.New("no memory for a VFS")
	}
	v := at[lib.Tsqlite3_vfs](own)
	*v = *at[lib.Tsqlite3_vfs](system)
	v.FzName, v.FpNext = cname, 0
	v.FxOpen, v.FxDelete = address(open), address(remove)
	known.layers[own] = &layer{disk: d, system: at[lib.Tsqlite3_vfs](system)}
	if code := lib.Xsqlite3_vfs_register(tls, own, 0); code != lib.SQLITE_OK {
		return "", nil, fmt.Errorf("register a VFS: code %d", code)
	}
	return name, func() { forget(own, cname) }, nil
}

func forget(own, cname uintptr) {
	tls := libc.NewTLS()
	defer tls.Close()
	lib.Xsqlite3_vfs_unregister(tls, own)
	known.Lock()
	defer known.Unlock()
	delete(known.layers, own)
	libc.Xfree(tls, own)
	libc.Xfree(tls, cname)
}

// at is what lies at an address that SQLite gave. It is not Go's memory.
func at[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }

// address is how C code knows a function, which must not be a closure: a function
// value is a pointer to where its code's address lies in the program.
func address[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

// function is the other way around.
func function[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&p)) }

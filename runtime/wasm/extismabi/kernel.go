// Package extismabi is the kernel that Extism plugins talk to, in Go: a memory of
// its own with blocks in it, through which everything that goes in and out of a
// plugin passes, and the variables of one run.
//
// The reference is a module of WebAssembly, extism-runtime.wasm 1.7, with the
// three functions that go-sdk 1.7.1 puts in its place (load_u64, store_u64,
// input_load_u64). Blocks lie where the reference puts them, headers included, so
// that every handle is the same number; a differential fuzzer holds the two
// together. Where this kernel differs, it says no where the reference says
// nothing:
//
//   - A store, a load, an output, an error or an input outside the kernel's memory
//     is an error. The reference drops it, and what the plugin meant to say with it.
//   - The first 65 bytes, the kernel's own fields, can be neither read nor written.
//     In the reference a plugin can overwrite them.
//   - A request for 4 GiB or more is refused. In the reference the sum wraps around
//     and a few bytes are given as if they were enough.
//   - A list of blocks that a plugin has scribbled into a ring is an error. The
//     reference walks it for ever.
//
// The package knows nothing of WebAssembly. What a plugin does is answered with
// an error, never with a panic.
package extismabi

import "errors"

// The shape of the kernel's memory, all of it as in the reference.
const (
	pageSize    = 65_536
	firstPages  = 16            // what the memory has from the beginning
	firstLength = pageSize - 64 // what memory_bytes says at the beginning
	reserved    = 64            // kept free at the end of the length
	root        = 65            // where blocks begin; below are the kernel's own fields
	maxMemory   = 1 << 32
)

// ErrMemory says that a call needs more memory than the run may have.
var ErrMemory = errors.New("there is no memory left")

// Kernel is the kernel of one plugin at a time. Create it with New; it is not safe
// for concurrent use.
type Kernel struct {
	// mem is the memory as far as it was touched; from there to size it reads as
	// zero, and so do the bytes between its length and its capacity.
	mem      []byte
	size     uint64 // bytes that can be addressed
	length   uint64 // what memory_bytes says
	position uint64 // bytes from root on that blocks take

	input, output span
	firstInput    uint64 // where the run's input is, whatever input_set said since
	errorBlock    uint64
	vars          map[string][]byte // values are never changed, so images share them
	varBytes      int64
	status        int
	headers       map[string]string
	limit         int64
	denied        bool
	work          int64
}

type span struct{ offset, length uint64 }

// New makes a kernel that may use that many bytes.
func New(limit int64) *Kernel {
	return &Kernel{size: firstPages * pageSize, length: firstLength, vars: map[string][]byte{}, limit: limit}
}

// SetLimit says how many bytes the kernel may use from now on.
func (k *Kernel) SetLimit(bytes int64) { k.limit = bytes }

// Size is how many bytes are in use. It only grows during a run.
func (k *Kernel) Size() int64 { return int64(len(k.mem)) + k.varBytes }

// Denied reports whether memory was refused since the last Restore.
func (k *Kernel) Denied() bool { return k.denied }

// TakeWork tells how much was done since it last told, beyond the constant cost of
// a call: blocks visited, and bytes moved in units of 16. Less than the least is
// kept for the next time. Walks are linear, as in the reference, so whoever bounds
// a plugin's time must count them.
func (k *Kernel) TakeWork(least int64) int64 {
	w := k.work
	if w < least {
		return 0
	}
	k.work = 0
	return w
}

// MemoryBytes is what memory_bytes says: how much is set aside for blocks.
func (k *Kernel) MemoryBytes() uint64 { return k.length }

// touch makes the memory reach to end, if the limit allows.
func (k *Kernel) touch(end uint64) error {
	if end <= uint64(len(k.mem)) {
		return nil
	}
	if !k.fits(end) {
		k.denied = true
		return ErrMemory
	}
	if end > uint64(cap(k.mem)) {
		room := min(max(2*uint64(cap(k.mem)), end, firstRoom), max(end, uint64(k.limit)))
		bigger := make([]byte, len(k.mem), room)
		copy(bigger, k.mem)
		k.work += int64(len(k.mem) / 16)
		k.mem = bigger
	}
	k.mem = k.mem[:end]
	return nil
}

// firstRoom is what most plugins never outgrow.
const firstRoom = 4096

func (k *Kernel) fits(end uint64) bool {
	return end <= k.size && int64(max(end, uint64(len(k.mem))))+k.varBytes <= k.limit
}

// Reset frees all blocks, as a plugin may ask. Variables stay.
func (k *Kernel) Reset() {
	clear(k.mem[min(root, len(k.mem)):min(root+k.position, uint64(len(k.mem)))])
	k.work += int64(k.position / 16)
	k.position, k.errorBlock = 0, 0
	k.input, k.output = span{}, span{}
}

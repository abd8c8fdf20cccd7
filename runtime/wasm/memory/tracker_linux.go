package memory

import (
	"fmt"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// openTracker takes the first way of finding written pages that proves itself on
// a mapping made for the purpose; nil, with the reason, if none does.
func openTracker() (t tracker, why string) {
	if size := os.Getpagesize(); size != pageSize {
		return nil, fmt.Sprintf("this machine's pages have %d bytes, not %d", size, pageSize)
	}
	file, err := os.Open("/proc/self/pagemap")
	if err != nil {
		return nil, err.Error()
	}
	for _, t := range []tracker{newScanTracker(file), newReadTracker(file)} {
		if proven(t) {
			return t, ""
		}
	}
	_ = file.Close()
	return nil, "neither PAGEMAP_SCAN nor /proc/self/pagemap tells written pages truly on this kernel"
}

// proven writes one page in the image and one beyond, reads others, and looks
// whether the tracker reports exactly the written ones.
func proven(t tracker) bool {
	s := &Source{pages: t}
	img, err := s.NewImage([]byte{0: 1, 4*pageSize - 1: 1})
	if err != nil {
		return false
	}
	defer func() { _ = img.Close() }()
	slot, err := s.NewSlot(8 * pageSize)
	if err != nil {
		return false
	}
	defer func() { _ = slot.Release() }()
	b := slot.Reallocate(6 * pageSize)
	if slot.Adopt(img) != nil || b[3*pageSize] != 0 {
		return false
	}
	b[pageSize], b[5*pageSize] = 7, 7
	found := map[int]bool{}
	err = t.dirty(slot.area.base(), 6*pageSize, pageSet(found))
	return err == nil && len(found) == 2 && found[1] && found[5]
}

type pageSet map[int]bool

func (s pageSet) visit(from, to int) {
	for ; from < to; from += pageSize {
		s[from/pageSize] = true
	}
}

// scanTracker asks with the ioctl PAGEMAP_SCAN (Linux 6.7 and later).
type scanTracker struct {
	file    *os.File // kept: closing it is what its finalizer would do
	fd      uintptr
	vectors sync.Pool // of *[256]pageRegion
}

type pageRegion struct{ start, end, categories uint64 }

// scanArgument is the kernel's struct pm_scan_arg.
type scanArgument struct {
	size, flags, start, end, walkEnd, vector, vectorLen, maxPages uint64
	inverted, mask, anyOf, returned                               uint64
}

const (
	pagemapScan    = 0xc0606610 // _IOWR('f', 16, struct pm_scan_arg)
	pageIsFile     = 1 << 2
	pageIsPresent  = 1 << 3
	pageIsSwapped  = 1 << 4
	entryPresent   = 1 << 63
	entrySwapped   = 1 << 62
	entryFile      = 1 << 61 // or shared
	entrySize      = 8
	entriesPerRead = 1 << 14
)

func newScanTracker(file *os.File) *scanTracker {
	return &scanTracker{file: file, fd: file.Fd(), vectors: sync.Pool{New: func() any { return new([256]pageRegion) }}}
}

func (t *scanTracker) dirty(base uintptr, size int, v visitor) error {
	vector := t.vectors.Get().(*[256]pageRegion)
	defer t.vectors.Put(vector)
	start, end := uint64(base), uint64(base)+uint64(pageUp(int64(size)))
	for start < end {
		a := scanArgument{
			start: start, end: end,
			vector: uint64(uintptr(unsafe.Pointer(vector))), vectorLen: uint64(len(vector)),
			// Present or swapped out, and not the image's own page.
			inverted: pageIsFile, mask: pageIsFile, anyOf: pageIsPresent | pageIsSwapped, returned: pageIsPresent,
		}
		a.size = uint64(unsafe.Sizeof(a))
		n, _, errno := t.scan(&a)
		if errno != 0 {
			return fmt.Errorf("find written pages: %w", errno)
		}
		for _, r := range vector[:n] {
			v.visit(int(r.start-uint64(base)), int(r.end-uint64(base)))
		}
		if a.walkEnd <= start {
			return fmt.Errorf("find written pages: the kernel makes no progress at %#x", start)
		}
		start = a.walkEnd
	}
	return nil
}

func (t *scanTracker) method() string { return MethodScan }

// scan asks the kernel. A small memory is looked through so quickly that telling
// Go's scheduler would take longer.
func (t *scanTracker) scan(a *scanArgument) (n, _ uintptr, errno unix.Errno) {
	const small = 4 << 20
	if a.end-a.start <= small {
		return unix.RawSyscall(unix.SYS_IOCTL, t.fd, pagemapScan, uintptr(unsafe.Pointer(a)))
	}
	return unix.Syscall(unix.SYS_IOCTL, t.fd, pagemapScan, uintptr(unsafe.Pointer(a)))
}

func (t *scanTracker) close() error { return t.file.Close() }

// readTracker reads /proc/self/pagemap, which every kernel has.
type readTracker struct {
	file    *os.File
	entries sync.Pool // of *[entriesPerRead]uint64
}

func newReadTracker(file *os.File) *readTracker {
	return &readTracker{file: file, entries: sync.Pool{New: func() any { return new([entriesPerRead]uint64) }}}
}

func (t *readTracker) dirty(base uintptr, size int, v visitor) error {
	entries := t.entries.Get().(*[entriesPerRead]uint64)
	defer t.entries.Put(entries)
	pages := int(pageUp(int64(size)) / pageSize)
	for first := 0; first < pages; first += entriesPerRead {
		part := entries[:min(entriesPerRead, pages-first)]
		raw := unsafe.Slice((*byte)(unsafe.Pointer(&part[0])), len(part)*entrySize)
		at := (int64(base)/pageSize + int64(first)) * entrySize
		if _, err := t.file.ReadAt(raw, at); err != nil {
			return fmt.Errorf("find written pages: %w", err)
		}
		for i, e := range part {
			if e&(entryPresent|entrySwapped) != 0 && e&entryFile == 0 {
				v.visit((first+i)*pageSize, (first+i+1)*pageSize)
			}
		}
	}
	return nil
}

func (t *readTracker) method() string { return MethodRead }

func (t *readTracker) close() error { return t.file.Close() }

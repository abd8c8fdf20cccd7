package memory

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mappedArea is reserved address space. An image is mapped over its beginning,
// privately: the kernel copies a page when the guest writes it.
type mappedArea struct {
	start unsafe.Pointer
	size  int
}

func newMappedArea(most int64) (area, error) {
	size := max(pageUp(most), pageSize)
	p, err := unix.MmapPtr(-1, 0, nil, uintptr(size), unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("reserve %d bytes for a guest: %w", size, err)
	}
	a := &mappedArea{p, int(size)}
	// A huge page would be one dirty page of 2 MiB. Not every kernel has them.
	_ = unix.Madvise(a.all(), unix.MADV_NOHUGEPAGE)
	return a, nil
}

func (a *mappedArea) all() []byte { return unsafe.Slice((*byte)(a.start), a.size) }

func (a *mappedArea) base() uintptr { return uintptr(a.start) }

func (a *mappedArea) resize(size int) []byte {
	if size > a.size {
		return nil
	}
	return a.all()[:size:size]
}

func (a *mappedArea) adopt(img *Image) error {
	if img.file == nil { // an empty image
		return nil
	}
	fd := int(img.file.(*memFile).file.Fd())
	size := uintptr(pageUp(int64(img.Size())))
	_, err := unix.MmapPtr(fd, 0, a.start, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED)
	if err != nil {
		return fmt.Errorf("map the image of a guest: %w", err)
	}
	return nil
}

func (a *mappedArea) forget(from int) error {
	from = int(pageUp(int64(from)))
	if from >= a.size {
		return nil
	}
	if err := unix.Madvise(a.all()[from:], unix.MADV_DONTNEED); err != nil {
		return fmt.Errorf("give guest memory back: %w", err)
	}
	return nil
}

func (a *mappedArea) release() error {
	if err := unix.MunmapPtr(a.start, uintptr(a.size)); err != nil {
		return fmt.Errorf("unmap guest memory: %w", err)
	}
	return nil
}

const pageSize = 4096

func pageUp(n int64) int64 { return (n + pageSize - 1) &^ (pageSize - 1) }

// memFile is an anonymous file that images are mapped from. Restoring reads it
// through a mapping of its own, so that there is no second copy on the heap.
type memFile struct {
	file    *os.File
	mapped  []byte
	written int
}

func newImageFile(content []byte) (imageFile, error) {
	fd, err := unix.MemfdCreate("squall-image", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create an image: %w", err)
	}
	f := &memFile{file: os.NewFile(uintptr(fd), "squall-image")}
	if err := f.fill(content); err != nil {
		return nil, errors.Join(fmt.Errorf("write an image: %w", err), f.close())
	}
	return f, nil
}

func (f *memFile) fill(content []byte) error {
	if err := f.write(content); err != nil {
		return err
	}
	mapped, err := unix.Mmap(int(f.file.Fd()), 0, int(pageUp(int64(len(content)))), unix.PROT_READ, unix.MAP_SHARED)
	f.mapped = mapped
	return err
}

// write leaves out pages of zeros, which most of a memory is, and writes those that
// follow each other at once.
func (f *memFile) write(content []byte) error {
	if err := f.file.Truncate(pageUp(int64(len(content)))); err != nil {
		return err
	}
	for from := 0; from < len(content); {
		to := from
		for to < len(content) && !allZero(content[to:min(to+pageSize, len(content))]) {
			to += pageSize
		}
		if to > from {
			if _, err := f.file.WriteAt(content[from:min(to, len(content))], int64(from)); err != nil {
				return err
			}
			f.written += to - from
		}
		from = to + pageSize // which is a page of zeros, or beyond the end
	}
	return nil
}

// allZero compares the bytes, of which there is one at least, with their neighbours:
// comparing is what the processor does many at a time.
func allZero(b []byte) bool { return b[0] == 0 && bytes.Equal(b[1:], b[:len(b)-1]) }

func (f *memFile) content() []byte { return f.mapped }
func (f *memFile) resident() int   { return f.written }

func (f *memFile) close() error {
	var err error
	if f.mapped != nil {
		err = unix.Munmap(f.mapped)
		f.mapped = nil
	}
	return errors.Join(err, f.file.Close())
}

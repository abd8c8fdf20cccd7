// Package memory gives guests their linear memory and puts it back after a run,
// byte for byte.
//
// On Linux a [Slot] is reserved address space. Once a frozen [Image] is laid
// under it copy on write, the kernel knows which pages a run has written, and
// restoring costs as much as the guest wrote, not as much as it has. Where the
// kernel does not tell (other systems, a missing /proc), the whole memory is
// copied back: slower, not less exact.
//
// The package knows nothing of WebAssembly; a Slot happens to have the methods
// that wazero asks of a linear memory.
package memory

import "errors"

// Source makes slots and images. Create it with Open.
type Source struct {
	pages tracker // nil: portable
	why   string  // it is portable
}

// tracker finds the pages of a mapping that were written since an image was laid
// under it.
type tracker interface {
	// dirty visits every run of written pages among the first size bytes.
	dirty(base uintptr, size int, v visitor) error
	// method names the way, for people.
	method() string
	close() error
}

// visitor is told of written pages by their bounds, in bytes from the base. It is
// no function value, because that would be an allocation per run.
type visitor interface{ visit(from, to int) }

// Options choose how memory is kept. The zero value is right.
type Options struct {
	// Portable keeps memory on the heap and copies all of it back, as on systems
	// other than Linux.
	Portable bool
}

// Open finds out what the system offers. It never fails for lack of features.
func Open(o Options) *Source {
	if o.Portable {
		return &Source{why: "it was asked for"}
	}
	pages, why := openTracker()
	return &Source{pages: pages, why: why}
}

// Close gives back what Open took. Slots and images must be released before.
func (s *Source) Close() error {
	if s.pages == nil {
		return nil
	}
	return s.pages.close()
}

// The ways of putting memory back.
const (
	MethodScan = "pagemap_scan" // the kernel lists written pages in one call
	MethodRead = "pagemap"      // written pages are read from /proc/self/pagemap
	MethodCopy = "copy"         // all memory is copied
)

// Method names the way in which memory is put back. For MethodCopy, why says why
// no better one was there.
func (s *Source) Method() (name, why string) {
	if s.pages == nil {
		return MethodCopy, s.why
	}
	return s.pages.method(), ""
}

// Tracks reports whether only written pages are copied back.
func (s *Source) Tracks() bool { return s.pages != nil }

// NewSlot reserves memory of at most that many bytes. Reserving costs address space,
// not memory.
func (s *Source) NewSlot(most int64) (*Slot, error) {
	slot := &Slot{source: s, most: most, limit: most}
	if s.pages == nil {
		slot.area = &heapArea{}
		return slot, nil
	}
	area, err := newMappedArea(most)
	if err != nil {
		return nil, err
	}
	slot.area = area
	return slot, nil
}

// NewImage freezes content, which it copies.
func (s *Source) NewImage(content []byte) (*Image, error) {
	if s.pages == nil || len(content) == 0 {
		return &Image{content: append([]byte(nil), content...), resident: len(content)}, nil
	}
	file, err := newImageFile(content)
	if err != nil {
		return nil, err
	}
	return &Image{content: file.content()[:len(content)], resident: file.resident(), file: file}, nil
}

// Image is frozen memory that many slots may share.
type Image struct {
	content  []byte
	resident int
	file     imageFile // nil: portable or empty
}

// imageFile is content that can be mapped.
type imageFile interface {
	content() []byte
	resident() int
	close() error
}

// Size is how many bytes the image has.
func (i *Image) Size() int { return len(i.content) }

// Resident is how many bytes of memory the image takes: pages of zeros take none.
func (i *Image) Resident() int { return i.resident }

// Content is what was frozen. It must not be changed.
func (i *Image) Content() []byte { return i.content }

// Close gives the image back. No slot may need it any more.
func (i *Image) Close() error {
	if i.file == nil {
		return nil
	}
	return i.file.close()
}

// area is where a slot's bytes lie.
type area interface {
	// resize returns the first size bytes; nil when that is impossible. What was
	// never written reads as zero.
	resize(size int) []byte
	// adopt lays an image under the first bytes.
	adopt(img *Image) error
	base() uintptr
	// forget makes everything from an offset on read as zero and gives it back.
	forget(from int) error
	release() error
}

var errReleased = errors.New("the memory was released")

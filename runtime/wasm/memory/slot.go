package memory

// Slot is the linear memory of one guest at a time. It is not safe for
// concurrent use.
type Slot struct {
	source *Source
	area   area
	image  *Image
	most   int64
	limit  int64
	size   int    // bytes now
	bytes  []byte // the memory
	peak   int    // most bytes since the last Restore
	denied bool
	shrink bool
	// written counts bytes while Restore runs.
	written int
}

// Reallocate returns memory of the given size with its content kept, or nil when
// it is over the limit. It is what the engine calls to grow.
func (s *Slot) Reallocate(size uint64) []byte {
	if s.shrink {
		s.shrink, s.peak = false, 0
		size = uint64(s.image.Size())
	}
	if s.area == nil || size > uint64(s.limit) {
		s.denied = true
		return nil
	}
	b := s.area.resize(int(size))
	if b == nil {
		s.denied = true
		return nil
	}
	s.bytes, s.size = b, int(size)
	s.peak = max(s.peak, s.size)
	return b
}

// Free does nothing. The engine calls it when it closes an instance, but the
// owner of the slot releases it, when it is sure that no guest runs.
func (s *Slot) Free() {}

// SetLimit bounds the size from now on. It is at most what NewSlot was told.
func (s *Slot) SetLimit(bytes int64) { s.limit, s.denied = min(bytes, s.most), false }

// Narrow bounds the size like SetLimit, but forgets no refusal.
func (s *Slot) Narrow(bytes int64) { s.limit = min(bytes, s.most) }

// Denied reports whether growing was refused since SetLimit.
func (s *Slot) Denied() bool { return s.denied }

// Peak is the largest size since the last Restore.
func (s *Slot) Peak() int { return s.peak }

// Adopt replaces the content by an image's, which must be as large as the memory
// is now. From then on Restore puts that image back.
func (s *Slot) Adopt(img *Image) error {
	if s.area == nil {
		return errReleased
	}
	if err := s.area.adopt(img); err != nil {
		return err
	}
	if err := s.area.forget(img.Size()); err != nil {
		return err
	}
	s.image, s.peak = img, s.size
	return nil
}

// ShrinkNext, after Restore, makes the next Reallocate return the image's size, whatever it asks
// for. That is how a memory shrinks which, by its standard, can only grow.
func (s *Slot) ShrinkNext() { s.shrink = true }

// Grown reports whether the memory is larger than the image.
func (s *Slot) Grown() bool { return s.image != nil && s.size != s.image.Size() }

// keepTail is how much memory beyond the image is cleared rather than given back
// to the system: below it, clearing is cheaper than faulting pages in again.
const keepTail = 1 << 20

// Restore puts the content back to the image's, up to the peak, and returns how
// many bytes it wrote. The size is the engine's to put back.
func (s *Slot) Restore() (written int, err error) {
	if s.area == nil || s.image == nil {
		return 0, errReleased
	}
	if s.peak-s.image.Size() > keepTail {
		if err := s.area.forget(s.image.Size()); err != nil {
			return 0, err
		}
		s.peak = s.image.Size()
	}
	b := s.area.resize(s.peak)
	s.bytes, s.written = b, 0
	if s.source.pages == nil {
		s.visit(0, s.peak)
	} else {
		err = s.source.pages.dirty(s.area.base(), s.peak, s)
	}
	s.bytes = s.area.resize(s.size)
	s.peak = s.size
	return s.written, err
}

// visit puts bytes back: the image's as far as it reaches, then zeros.
func (s *Slot) visit(from, to int) {
	to = min(to, len(s.bytes))
	n := 0
	if from < s.image.Size() {
		n = copy(s.bytes[from:to], s.image.content[from:])
	}
	clear(s.bytes[from+n : to])
	s.written += to - from
}

// Release gives the memory back. No guest may run on it, ever again.
func (s *Slot) Release() error {
	if s.area == nil {
		return nil
	}
	area := s.area
	s.area, s.bytes = nil, nil
	return area.release()
}

package memory

// heapArea keeps a slot on Go's heap: for systems without page tracking.
type heapArea struct{ bytes []byte }

func (a *heapArea) resize(size int) []byte {
	if a.bytes == nil || size > cap(a.bytes) { // nil would mean refused
		grown := make([]byte, size, max(size, min(2*cap(a.bytes), size+1<<20)))
		copy(grown, a.bytes[:cap(a.bytes)])
		a.bytes = grown
	}
	a.bytes = a.bytes[:max(size, len(a.bytes))]
	return a.bytes[:size:size]
}

func (a *heapArea) adopt(img *Image) error {
	copy(a.resize(img.Size()), img.content)
	return nil
}

func (a *heapArea) forget(from int) error {
	clear(a.bytes[min(from, cap(a.bytes)):cap(a.bytes)])
	return nil
}

func (a *heapArea) base() uintptr { return 0 }

func (a *heapArea) release() error {
	a.bytes = nil
	return nil
}

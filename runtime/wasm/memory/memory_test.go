package memory

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// sources are all ways of keeping memory that this system has.
func sources(t *testing.T) map[string]*Source {
	all := map[string]*Source{"portable": Open(Options{Portable: true})}
	for name, tr := range trackers(t) {
		all[name] = &Source{pages: tr}
	}
	return all
}

func newSlot(t *testing.T, s *Source, most int64) *Slot {
	t.Helper()
	slot, err := s.NewSlot(most)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := slot.Release(); err != nil {
			t.Error(err)
		}
	})
	return slot
}

func newImage(t *testing.T, s *Source, content []byte) *Image {
	t.Helper()
	img, err := s.NewImage(content)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := img.Close(); err != nil {
			t.Error(err)
		}
	})
	return img
}

// Whatever is written, and however the memory grows, Restore puts back the image
// and leaves zeros beyond it.
func TestRestoreIsExact(t *testing.T) {
	t.Parallel()
	const page = 65536
	for name, s := range sources(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(1, 2))
			content := make([]byte, 3*page)
			for i := 0; i < len(content); i += 1 + rng.IntN(9000) {
				content[i] = byte(rng.Uint32())
			}
			slot, img := newSlot(t, s, 64*page), newImage(t, s, content)
			slot.Reallocate(uint64(len(content)))
			if err := slot.Adopt(img); err != nil {
				t.Fatal(err)
			}
			for range 50 {
				run(t, rng, slot, page)
				if _, err := slot.Restore(); err != nil {
					t.Fatal(err)
				}
				slot.ShrinkNext()
				if b := slot.Reallocate(1 << 40); !bytes.Equal(b, content) {
					t.Fatal("the image is not back")
				}
				if b := slot.Reallocate(64 * page); !bytes.Equal(b[len(content):], make([]byte, 61*page)) {
					t.Fatal("something is left behind beyond the image")
				}
				slot.ShrinkNext()
				slot.Reallocate(1)
			}
		})
	}
}

// run plays a guest: it writes here and there, grows and writes again.
func run(t *testing.T, rng *rand.Rand, slot *Slot, page int) {
	t.Helper()
	size := len(slot.bytes)
	for range 1 + rng.IntN(3) {
		for range rng.IntN(20) {
			slot.bytes[rng.IntN(size)] = byte(rng.Uint32())
		}
		size = min(64*page, size+rng.IntN(12)*page)
		if slot.Reallocate(uint64(size)) == nil {
			t.Fatal("could not grow")
		}
		slot.bytes[size-1] = 1
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	for name, s := range sources(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slot := newSlot(t, s, 1<<20)
			slot.SetLimit(1 << 18)
			if slot.Reallocate(1<<18) == nil || slot.Denied() {
				t.Error("refused memory within the limit")
			}
			if slot.Reallocate(1<<18+1) != nil || !slot.Denied() {
				t.Error("gave memory over the limit")
			}
			slot.SetLimit(1 << 30)
			if slot.Denied() {
				t.Error("a new limit does not forget the refusal")
			}
			if slot.Reallocate(1<<20+1) != nil {
				t.Error("gave more than was reserved")
			}
		})
	}
}

// Only what was written is put back: that is what makes restoring cheap.
func TestRestoreWritesOnlyDirtyPages(t *testing.T) {
	t.Parallel()
	for name, s := range sources(t) {
		if !s.Tracks() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slot, img := newSlot(t, s, 16<<20), newImage(t, s, bytes.Repeat([]byte{1}, 8<<20))
			b := slot.Reallocate(8 << 20)
			if err := slot.Adopt(img); err != nil {
				t.Fatal(err)
			}
			b[5], b[4<<20] = 2, 2
			if n, err := slot.Restore(); err != nil || n != 2*4096 {
				t.Errorf("wrote %d bytes, %v; want two pages", n, err)
			}
		})
	}
}

func TestReleasedSlotGivesNoMemory(t *testing.T) {
	t.Parallel()
	for name, s := range sources(t) {
		slot := newSlot(t, s, 1<<20)
		if err := slot.Release(); err != nil {
			t.Fatal(name, err)
		}
		if slot.Reallocate(1) != nil {
			t.Error(name, "gave memory after Release")
		}
	}
}

func BenchmarkRestore(b *testing.B) {
	s := Open(Options{})
	defer func() { _ = s.Close() }()
	slot, err := s.NewSlot(16 << 20)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = slot.Release() }()
	img, err := s.NewImage(make([]byte, 4<<20))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = img.Close() }()
	mem := slot.Reallocate(4 << 20)
	if err := slot.Adopt(img); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		mem[0], mem[1<<20] = 1, 1
		if _, err := slot.Restore(); err != nil {
			b.Fatal(err)
		}
	}
}

func TestASourceNamesItsMethod(t *testing.T) {
	t.Parallel()
	s := Open(Options{})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	name, why := s.Method()
	if (name == MethodCopy) != !s.Tracks() || (name == MethodCopy) != (why != "") {
		t.Errorf("method %s, because %q, tracks %v", name, why, s.Tracks())
	}
	if name, why := Open(Options{Portable: true}).Method(); name != MethodCopy || why != "it was asked for" {
		t.Errorf("portable memory: %s, because %q", name, why)
	}
	for key, want := range map[string]string{"scan": MethodScan, "read": MethodRead} {
		if source, there := sources(t)[key]; there {
			if name, _ := source.Method(); name != want {
				t.Errorf("%s calls itself %s, want %s", key, name, want)
			}
		}
	}
}

package wasm

import (
	"errors"
	"fmt"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm/extismabi"
	"github.com/squall-dev/squall/runtime/wasm/memory"
)

// frozen is the state of a started guest that every run begins with: memory and
// the numbers in its globals. What else a guest may have changed raises a flag,
// see rewrite.TouchedExport.
type frozen struct {
	image   *memory.Image // nil without a memory
	start   automation.TapeStart
	globals []uint64
	kernel  *extismabi.Image // of an Extism plugin; else nil
	seeds   []int            // where generators of random numbers lie in memory, see seeds.go
}

// freeze remembers the state of an instance and lays it under the instance.
func (m *Module) freeze(i *instance) (*frozen, error) {
	f := &frozen{start: i.run.world.start, kernel: i.freezeKernel()}
	for _, g := range i.globals {
		f.globals = append(f.globals, g.Get())
	}
	if i.slot == nil {
		return f, nil
	}
	content, _ := i.memory.Read(0, i.memory.Size())
	f.seeds = findSeeds(content, i.run.drawn)
	img, err := m.engine.memory.NewImage(content)
	if err != nil {
		return nil, err
	}
	f.image = img
	if err := i.slot.Adopt(img); err != nil {
		return nil, errors.Join(err, img.Close())
	}
	return f, nil
}

// bytes is how much memory the state takes.
func (f *frozen) bytes() int64 {
	if f == nil {
		return 0
	}
	n := f.kernelBytes()
	if f.image != nil {
		n += int64(f.image.Resident())
	}
	return n
}

// size is how much memory a guest in this state has.
func (f *frozen) size() int {
	if f.image == nil {
		return 0
	}
	return f.image.Size()
}

func (f *frozen) close() error {
	if f == nil || f.image == nil {
		return nil
	}
	return f.image.Close()
}

// thaw brings a new instance into a frozen state without running the guest.
func (i *instance) thaw(f *frozen) error {
	i.frozen = f
	if i.slot != nil {
		if more := f.size() - int(i.memory.Size()); more > 0 {
			if _, ok := i.memory.Grow(uint32(more / pageSize)); !ok {
				return automation.Unavailable("there is no memory left for another guest")
			}
		}
		if err := i.slot.Adopt(f.image); err != nil {
			return err
		}
	}
	i.setGlobals()
	i.restoreKernel()
	return nil
}

func (i *instance) setGlobals() {
	for n, g := range i.globals {
		g.Set(i.frozen.globals[n])
	}
}

// restore puts everything back as it was frozen and returns how many bytes of
// memory the instance keeps for its next run.
func (i *instance) restore() (kept int64, err error) {
	if i.slot != nil {
		n, err := i.slot.Restore()
		if err != nil {
			return 0, err
		}
		if err := i.shrink(i.frozen.size()); err != nil {
			return 0, err
		}
		kept = int64(n)
	}
	i.setGlobals()
	i.restoreKernel()
	return kept, nil
}

// shrink gives a grown memory its first size back. The runtime takes over
// whatever length the allocator returns, so "growing" by a page can shrink; what
// it did is checked, because no document promises it.
func (i *instance) shrink(size int) error {
	if i.slot.Grown() {
		i.slot.ShrinkNext()
		if _, ok := i.memory.Grow(1); !ok {
			return errors.New("the memory did not shrink")
		}
	}
	if int(i.memory.Size()) != size {
		return fmt.Errorf("the memory has %d bytes instead of %d", i.memory.Size(), size)
	}
	return nil
}

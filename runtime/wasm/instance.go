package wasm

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm/extismabi"
	"github.com/squall-dev/squall/runtime/wasm/memory"
	"github.com/squall-dev/squall/runtime/wasm/rewrite"
)

const startExport = rewrite.StartExport

// instance is one guest with memory of its own. One call at a time.
type instance struct {
	module      api.Module
	slot        *memory.Slot // nil without a memory
	memory      api.Memory   // nil without a memory
	fuel, depth api.MutableGlobal
	globals     []api.MutableGlobal
	functions   map[string]api.Function
	kernel      *extismabi.Kernel // of an Extism plugin; else nil
}

// snapshot is the state of a started module: all there is, see
// rewrite.Summary.Unrestorable.
type snapshot struct {
	image   *memory.Image    // nil without a memory
	kernel  *extismabi.Image // of an Extism plugin; else nil
	globals []uint64
}

// instantiate makes an instance. No guest code runs: start functions have become
// exports, and the runtime is told to call none.
func (m *Module) instantiate(ctx context.Context) (*instance, error) {
	ctx = context.WithoutCancel(ctx) // half an instance would be worse than a late one
	i := &instance{functions: map[string]api.Function{}, kernel: m.newKernel()}
	if m.hasMemory {
		slot, err := m.engine.memory.NewSlot(m.maxMemory)
		if err != nil {
			return nil, err
		}
		i.slot = slot
		ctx = experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(
			func(uint64, uint64) experimental.LinearMemory { return slot }))
	}
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	mod, err := m.engine.runtime.InstantiateModule(ctx, m.compiled, config)
	if err != nil {
		return nil, errors.Join(err, i.close(ctx))
	}
	i.module = mod
	if m.hasMemory {
		i.memory = mod.Memory()
	}
	i.fuel = mod.ExportedGlobal(rewrite.FuelExport).(api.MutableGlobal)
	i.depth = mod.ExportedGlobal(rewrite.DepthExport).(api.MutableGlobal)
	for _, name := range m.globals {
		i.globals = append(i.globals, mod.ExportedGlobal(name).(api.MutableGlobal))
	}
	return i, nil
}

// function finds an export once: the runtime makes a stack for each it gives out.
func (i *instance) function(name string) api.Function {
	fn, known := i.functions[name]
	if !known {
		fn = i.module.ExportedFunction(name)
		i.functions[name] = fn
	}
	return fn
}

// call runs an export in a run and returns its result, if it has one.
func (i *instance) call(r *run, export string, results int) (code uint32, err error) {
	fn := i.function(export)
	if fn == nil {
		return 0, fmt.Errorf("there is no export %q", export)
	}
	var stack [2]uint64 // as many as the parameters of Haskell's hs_init
	if err := r.begin(i); err != nil {
		return 0, err
	}
	if err := r.beginPlugin(i); err != nil {
		return 0, err
	}
	err = fn.CallWithStack(context.WithValue(r.ctx, runKey{}, r), stack[:])
	r.end(i)
	if results > 0 {
		code = uint32(stack[0]) // the upper half is garbage
	}
	return code, err
}

// freeze remembers a started instance; others are made from it.
func (m *Module) freeze(i *instance) error {
	s := &snapshot{kernel: i.freezeKernel()}
	for _, g := range i.globals {
		s.globals = append(s.globals, g.Get())
	}
	if i.slot != nil {
		content, _ := i.memory.Read(0, i.memory.Size())
		img, err := m.engine.memory.NewImage(content)
		if err != nil {
			return err
		}
		s.image = img
		if err := i.slot.Adopt(img); err != nil {
			return errors.Join(err, img.Close())
		}
	}
	m.frozen = s
	return nil
}

// take returns an instance in the frozen state.
func (m *Module) take(ctx context.Context) (*instance, error) {
	if i := m.idle.take(); i != nil {
		return i, nil
	}
	i, err := m.instantiate(ctx)
	if err != nil {
		return nil, fmt.Errorf("start another instance of module %s: %w", m.name, err)
	}
	if err := m.thaw(i); err != nil {
		m.discard(i)
		return nil, fmt.Errorf("start another instance of module %s: %w", m.name, err)
	}
	return i, nil
}

// thaw brings a new instance into the frozen state without running the guest.
func (m *Module) thaw(i *instance) error {
	if i.slot != nil {
		if more := m.frozen.image.Size() - int(i.memory.Size()); more > 0 {
			if _, ok := i.memory.Grow(uint32(more / pageSize)); !ok {
				return automation.Unavailable("there is no memory left for another guest")
			}
		}
		if err := i.slot.Adopt(m.frozen.image); err != nil {
			return err
		}
	}
	m.setGlobals(i)
	i.restoreKernel(m.frozen)
	return nil
}

func (m *Module) setGlobals(i *instance) {
	for n, g := range i.globals {
		g.Set(m.frozen.globals[n])
	}
}

// giveBack restores an instance for the next call. One whose native stack grew
// deep, or that can not be restored, is ended.
func (m *Module) giveBack(i *instance, code automation.FailureCode) {
	if code == automation.CodeStackLimit {
		m.discard(i)
		return
	}
	i.restoreKernel(m.frozen)
	if err := m.restore(i); err != nil {
		m.engine.log.Warn("instance could not be restored and was ended", "module", m.name, "err", err)
		m.discard(i)
		return
	}
	m.idle.put(i)
}

func (m *Module) restore(i *instance) error {
	if i.slot != nil {
		if _, err := i.slot.Restore(); err != nil {
			return err
		}
		if err := i.shrink(m.frozen.image.Size()); err != nil {
			return err
		}
	}
	m.setGlobals(i)
	return nil
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

// discard ends an instance that no guest runs on.
func (m *Module) discard(i *instance) {
	if err := i.close(context.Background()); err != nil {
		m.engine.log.Warn("instance could not be freed", "module", m.name, "err", err)
	}
}

func (i *instance) close(ctx context.Context) error {
	var errs []error
	if i.module != nil {
		errs = append(errs, i.module.Close(ctx))
	}
	if i.slot != nil {
		errs = append(errs, i.slot.Release())
	}
	return errors.Join(errs...)
}

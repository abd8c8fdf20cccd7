package wasm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/squall-dev/squall/runtime/wasm/extismabi"
	"github.com/squall-dev/squall/runtime/wasm/memory"
	"github.com/squall-dev/squall/runtime/wasm/rewrite"
)

// instance is one guest with memory of its own. One call at a time.
type instance struct {
	module  api.Module
	slot    *memory.Slot // nil without a memory
	memory  api.Memory   // nil without a memory
	fuel    api.MutableGlobal
	depth   api.MutableGlobal
	touched api.Global // nil when the module has no state that can not be put back
	globals []api.MutableGlobal

	functions map[string]api.Function
	stack     [2]uint64         // of a call: its result, or the parameters of Haskell's hs_init
	kernel    *extismabi.Kernel // of an Extism plugin; else nil
	run       run
	ctx       context.Context // leads the runtime's host functions to run

	frozen     *frozen     // what restore puts back; nil for an instance of one call
	checkpoint *checkpoint // of a command
	held       int64       // bytes of the engine's budget while idle
}

// instantiate makes an instance. No guest code runs: start functions have become
// exports, and the runtime is told to call none.
func (m *Module) instantiate(ctx context.Context) (*instance, error) {
	ctx = context.WithoutCancel(ctx) // half an instance would be worse than a late one
	i := &instance{functions: map[string]api.Function{}, kernel: m.newKernel()}
	i.run.instance = i
	i.ctx = &guestContext{&i.run}
	if m.Checkpoints {
		i.ctx = experimental.WithSnapshotter(i.ctx)
	}
	if m.HasMemory {
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
	i.find(m, mod)
	return i, nil
}

// find looks up what the host needs of a new instance.
func (i *instance) find(m *Module, mod api.Module) {
	i.module = mod
	if m.HasMemory {
		i.memory = mod.Memory()
	}
	i.fuel = mod.ExportedGlobal(rewrite.FuelExport).(api.MutableGlobal)
	i.depth = mod.ExportedGlobal(rewrite.DepthExport).(api.MutableGlobal)
	if m.Touches {
		i.touched = mod.ExportedGlobal(rewrite.TouchedExport)
	}
	for _, name := range m.Globals {
		i.globals = append(i.globals, mod.ExportedGlobal(name).(api.MutableGlobal))
	}
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

// call runs an export in the instance's run and returns its result, if it has one.
func (i *instance) call(export string, results int) (code uint32, err error) {
	fn := i.function(export)
	if fn == nil {
		return 0, fmt.Errorf("there is no export %q", export)
	}
	if err := i.run.begin(); err != nil {
		return 0, err
	}
	if err := i.run.beginPlugin(); err != nil {
		return 0, err
	}
	i.stack = [2]uint64{}
	err = fn.CallWithStack(i.ctx, i.stack[:])
	i.run.end()
	if results > 0 {
		code = uint32(i.stack[0]) // the upper half is garbage
	}
	return code, err
}

// changed reports whether the guest has changed what can not be put back.
func (i *instance) changed() bool { return i.touched != nil && i.touched.Get() != 0 }

// size is how much memory the guest has now, in bytes.
func (i *instance) size() int64 {
	if i.memory == nil {
		return 0
	}
	return int64(i.memory.Size())
}

// discard ends an instance that no guest runs on.
func (m *Module) discard(i *instance) {
	if err := i.close(context.Background()); err != nil {
		m.engine.log.Warn("instance could not be freed", "module", m.name, "err", err)
	}
	m.engine.budget.give(i.held)
}

func (i *instance) close(ctx context.Context) error {
	var errs []error
	if i.module != nil {
		errs = append(errs, i.module.Close(ctx))
	}
	if i.slot != nil {
		errs = append(errs, i.slot.Release())
	}
	if i.checkpoint != nil { // its image is its own
		errs = append(errs, i.frozen.close())
	}
	return errors.Join(errs...)
}

// guestContext is the context that the runtime hands to host functions. It is
// made once an instance, where a context with a value would be made once a call.
// What waits for the world gets run.hostContext instead.
type guestContext struct{ run *run }

func (c *guestContext) Deadline() (time.Time, bool) { return c.run.deadline, true }
func (c *guestContext) Done() <-chan struct{}       { return c.run.ctx.Done() }
func (c *guestContext) Err() error                  { return c.run.ctx.Err() }

func (c *guestContext) Value(key any) any {
	if key == (runKey{}) {
		return c.run
	}
	return nil
}

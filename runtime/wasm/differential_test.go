package wasm

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/squall-dev/squall/runtime/wasm/memory"
	"github.com/squall-dev/squall/runtime/wasm/rewrite"
)

// machine runs a module on the bare runtime, with imports that do the same each
// time, and writes down all that can be seen of it. Metered, it is a rewritten
// module and fuel is granted a quantum at a time.
type machine struct {
	runtime wazero.Runtime
	metered bool
	limit   int64 // of fuel, over all steps
	quantum int64
	maximum int64 // bytes of memory of a metered module
	memory  bool  // there is one; the runtime's own answer is not to be asked

	slot           *memory.Slot
	spent, granted int64
	calls          int // of imports
	log            uint64
	asked          int // how often input was waited for
}

// step is what can be seen after a call.
type step struct {
	export  string
	trap    string // how it ended; empty when it returned
	results string
	globals string
	memory  string
	imports string // how many calls there were, and a sum of them
	spent   int64
	depth   int32  // calls left
	private string // globals that only this module has
}

// started is the step that a start function is, and instantiating when it fails.
const started = "(start)"

// What a metered module may use. The bare interpreter gives up at 2,000 calls.
const (
	diffFuel  = 800_000 // enough for some long copies
	diffDepth = 200
	diffPages = 64
	diffTime  = 20 * time.Second // for a module that is not metered: none comes near
)

var (
	errFuel  = errors.New("no fuel is left")
	errDepth = errors.New("the calls are nested too deep")
	errStub  = errors.New("the import says no")
)

// diffLimits are the check's limits. Tables have room: fuel bounds them, so that
// the original may have the same.
func diffLimits(tables uint32) rewrite.Limits {
	l := rewrite.DefaultLimits()
	l.MemoryPages, l.TableSize = diffPages, tables
	return l
}

func newMachine(config wazero.RuntimeConfig, s *subject) *machine {
	runtime := wazero.NewRuntimeWithConfig(context.Background(), config.WithMemoryLimitPages(diffPages))
	return &machine{runtime: runtime, memory: s.memory, maximum: s.maximum, quantum: math.MaxInt64, limit: diffFuel}
}

// plan is what to call, and which globals to look at.
type plan struct {
	start            string // called first; empty when it is none
	exports          []string
	globals, private []string // that everybody has, and that only this module has
}

// run instantiates a module, calls its exports one after the other and tells what
// came of it. A machine runs one module.
func (m *machine) run(code []byte, p plan) (steps []step, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), diffTime)
	defer cancel()
	defer func() { err = errors.Join(err, m.close(ctx)) }()
	compiled, err := m.runtime.CompileModule(ctx, code)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	if err := m.link(ctx, compiled); err != nil {
		return nil, err
	}
	mod, err := m.instantiate(ctx, compiled)
	if err != nil {
		return []step{{export: started, trap: trapOf(err)}}, nil
	}
	exports := p.exports
	if p.start != "" {
		exports = append([]string{p.start}, exports...)
	}
	for _, name := range exports {
		fn := mod.ExportedFunction(name)
		if fn == nil || !simple(fn.Definition()) {
			continue
		}
		s := m.step(ctx, mod, fn)
		if s.export = name; name == p.start {
			s.export = started
		}
		s.globals, s.private = look(mod, p.globals), look(mod, p.private)
		steps = append(steps, s)
		if s.trap == errFuel.Error() || s.trap == errDepth.Error() || s.export == started && s.trap != "" {
			break
		}
	}
	return steps, nil
}

func (m *machine) close(ctx context.Context) error {
	err := m.runtime.Close(ctx)
	if m.slot != nil {
		err = errors.Join(err, m.slot.Release())
	}
	return err
}

func (m *machine) instantiate(ctx context.Context, c wazero.CompiledModule) (api.Module, error) {
	if m.metered {
		slot, err := memory.Open(memory.Options{Portable: true}).NewSlot(m.maximum)
		if err != nil {
			return nil, err
		}
		m.slot = slot
		ctx = experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(
			func(uint64, uint64) experimental.LinearMemory { return slot }))
	}
	return m.runtime.InstantiateModule(ctx, c, wazero.NewModuleConfig().WithName("").WithStartFunctions())
}

// simple tells whether a function takes and gives numbers only.
func simple(f api.FunctionDefinition) bool {
	for _, t := range append(f.ParamTypes(), f.ResultTypes()...) {
		if t != api.ValueTypeI32 && t != api.ValueTypeI64 && t != api.ValueTypeF32 && t != api.ValueTypeF64 {
			return false
		}
	}
	return true
}

// step calls a function with arguments that follow from its type.
func (m *machine) step(ctx context.Context, mod api.Module, fn api.Function) (s step) {
	var args []uint64
	for at, t := range fn.Definition().ParamTypes() {
		args = append(args, argument(t, 7*len(fn.Definition().ParamTypes())+at))
	}
	if m.metered {
		mod.ExportedGlobal(rewrite.DepthExport).(api.MutableGlobal).Set(diffDepth)
	}
	results, err := fn.Call(ctx, args...)
	if err != nil {
		s.trap = trapOf(err)
	}
	for at, t := range fn.Definition().ResultTypes() {
		if err == nil {
			s.results += " " + number(t, results[at])
		}
	}
	if m.memory {
		content, _ := mod.Memory().Read(0, mod.Memory().Size())
		h := fnv.New64a()
		_, _ = h.Write(content)
		s.memory = fmt.Sprintf("%d bytes, %x", len(content), h.Sum64())
	}
	s.imports = fmt.Sprintf("%d, %x", m.calls, m.log)
	if m.metered {
		s.spent = m.spent + m.granted - int64(mod.ExportedGlobal(rewrite.FuelExport).Get())
		s.depth = int32(mod.ExportedGlobal(rewrite.DepthExport).Get())
	}
	return s
}

func argument(t api.ValueType, n int) uint64 {
	switch t {
	case api.ValueTypeF32:
		return api.EncodeF32(float32(n) - 2.5)
	case api.ValueTypeF64:
		return api.EncodeF64(float64(n) - 2.5)
	case api.ValueTypeI32:
		return uint64(uint32(n*n - 3))
	}
	return uint64(n*n - 3)
}

// number writes a value so that what has no meaning (the upper half of small
// ones, the bits of a NaN, the address of a function) does not show.
func number(t api.ValueType, v uint64) string {
	switch t {
	case api.ValueTypeI32:
		return fmt.Sprint(int32(v))
	case api.ValueTypeI64:
		return fmt.Sprint(int64(v))
	case api.ValueTypeF32:
		if f := api.DecodeF32(v); f == f {
			return fmt.Sprintf("%x", uint32(v))
		}
		return "NaN"
	case api.ValueTypeF64:
		if f := api.DecodeF64(v); f == f {
			return fmt.Sprintf("%x", v)
		}
		return "NaN"
	}
	return "?"
}

func look(mod api.Module, globals []string) string {
	var all []string
	for _, name := range globals {
		if g := mod.ExportedGlobal(name); g != nil {
			all = append(all, number(g.Type(), g.Get()))
		}
	}
	return strings.Join(all, " ")
}

// trapOf says how a call ended, without where.
func trapOf(err error) string {
	for _, e := range []error{errFuel, errDepth, errStub} {
		if errors.Is(err, e) {
			return e.Error()
		}
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	if at := strings.Index(first, "wasm error: "); at >= 0 { // behind the start function's name
		first = first[at:]
	}
	return strings.ReplaceAll(first, " (recovered by wazero)", "")
}

// link gives a module whatever it imports.
func (m *machine) link(ctx context.Context, c wazero.CompiledModule) error {
	builders := map[string]wazero.HostModuleBuilder{}
	for _, f := range c.ImportedFunctions() {
		module, name, _ := f.Import()
		if builders[module] == nil {
			builders[module] = m.runtime.NewHostModuleBuilder(module)
		}
		fn := m.stub(module+"."+name, f)
		if module == rewrite.MeterModule {
			fn = m.meter(name)
		}
		builders[module].NewFunctionBuilder().WithGoModuleFunction(fn, f.ParamTypes(), f.ResultTypes()).Export(name)
	}
	for module, b := range builders {
		if _, err := b.Instantiate(ctx); err != nil {
			return fmt.Errorf("link %s: %w", module, err)
		}
	}
	return nil
}

// stub is an import: it writes down that it was called, changes a byte of memory,
// gives a number that follows from all that, and says no now and then.
func (m *machine) stub(name string, f api.FunctionDefinition) api.GoModuleFunc {
	return func(_ context.Context, mod api.Module, stack []uint64) {
		h := fnv.New64a()
		_, _ = fmt.Fprint(h, m.log, name)
		for n, t := range f.ParamTypes() {
			_, _ = fmt.Fprint(h, number(t, stack[n]))
		}
		m.log = h.Sum64()
		m.calls++
		if m.memory {
			mod.Memory().WriteByte(uint32(m.log>>8)&0xfff, byte(m.log))
		}
		if m.log>>32&63 == 0 {
			panic(errStub)
		}
		for n, t := range f.ResultTypes() {
			stack[n] = argument(t, int(m.log>>40&0xff))
			if !numericType(t) {
				stack[n] = 0
			}
		}
	}
}

func numericType(t api.ValueType) bool { return t >= api.ValueTypeF64 && t <= api.ValueTypeI32 }

// meter is what a rewritten module asks on its own. It grants fuel as run.refuel
// does, by whatever quantum, and stops who has used more than the limit.
func (m *machine) meter(name string) api.GoModuleFunc {
	switch name {
	case rewrite.YieldImport:
		return func(_ context.Context, mod api.Module, _ []uint64) {
			fuel := mod.ExportedGlobal(rewrite.FuelExport).(api.MutableGlobal)
			m.spent += m.granted - int64(fuel.Get())
			m.granted = min(m.limit-m.spent, m.quantum)
			fuel.Set(uint64(m.granted))
			if m.granted < 0 {
				panic(errFuel)
			}
		}
	case rewrite.OverflowImport:
		return func(context.Context, api.Module, []uint64) { panic(errDepth) }
	case rewrite.AwaitImport:
		return func(_ context.Context, _ api.Module, stack []uint64) {
			m.asked++
			stack[0] = uint64(m.asked % 3) // asked again, twice of three times
		}
	}
	return func(context.Context, api.Module, []uint64) {}
}

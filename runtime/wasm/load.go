package wasm

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm/rewrite"
)

// Load checks, rewrites and compiles a module, starts it once and freezes it.
// Everything about a module that can fail fails here, with a kind ErrInvalid.
func (e *Engine) Load(ctx context.Context, name string, code []byte) (*Module, error) {
	return e.LoadProgram(ctx, name, code, Program{})
}

func (e *Engine) load(ctx context.Context, name string, code []byte, p Program) (*Module, error) {
	m, err := e.build(ctx, name, code)
	if err != nil {
		return nil, err
	}
	m.program = p
	if err := m.prove(ctx); err != nil {
		return nil, errors.Join(err, m.free(ctx))
	}
	return m, nil
}

// build makes a module without running any of it, one at a time.
func (e *Engine) build(ctx context.Context, name string, code []byte) (*Module, error) {
	select {
	case e.compiling <- struct{}{}:
		defer func() { <-e.compiling }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for another module to be compiled: %w", context.Cause(ctx))
	}
	s, err := rewrite.Check(code, e.limits)
	if err != nil {
		return nil, automation.Invalid("the module is refused").WithCode("invalid_module").Because(err)
	}
	info, err := describe(code, s)
	if err != nil {
		return nil, err
	}
	if err := e.checkImports(s); err != nil {
		return nil, err
	}
	out := rewrite.Rewrite(s)
	m := &Module{engine: e, name: name, info: info, hasMemory: s.HasMemory, hasStart: out.HasStart, globals: out.Globals,
		maxMemory: min(int64(s.MemoryMax)*pageSize, e.most), drained: make(chan struct{})}
	m.idle.close = func(i *instance) { m.discard(i) }
	for _, x := range s.Exports {
		m.initializes = m.initializes || x.Kind == rewrite.KindFunc && x.Name == exportInitialize
		m.warmsUp = m.warmsUp || x.Kind == rewrite.KindFunc && x.Name == exportWarmup
	}
	m.compiled, err = e.compile(ctx, out.Code)
	return m, err
}

// checkImports refuses what nobody will be there to answer, by name.
func (e *Engine) checkImports(s *rewrite.Summary) error {
	var errs []error
	for _, im := range s.Imports {
		if err := e.checkImport(im); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (e *Engine) checkImport(im rewrite.Import) error {
	unknown := automation.Invalid("the module imports %s.%s, which is not there", im.Module, im.Name).WithCode("unknown_import")
	switch im.Module {
	case moduleSquall:
		if known(squallImports(), im.Name) {
			return nil
		}
	case moduleWASI:
		if known(wasiImports(), im.Name) {
			return nil
		}
	case moduleHost:
		if _, ok := e.hosts[im.Name]; ok {
			return nil
		}
		return unknown.WithHint("there is no host function %q; sdk/abi/abi.json lists them all", im.Name)
	case moduleExtism:
		return unknown.WithHint("Extism plugins are not supported; build a WASI command or use an SDK from sdk/")
	}
	return unknown.WithHint("build for WASI preview 1 (wasm32-wasip1) and use the imports that sdk/README.md lists")
}

// compileTimeout is many times what the largest interpreters take. Compiling stops
// between functions, each of which is bounded.
const compileTimeout = 2 * time.Minute

// compile turns a checked module into machine code. The compiler is known to
// panic on rare inputs that its own validation lets pass.
func (e *Engine) compile(ctx context.Context, code []byte) (c wazero.CompiledModule, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = automation.Invalid("the compiler gave up on the module").WithCode("invalid_module").Because(fmt.Errorf("%v", p))
		}
	}()
	within, cancel := context.WithTimeout(ctx, compileTimeout)
	defer cancel()
	c, err = e.runtime.CompileModule(experimental.WithCompilationWorkers(within, runtime.GOMAXPROCS(0)), code)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return nil, fmt.Errorf("compile: %w", cause)
	}
	if err != nil && within.Err() != nil {
		return nil, automation.Invalid("the module takes longer than %v to compile", compileTimeout).WithCode("invalid_module")
	}
	if err != nil {
		return nil, automation.Invalid("the module is not valid").WithCode("invalid_module").Because(err)
	}
	return c, nil
}

// prove instantiates a module once: that shows whether its imports fit, and gives
// the frozen state.
func (m *Module) prove(ctx context.Context) error {
	memory := min(m.maxMemory, initMemory)
	if err := m.engine.budget.take(ctx, memory); err != nil {
		return fmt.Errorf("start the module: %w", err)
	}
	defer func() { // the frozen memory stays
		m.engine.budget.give(memory - m.frozenSize())
	}()
	i, err := m.instantiate(ctx)
	if err != nil {
		return automation.Invalid("the module can not be instantiated").WithCode("invalid_module").Because(err)
	}
	if i.memory != nil && int64(i.memory.Size()) > memory {
		m.discard(i)
		return automation.Invalid("the module needs %s of memory to begin with, the limit is %s",
			bytesText(m.info.MemoryMin), bytesText(memory)).WithCode("invalid_module")
	}
	if m.info.Kind == Command {
		m.discard(i)
		return nil
	}
	if err := m.initialize(ctx, i, memory); err != nil {
		m.discard(i)
		return err
	}
	if !m.info.Resettable {
		m.discard(i)
		return nil
	}
	if err := m.freeze(i); err != nil {
		m.discard(i)
		return err
	}
	m.idle.put(i)
	return nil
}

// Limits of a module's start.
const (
	initTimeout = 30 * time.Second
	initFuel    = 20_000_000_000
	initMemory  = 256 << 20
)

func initLimits(memory int64) automation.Limits {
	return automation.Limits{Timeout: initTimeout, Fuel: initFuel, Memory: memory}.Or(automation.DefaultLimits())
}

// initialize runs what a reactor wants to run before its first call.
func (m *Module) initialize(ctx context.Context, i *instance, memory int64) error {
	began := time.Now()
	within, cancel := context.WithDeadline(ctx, began.Add(initTimeout))
	defer cancel()
	r := newRun(within, m, Call{Limits: initLimits(memory), Caller: hostfuncs.Caller{Log: m.logStart}}, began)
	r.initializing = true
	for _, step := range []struct {
		name   string
		there  bool
		result int
	}{{rewrite.StartExport, m.hasStart, 0}, {exportInitialize, m.initializes, 0}, {exportWarmup, m.warmsUp && m.info.Resettable, 1}} {
		if !step.there {
			continue
		}
		code, err := i.call(r, step.name, step.result)
		r.flush()
		if cause := context.Cause(ctx); err != nil && cause != nil {
			return fmt.Errorf("start the module: %w", cause)
		}
		if res := r.outcome(i, code, err); res.Code != "" {
			return automation.Invalid("%s of the module did not succeed: %s", step.name, res.Message).WithCode("invalid_module")
		}
	}
	return nil
}

// logStart takes what a module writes while it starts; no execution owns it.
func (m *Module) logStart(level automation.LogLevel, text string) {
	m.engine.log.Debug("module says at its start", "module", m.name, "level", level, "text", text)
}

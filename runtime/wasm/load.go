package wasm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm/rewrite"
)

// Load checks, rewrites and compiles a module, starts it once and freezes it.
// Everything about a module that can fail fails here, with a kind ErrInvalid.
func (e *Engine) Load(ctx context.Context, name string, code []byte) (*Module, error) {
	return e.LoadProgram(ctx, name, code, Program{})
}

func (e *Engine) load(ctx context.Context, name string, code []byte, p Program) (*Module, error) {
	if m := e.putToSleep(name, code, p); m != nil {
		return m, nil
	}
	m, err := e.build(ctx, name, func() (*findings, error) { return e.findings(code) })
	if err != nil {
		return nil, err
	}
	m, err = e.startUp(ctx, m, p)
	if err != nil {
		return nil, err
	}
	if asleep := e.putToSleep(name, code, p); asleep != nil { // it has shown that it can be started
		if err := m.free(ctx); err != nil {
			return nil, err
		}
		return asleep, nil
	}
	return m, nil
}

// putToSleep returns a module that is not started yet, or nil when it must be.
func (e *Engine) putToSleep(name string, code []byte, p Program) *Module {
	if !e.dozing.Load() {
		return nil
	}
	f := e.records.known(code)
	if f == nil || !f.Proved || e.checkImports(f.Imports) != nil {
		return nil
	}
	m := e.newModule(name, f)
	m.program, m.sleep.code = p, code
	return m
}

func (e *Engine) startUp(ctx context.Context, m *Module, p Program) (*Module, error) {
	m.program = p
	if err := m.prove(ctx); err != nil {
		return nil, errors.Join(err, m.free(ctx))
	}
	if !m.Proved {
		e.rememberProof(m.info.SHA256)
	}
	m.sleep.awake.Store(true)
	return m, nil
}

// build makes a module without running any of it.
func (e *Engine) build(ctx context.Context, name string, find func() (*findings, error)) (m *Module, err error) {
	compiled, err := e.compileFound(ctx, func() (*findings, error) {
		f, err := find()
		if err == nil {
			m = e.newModule(name, f)
		}
		return f, err
	})
	if err != nil {
		return nil, err
	}
	m.compiled = compiled
	return m, nil
}

// compileFound compiles what is found, one at a time.
func (e *Engine) compileFound(ctx context.Context, find func() (*findings, error)) (wazero.CompiledModule, error) {
	select {
	case e.compiling <- struct{}{}:
		defer func() { <-e.compiling }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for another module to be compiled: %w", context.Cause(ctx))
	}
	f, err := find()
	if err != nil {
		return nil, err
	}
	return e.compile(ctx, f)
}

// findings are what is known of a module, or is found out now.
func (e *Engine) findings(code []byte) (*findings, error) {
	f := e.records.find(code)
	if f == nil {
		return e.examine(code)
	}
	return f, e.checkImports(f.Imports) // another engine's host functions may be others
}

func (e *Engine) newModule(name string, f *findings) *Module {
	m := &Module{engine: e, name: name, info: f.Info, findings: *f, maxMemory: min(int64(f.MemoryPages)*pageSize, e.most),
		origins: map[string]*origin{}, drained: make(chan struct{})}
	m.code = nil // megabytes that nobody needs once it is compiled
	return m
}

// checkImports refuses what nobody will be there to answer, by name.
func (e *Engine) checkImports(imports []rewrite.Import) error {
	const most = 10 // of which people want to read
	var errs []error
	more := 0
	for _, im := range imports {
		switch err := e.checkImport(im); {
		case err == nil:
		case len(errs) < most:
			errs = append(errs, err)
		default:
			more++
		}
	}
	if more > 0 {
		errs = append(errs, fmt.Errorf("and %s imports more are not there", countText(int64(more))))
	}
	return errors.Join(errs...)
}

func (e *Engine) checkImport(im rewrite.Import) error {
	unknown := automation.Invalid("the module imports %s.%s, which is not there", short(im.Module), short(im.Name)).WithCode("unknown_import")
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
		return unknown.WithHint("there is no host function %q; sdk/abi/abi.json lists them all", short(im.Name))
	case moduleExtism, moduleExtismUser:
		return e.checkExtismImport(im, unknown)
	}
	return unknown.WithHint("build for WASI preview 1 (wasm32-wasip1) and use the imports that sdk/README.md lists")
}

// prove instantiates a module once: that shows whether its imports fit. A reactor
// is started and frozen; a command starts when it is known for which action.
func (m *Module) prove(ctx context.Context) error {
	memory := m.memoryWithin(initMemory)
	patient, cancel := context.WithTimeout(ctx, initTimeout)
	defer cancel()
	if err := m.engine.budget.take(patient, memory); err != nil {
		return fmt.Errorf("start the module: %w", err)
	}
	i, err := m.instantiate(ctx)
	if err != nil {
		m.engine.budget.give(memory)
		return automation.Invalid("the module can not be instantiated").WithCode("invalid_module").Because(err)
	}
	i.held = memory
	if i.size() > memory {
		m.discard(i)
		return automation.Invalid("the module needs %s of memory to begin with, the limit is %s",
			bytesText(m.info.MemoryMin), bytesText(memory)).WithCode("invalid_module")
	}
	if m.info.Kind == Command {
		m.discard(i)
		return nil
	}
	return m.proveReactor(ctx, i, memory)
}

func (m *Module) proveReactor(ctx context.Context, i *instance, memory int64) error {
	i.run.reset(ctx, m, Call{Limits: initLimits(memory), Caller: m.startCaller()}, starting)
	if step, code, err := m.initialize(i, true); err != nil || code != 0 {
		defer m.discard(i)
		if cause := ended(ctx); cause != nil {
			return fmt.Errorf("start the module: %w", cause)
		}
		return automation.Invalid("%s of the module did not succeed: %s", step, i.run.outcome(code, err).Message).WithCode("invalid_module")
	}
	o := m.newOrigin("")
	m.mu.Lock()
	m.origins[""], m.only = o, o
	m.mu.Unlock()
	if i.changed() {
		o.startsAnew("it changes a table, a segment or a global without a number while it starts")
		m.discard(i)
		return nil
	}
	f, err := m.freeze(i)
	if err != nil {
		m.discard(i)
		return err
	}
	o.frozen, i.frozen = f, f
	m.engine.budget.give(-f.bytes()) // stays taken until the module is freed
	o.giveBack(i, "", memory)
	return nil
}

// Limits of a module's start.
const (
	initTimeout = 30 * time.Second
	initFuel    = 60_000_000_000
	initMemory  = 256 << 20
)

func initLimits(memory int64) automation.Limits {
	return automation.Limits{Timeout: initTimeout, Fuel: initFuel, Memory: memory}.Or(automation.DefaultLimits())
}

// startStep is an export that a module may want called before its first call.
type startStep struct {
	name   string
	there  bool
	result int // how many it returns
}

// initialize runs what a reactor wants to run before its first call, in the
// instance's run, and tells which step ended it. Warming up is for instances that
// are kept.
func (m *Module) initialize(i *instance, warm bool) (step string, code uint32, err error) {
	steps := []startStep{
		{rewrite.StartExport, m.HasStart, 0}, {exportInitialize, m.Initializes, 0}, {exportWarmup, m.WarmsUp && warm, 1},
	}
	for _, name := range m.Starts {
		steps = append(steps, startStep{name, true, 0})
	}
	for _, s := range steps {
		if !s.there {
			continue
		}
		code, err = i.call(s.name, s.result)
		i.run.flush()
		var said *exit
		if errors.As(err, &said) && said.code == 0 {
			err = nil
		}
		if err != nil || code != 0 {
			return s.name, code, err
		}
	}
	return "", 0, nil
}

// ended says why a context is over. The clock is asked too: a context may learn of
// its deadline after the guest does.
func ended(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if d, ok := ctx.Deadline(); ok && !time.Now().Before(d) {
		return context.DeadlineExceeded
	}
	return nil
}

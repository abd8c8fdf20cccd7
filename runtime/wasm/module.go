package wasm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/tetratelabs/wazero"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// Module is a loaded module. It is safe for concurrent use.
type Module struct {
	engine   *Engine
	name     string
	info     Info
	program  Program
	compiled wazero.CompiledModule
	findings
	maxMemory int64 // bytes: what the module declares, what the engine allows

	sleep sleep
	only  *origin // of a module that is no command, once it is awake

	mu      sync.Mutex // guards the fields below
	origins map[string]*origin
	running int
	retired bool
	drained chan struct{} // closed when retired, idle and freed
	freeErr error
}

var _ Caller = (*Module)(nil)

// Info says what the module is.
func (m *Module) Info() Info { return m.info }

// Call runs an action of the module; see [Caller].
func (m *Module) Call(ctx context.Context, call Call) (Result, error) {
	o, err := m.enter(ctx, call.Export)
	if err != nil {
		return Result{}, err
	}
	defer m.leave()
	call.Limits = call.Limits.Or(automation.DefaultLimits())
	memory := m.memoryWithin(call.Limits.Memory)
	i, err := o.take(ctx, memory, call.Limits.Timeout)
	if err != nil {
		if ended(ctx) == nil {
			return Result{}, fmt.Errorf("run module %s: %w", m.name, err)
		}
		return m.notRun(ctx, call), nil
	}
	if i == nil {
		if i, err = o.ready(ctx, memory); err != nil {
			m.engine.budget.give(memory)
			if ended(ctx) == nil {
				return Result{}, err
			}
			return m.notRun(ctx, call), nil
		}
	}
	if i == nil {
		defer m.engine.budget.give(memory)
		return m.runAnew(ctx, call)
	}
	i.run.reset(ctx, m, call, running)
	code, err := i.resume(call.Export)
	res := i.run.finish(call.Buffer, code, err)
	o.giveBack(i, res.Code, memory)
	return res, nil
}

// notRun is the result of a call that ended before its guest began.
func (m *Module) notRun(ctx context.Context, call Call) Result {
	r := &run{}
	r.reset(ctx, m, call, running)
	return r.finish(call.Buffer, 0, r.stopped())
}

// resume runs an action on an instance in the frozen state.
func (i *instance) resume(export string) (uint32, error) {
	if i.slot != nil {
		i.reseed()
	}
	if i.checkpoint == nil {
		return i.call(export, 1)
	}
	if err := i.checkpoint.say(&i.run); err != nil {
		return 0, err
	}
	return i.call(exportStart, 0)
}

// runAnew runs an action on an instance that lives for this call only. What it does
// at its start is the call's too.
func (m *Module) runAnew(ctx context.Context, call Call) (Result, error) {
	i, err := m.instantiate(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("run module %s: %w", m.name, err)
	}
	defer m.discard(i)
	r := &i.run
	if m.info.Kind == Command {
		r.reset(ctx, m, call, running)
		code, err := i.start()
		return r.finish(call.Buffer, code, err), nil
	}
	r.reset(ctx, m, call, starting)
	if _, code, err := m.initialize(i, false); err != nil || code != 0 {
		return r.finish(call.Buffer, code, err), nil
	}
	r.begins()
	code, err := i.call(call.Export, 1)
	return r.finish(call.Buffer, code, err), nil
}

// Prepare makes an instance for an action ready before its first call: what a
// program does until it reads its input is then done. It is never needed, and
// problems that a call would meet too are left to the call. A module that sleeps
// does it when it wakes.
func (m *Module) Prepare(ctx context.Context, action string) error {
	if m.sleep.later(action) {
		return nil
	}
	o, err := m.enter(ctx, action)
	if err != nil {
		return err
	}
	defer m.leave()
	memory := m.memoryWithin(initMemory)
	i, err := o.take(ctx, memory, initTimeout)
	if err != nil {
		return fmt.Errorf("prepare %s of module %s: %w", action, m.name, err)
	}
	if i == nil {
		i, err = o.ready(ctx, memory)
	}
	if i == nil {
		m.engine.budget.give(memory)
		return err
	}
	o.giveBack(i, "", memory)
	return nil
}

// Retire refuses new calls, waits for those that run and frees the module. When
// ctx ends first, the last call to end frees it.
func (m *Module) Retire(ctx context.Context) error {
	m.mu.Lock()
	if !m.retired {
		m.retired = true
		if m.running == 0 {
			m.freeLocked()
		}
	}
	m.mu.Unlock()
	select {
	case <-m.drained:
		return m.freeErr
	case <-ctx.Done():
		return fmt.Errorf("wait for the calls of module %s: %w", m.name, context.Cause(ctx))
	}
}

// maxOrigins bounds how many actions of one command are kept ready.
const maxOrigins = 256

// enter begins a call of an action and returns what it starts from.
func (m *Module) enter(ctx context.Context, action string) (*origin, error) {
	if m.info.Kind != Command && !slices.Contains(m.info.Exports, action) {
		return nil, automation.NotFound("module %s exports no function %q", m.name, action).WithCode("unknown_export").
			WithHint("the module exports %q", m.info.Exports)
	}
	if err := m.begin(); err != nil {
		return nil, err
	}
	if err := m.wake(ctx); err != nil {
		m.leave()
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.originLocked(action), nil
}

// begin keeps the module from being freed, until leave.
func (m *Module) begin() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.retired {
		return automation.Unavailable("module %s was retired", m.name).WithHint("a newer version serves new calls: try again")
	}
	m.running++
	return nil
}

func (m *Module) originLocked(action string) *origin {
	if m.only != nil {
		return m.only
	}
	o, known := m.origins[action]
	if known {
		return o
	}
	o = m.newOrigin(action)
	if len(m.origins) >= maxOrigins {
		o.startsAnew("the module serves too many actions")
		return o
	}
	m.origins[action] = o
	return o
}

func (m *Module) leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running--
	if m.retired && m.running == 0 {
		m.freeLocked()
	}
}

// freeLocked frees the module; no call runs or will run, and the caller holds mu.
func (m *Module) freeLocked() {
	m.freeErr = m.free(context.Background())
	m.engine.remove(m)
	close(m.drained)
}

// free gives back what the module holds: instances first, then what they use.
func (m *Module) free(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	var errs []error
	for _, o := range m.origins {
		o.idle.drain()
		m.engine.budget.give(o.frozen.bytes())
		errs = append(errs, o.frozen.close())
	}
	if m.compiled != nil {
		errs = append(errs, m.compiled.Close(ctx))
	}
	return errors.Join(errs...)
}

// shed ends all idle instances: somebody needs their memory.
func (m *Module) shed() {
	for _, o := range m.allOrigins() {
		o.idle.shed()
	}
}

// allOrigins returns the origins as they are now.
func (m *Module) allOrigins() []*origin {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.origins))
}

// logStart takes what a module writes while it starts; no execution owns it.
func (m *Module) logStart(level automation.LogLevel, text string) {
	m.engine.log.Debug("module says at its start", "module", m.name, "level", level, "text", text)
}

// conditions are what a start is told of time and chance.
func (m *Module) conditions() automation.TapeStart {
	if m.program.Start != nil {
		return *m.program.Start
	}
	return newStart()
}

// startCaller is whose the host calls of a start would be.
func (m *Module) startCaller() hostfuncs.Caller { return hostfuncs.Caller{Log: m.logStart} }

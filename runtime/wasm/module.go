package wasm

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/squall-dev/squall/runtime/automation"
)

// Module is a loaded module. It is safe for concurrent use.
type Module struct {
	engine      *Engine
	name        string
	info        Info
	program     Program
	compiled    wazero.CompiledModule
	hasMemory   bool
	hasStart    bool
	initializes bool
	warmsUp     bool
	globals     []string // exports to restore
	maxMemory   int64    // bytes: what the module declares, what the engine allows
	frozen      *snapshot
	idle        pool

	mu      sync.Mutex // guards the fields below
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
	if err := m.enter(); err != nil {
		return Result{}, err
	}
	defer m.leave()
	if err := m.checkExport(call.Export); err != nil {
		return Result{}, err
	}
	call.Limits = call.Limits.Or(automation.DefaultLimits())
	memory := min(call.Limits.Memory, m.maxMemory)
	if err := m.takeMemory(ctx, memory, call.Limits.Timeout); err != nil {
		if context.Cause(ctx) == nil {
			return Result{}, fmt.Errorf("run module %s: %w", m.name, err)
		}
		r := newRun(ctx, m, call, time.Now())
		return r.finish(nil, 0, r.stopped()), nil
	}
	defer m.engine.budget.give(memory)
	began := time.Now()
	ctx, cancel := context.WithDeadline(ctx, began.Add(call.Limits.Timeout))
	defer cancel()
	r := newRun(ctx, m, call, began)
	switch {
	case m.info.Kind == Command:
		return m.runCommand(r)
	case m.frozen != nil:
		return m.runFrozen(r, call.Export)
	default:
		return m.runFresh(r, call.Export)
	}
}

// takeMemory waits until there is memory for a call. That does not count as the
// action's time, but takes as long at most.
func (m *Module) takeMemory(ctx context.Context, bytes int64, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return m.engine.budget.take(ctx, bytes)
}

// frozenSize is how much memory the frozen state takes.
func (m *Module) frozenSize() int64 {
	if m.frozen == nil || m.frozen.image == nil {
		return 0
	}
	return int64(m.frozen.image.Size())
}

func (m *Module) checkExport(name string) error {
	if m.info.Kind == Command {
		return nil
	}
	for _, known := range m.info.Exports {
		if name == known {
			return nil
		}
	}
	return automation.NotFound("module %s exports no function %q", m.name, name).WithCode("unknown_export").
		WithHint("the module exports %q", m.info.Exports)
}

// runFrozen runs an export on an instance that is put back afterwards.
func (m *Module) runFrozen(r *run, export string) (Result, error) {
	i, err := m.take(r.ctx)
	if err != nil {
		return Result{}, err
	}
	code, err := i.call(r, export, 1)
	res := r.finish(i, code, err)
	m.giveBack(i, res.Code)
	return res, nil
}

// runFresh runs an export on an instance that lives for this call only.
func (m *Module) runFresh(r *run, export string) (Result, error) {
	i, err := m.instantiate(r.ctx)
	if err != nil {
		return Result{}, fmt.Errorf("run module %s: %w", m.name, err)
	}
	defer m.discard(i)
	if err := m.initialize(r.ctx, i, r.limits.Memory); err != nil {
		if context.Cause(r.ctx) == nil {
			return Result{}, fmt.Errorf("run module %s: %w", m.name, err)
		}
		return r.finish(i, 0, r.stopped()), nil
	}
	code, err := i.call(r, export, 1)
	return r.finish(i, code, err), nil
}

// runCommand runs a program from its beginning to its end.
func (m *Module) runCommand(r *run) (Result, error) {
	i, err := m.instantiate(r.ctx)
	if err != nil {
		return Result{}, fmt.Errorf("run module %s: %w", m.name, err)
	}
	defer m.discard(i)
	r.command = true
	if m.hasStart {
		if _, err := i.call(r, startExport, 0); err != nil {
			return r.finish(i, 0, err), nil
		}
	}
	_, err = i.call(r, exportStart, 0)
	return r.finish(i, 0, err), nil
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

func (m *Module) enter() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.retired {
		return automation.Unavailable("module %s was retired", m.name).WithHint("a newer version serves new calls: try again")
	}
	m.running++
	return nil
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
	m.idle.drain()
	var errs []error
	if m.frozen != nil && m.frozen.image != nil {
		m.engine.budget.give(m.frozenSize())
		errs = append(errs, m.frozen.image.Close())
	}
	if m.compiled != nil {
		errs = append(errs, m.compiled.Close(ctx))
	}
	return errors.Join(errs...)
}

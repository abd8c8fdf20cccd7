package wasm

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// A module that was loaded before, by an engine that is the same, need not show again
// that it can be. While a server starts it is only looked up: its machine code is
// loaded and it is started when somebody calls it, or when the engine has time.

// sleep is what a module that is not started yet waits for.
type sleep struct {
	mu    sync.Mutex // held while it is woken
	awake atomic.Bool
	code  []byte // as it was given; nil once it is awake
	// wanted are the actions that are to be prepared then.
	wanted []string
}

// later puts the preparation of an action off; false when the module is awake.
func (s *sleep) later(action string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.awake.Load() {
		return false
	}
	s.wanted = append(s.wanted, action)
	return true
}

// Doze makes modules sleep that are loaded from now on, as far as they were loaded
// before, until Wake.
func (e *Engine) Doze() { e.dozing.Store(true) }

// Wake ends Doze and starts the modules that sleep and are wanted, one after the other,
// until ctx ends. The others, whose machine code takes megabytes, sleep until somebody
// calls them. A module that can not be started any more says so to whoever calls it.
func (e *Engine) Wake(ctx context.Context, wanted func(name string) bool) {
	e.dozing.Store(false)
	for _, m := range e.loaded() {
		if !wanted(m.name) {
			continue
		}
		if context.Cause(ctx) != nil {
			return
		}
		if err := m.rouse(ctx); err != nil {
			e.log.Error("module can not be started any more", "module", m.name, "err", err)
		}
	}
	if e.records != nil {
		e.records.sums.forget()
	}
}

// rouse wakes a module and prepares its actions.
func (m *Module) rouse(ctx context.Context) error {
	if m.begin() != nil {
		return nil // it was retired
	}
	defer m.leave()
	if err := m.wake(ctx); err != nil {
		return err
	}
	m.sleep.mu.Lock()
	wanted := m.sleep.wanted
	m.sleep.wanted = nil
	m.sleep.mu.Unlock()
	for _, action := range wanted {
		if err := m.Prepare(ctx, action); err != nil {
			return fmt.Errorf("prepare %s: %w", action, err)
		}
	}
	return nil
}

// wake starts a module that sleeps. Others who want the same wait for it.
func (m *Module) wake(ctx context.Context) error {
	s := &m.sleep
	if s.awake.Load() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.awake.Load() {
		return nil
	}
	ctx = context.WithoutCancel(ctx) // it is everybody's, and has limits of its own
	if err := m.rise(ctx); err != nil {
		return fmt.Errorf("start module %s: %w", m.name, err)
	}
	s.code = nil
	s.awake.Store(true)
	return nil
}

// rise loads the machine code and proves the module.
func (m *Module) rise(ctx context.Context) error {
	e := m.engine
	compiled, err := e.compileFound(ctx, func() (*findings, error) { return e.findings(m.sleep.code) })
	if err != nil {
		return err
	}
	m.compiled = compiled
	if err := m.prove(ctx); err != nil {
		m.compiled = nil
		return errors.Join(err, compiled.Close(ctx))
	}
	return nil
}

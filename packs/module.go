package packs

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm"
)

// compiled is a module that the engine made ready.
type compiled interface {
	wasm.Caller
	Prepare(ctx context.Context, action string) error
	Retire(ctx context.Context) error
}

var _ compiled = (*wasm.Module)(nil)

// module is a compiled module with the number of packs that hold it. Two
// generations of a pack share the modules that did not change, so that an edited
// rule costs no compilation.
type module struct {
	compiled
	key   moduleKey
	shelf *shelf
	holds int // guarded by shelf.mu
}

// moduleKey has the pack's name, because packs share nothing.
type moduleKey struct {
	pack string
	sum  [sha256.Size]byte
}

// shelf holds every compiled module that some pack uses.
type shelf struct {
	compileFunc func(ctx context.Context, name string, code []byte) (compiled, error)
	turn        chan struct{} // holds one token: compiling is heavy, so one at a time

	mu      sync.Mutex // guards modules and every holds
	modules map[moduleKey]*module
}

func newShelf(compile func(ctx context.Context, name string, code []byte) (compiled, error)) *shelf {
	s := &shelf{compileFunc: compile, turn: make(chan struct{}, 1), modules: map[moduleKey]*module{}}
	s.turn <- struct{}{}
	return s
}

// take returns the module for this code, compiling it when no generation of the
// pack has it in use. Every take needs a release.
func (s *shelf) take(ctx context.Context, pack, file string, code []byte) (*module, error) {
	select {
	case <-s.turn:
	case <-ctx.Done():
		return nil, fmt.Errorf("compile %s: %w", file, context.Cause(ctx))
	}
	defer func() { s.turn <- struct{}{} }()
	key := moduleKey{pack, sha256.Sum256(code)}
	if m := s.hold(key); m != nil {
		return m, nil
	}
	c, err := s.compileFunc(ctx, pack+"/"+file, code)
	if err != nil {
		return nil, fmt.Errorf("compile %s: %w", file, err)
	}
	m := &module{compiled: c, key: key, shelf: s, holds: 1}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.modules[key] = m
	return m, nil
}

func (s *shelf) hold(key moduleKey) *module {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.modules[key]
	if m != nil {
		m.holds++
	}
	return m
}

// release gives one hold back; the last one retires the module.
func (m *module) release(ctx context.Context) error {
	m.shelf.mu.Lock()
	m.holds--
	last := m.holds == 0
	if last {
		delete(m.shelf.modules, m.key)
	}
	m.shelf.mu.Unlock()
	if !last {
		return nil
	}
	if err := m.Retire(ctx); err != nil {
		return fmt.Errorf("retire a module of %s: %w", m.key.pack, err)
	}
	return nil
}

// mostExports is how many of a module's exports a status lists.
const mostExports = 100

// moduleStatus says which modules the pack has and which actions they serve.
func (p *Pack) moduleStatus() []automation.PackModule {
	all := []automation.PackModule{}
	for _, file := range slices.Sorted(maps.Keys(p.infos)) {
		m := automation.PackModule{File: file, Actions: []automation.Ref{}, ModuleInfo: p.infos[file]}
		for i := range p.Actions {
			if p.Actions[i].EntryPoint == file {
				m.Actions = append(m.Actions, p.Actions[i].Ref())
			}
		}
		if over := len(m.Exports) - mostExports; over > 0 {
			m.Exports, m.ExportsLeftOut = m.Exports[:mostExports], over
		}
		all = append(all, m)
	}
	return all
}

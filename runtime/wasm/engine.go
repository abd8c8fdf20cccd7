// Package wasm runs modules that nobody vouches for: check, meter, compile,
// freeze, run, restore, retire.
//
// A module is checked and rewritten (package rewrite) before the compiler sees
// it, so that its loops and calls ask the host for leave to go on. A reactor is
// started once and frozen; each [Module.Call] takes an idle instance, runs the
// export under the limits of the call and puts the instance back byte for byte
// (package memory). A command, and a reactor with state that can not be put
// back, gets a fresh instance for each call. Either way nothing of one run is
// there in the next.
//
// An Extism plugin is a reactor whose host is a kernel with a memory of its own
// (package extismabi), frozen and put back with it.
//
// What the frozen state holds is the same in every run: a guest that seeds a
// generator of random numbers while it starts repeats its numbers. Randomness
// that it asks of the host is fresh.
//
// Three things this package never does, because each of them can take the whole
// process down: let the runtime close modules on a done context, close an
// instance whose guest still runs, and compile a module that was not checked.
package wasm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm/memory"
	"github.com/squall-dev/squall/runtime/wasm/rewrite"
)

// Options say how an Engine works. The zero value is usable.
type Options struct {
	// HostFuncs are what guests may call.
	HostFuncs hostfuncs.Set
	// CacheDir keeps compiled modules, and what was found out about them, over
	// restarts. Machine code is executed from it, so it belongs to this user alone;
	// it is created with mode 0700. Empty keeps compiled modules in memory.
	CacheDir string
	// Compiler is a command that calls [CompilerMain] with the arguments that are
	// added to it: modules are compiled there, so that one which makes the compiler
	// fail can not take this process down. It needs a CacheDir. Empty compiles in
	// this process.
	Compiler []string
	// MaxMemory is the most memory, in bytes, that any guest may have, whatever
	// the limits of a call say. Zero means 1 GiB.
	MaxMemory int64
	// MemoryBudget is the most memory, in bytes, that all guests together may come
	// to use. A call that does not fit in waits for others to end; when its time is
	// over before that, it fails with kind ErrUnavailable. Zero means 4 GiB.
	MemoryBudget int64
	// Logger receives what operators want to know; nil discards it.
	Logger *slog.Logger
	// Interpreter runs modules without compiling them, many times slower.
	Interpreter bool
	// PortableMemory puts guests' memory back by copying all of it, as where the
	// system does not tell which pages were written.
	PortableMemory bool
}

// Engine loads modules. Create it with New; it is safe for concurrent use.
type Engine struct {
	runtime wazero.Runtime
	cache   wazero.CompilationCache
	// compiler and records are nil without a directory for the cache, and the
	// compiler when nothing is compiled.
	compiler *compiler
	records  *records
	memory   *memory.Source
	hosts    hostfuncs.Set
	limits   rewrite.Limits
	most     int64 // bytes of memory of one guest
	budget   *budget
	// interprets tells that nothing is compiled.
	interprets bool
	// compiling has room for one: compiling takes all processors and much memory,
	// and what comes from outside must not do so many times over.
	compiling chan struct{}
	log       *slog.Logger
	dozing    atomic.Bool
	started   time.Time // where guests' monotonic clocks begin

	cacheDir    string // as it was told, for Facts
	interpreter bool   // likewise

	mu      sync.Mutex // guards modules and closed
	modules map[*Module]struct{}
	closed  bool
}

const (
	defaultMaxMemory    = 1 << 30
	defaultMemoryBudget = 4 << 30
	// maxMemory is a page less than addresses reach: the runtime gives sizes in 32
	// bits.
	maxMemory = 1<<32 - pageSize
)

// New makes an engine.
func New(ctx context.Context, o Options) (*Engine, error) {
	e := &Engine{hosts: o.HostFuncs, most: o.MaxMemory, log: o.Logger, started: time.Now(),
		modules: map[*Module]struct{}{}, compiling: make(chan struct{}, 1), cacheDir: o.CacheDir, interpreter: o.Interpreter}
	if e.most <= 0 {
		e.most = defaultMaxMemory
	}
	if o.MemoryBudget <= 0 {
		o.MemoryBudget = defaultMemoryBudget
	}
	e.budget = newBudget(o.MemoryBudget, e.shed)
	e.most = min(e.most, maxMemory, o.MemoryBudget)
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	e.log = e.log.With("component", "wasm")
	e.limits = rewrite.DefaultLimits()
	e.limits.MemoryPages = uint32(min(e.most/pageSize, int64(e.limits.MemoryPages)))
	e.interprets = o.Interpreter || !compilerSupported(ctx)
	var err error
	if e.cache, err = openCache(o.CacheDir); err != nil {
		return nil, err
	}
	if o.CacheDir != "" {
		e.records = newRecords(o.CacheDir, e.limits, e.interprets)
		e.records.damaged = func(file string, err error) {
			e.log.Warn("a file of the cache of compiled modules is damaged; it is made anew and not executed", "file", file, "err", err)
		}
		if !e.interprets {
			e.compiler = &compiler{command: o.Compiler, dir: o.CacheDir}
		}
	}
	e.memory = memory.Open(memory.Options{Portable: o.PortableMemory})
	e.runtime = wazero.NewRuntimeWithConfig(ctx, runtimeConfig(e.interprets, e.cache))
	if err := e.linkHost(ctx); err != nil {
		return nil, errors.Join(err, e.release(ctx))
	}
	return e, nil
}

func runtimeConfig(interpreter bool, cache wazero.CompilationCache) wazero.RuntimeConfig {
	c := wazero.NewRuntimeConfigCompiler()
	if interpreter {
		c = wazero.NewRuntimeConfigInterpreter()
	}
	return c.WithCompilationCache(cache).WithDebugInfoEnabled(false).
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExtendedConst)
}

// compilerSupported reports whether the runtime compiles for this processor and
// the system lets it execute what it compiled. Asked to where it can not, the
// runtime panics.
func compilerSupported(ctx context.Context) (ok bool) {
	defer func() { ok = recover() == nil && ok }()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler())
	defer func() { _ = r.Close(ctx) }()
	_, err := r.CompileModule(ctx, []byte("\x00asm\x01\x00\x00\x00"))
	return err == nil
}

// Close retires all modules, waits for their calls and frees everything. When ctx
// ends first, nothing is freed and Close may be called again.
func (e *Engine) Close(ctx context.Context) error {
	e.mu.Lock()
	e.closed = true
	modules := slices.Collect(maps.Keys(e.modules))
	e.mu.Unlock()
	for _, m := range modules {
		if err := m.Retire(ctx); err != nil {
			return fmt.Errorf("close the engine: %w", err)
		}
	}
	return e.release(context.WithoutCancel(ctx))
}

func (e *Engine) release(ctx context.Context) error {
	var errs []error
	if e.runtime != nil {
		errs = append(errs, e.runtime.Close(ctx))
	}
	return errors.Join(append(errs, e.cache.Close(ctx), e.memory.Close())...)
}

// shed ends all idle instances, because somebody waits for memory.
func (e *Engine) shed() {
	for _, m := range e.loaded() {
		m.shed()
	}
}

// loaded returns the modules as they are now.
func (e *Engine) loaded() []*Module {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Collect(maps.Keys(e.modules))
}

func (e *Engine) add(m *Module) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return automation.Unavailable("the engine is closing")
	}
	e.modules[m] = struct{}{}
	return nil
}

func (e *Engine) remove(m *Module) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.modules, m)
}

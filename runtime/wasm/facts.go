package wasm

import (
	"fmt"
	"runtime"
)

// Facts are what people want to know about an engine.
type Facts struct {
	// Mode is "compiler" or "interpreter"; ModeWhy says why it is so.
	Mode, ModeWhy string
	// Reset is how memory is put back between runs, see memory.Source.Method;
	// ResetWhy says why it is the slow way, if it is.
	Reset, ResetWhy string
	// CacheDir keeps compiled modules; empty when they are kept in memory.
	CacheDir string
	// Compiler says where modules are compiled, and within which limits.
	Compiler string
	// MaxMemory is the most memory of one guest, MemoryBudget that of all together,
	// MemoryUsed what they have taken of it now; all in bytes.
	MaxMemory, MemoryBudget, MemoryUsed int64
	// Waiting is how many calls wait for memory, Idle how many instances wait for
	// a call.
	Waiting, Idle, Modules int
}

// Facts returns them as they are now.
func (e *Engine) Facts() Facts {
	f := Facts{
		CacheDir: e.cacheDir, MaxMemory: e.most, MemoryBudget: e.MemoryBudget(), MemoryUsed: e.MemoryUsed(),
		Waiting: e.budget.waiters(), Idle: e.IdleInstances(), Modules: e.ModuleCount(),
		Compiler: e.compilesWhere(),
	}
	f.Mode, f.ModeWhy = e.mode()
	f.Reset, f.ResetWhy = e.memory.Method()
	return f
}

// MemoryBudget is the most memory of all guests together, in bytes.
func (e *Engine) MemoryBudget() int64 { return e.budget.total }

// MemoryUsed is what guests have taken of the budget: running ones as much as
// they may come to use, frozen ones what they hold.
func (e *Engine) MemoryUsed() int64 { return e.budget.used() }

// ModuleCount is how many modules are loaded.
func (e *Engine) ModuleCount() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.modules)
}

// IdleInstances is how many instances of all modules wait for a call.
func (e *Engine) IdleInstances() (n int) {
	for _, m := range e.loaded() {
		for _, o := range m.allOrigins() {
			n += o.idle.size()
		}
	}
	return n
}

func (p *pool) size() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.idle)
}

func (b *budget) used() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.total - b.free
}

func (b *budget) waiters() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting)
}

// mode says how guests are run, and why.
func (e *Engine) mode() (mode, why string) {
	machine := runtime.GOOS + "/" + runtime.GOARCH
	switch {
	case e.interpreter:
		return "interpreter", "the server was told to"
	case e.interprets:
		return "interpreter", "there is no compiler for " + machine + ", its processor is too old, or the system forbids executable memory"
	}
	return "compiler", "modules become machine code of " + machine
}

// compilesWhere says where modules become machine code, and within which limits.
func (e *Engine) compilesWhere() string {
	switch {
	case e.interprets:
		return ""
	case e.compiler != nil && len(e.compiler.command) > 0:
		return fmt.Sprintf("in another process, one module at a time, with %s of memory and %d s of CPU time",
			bytesText(compilerMemory), compilerTime)
	}
	return fmt.Sprintf("in this process, one module at a time, for %.0f minutes at most", compileTimeout.Minutes())
}

package wasm

import (
	"fmt"
	"reflect"
	"runtime"

	"github.com/tetratelabs/wazero"
)

// Facts are what people want to know about an engine.
type Facts struct {
	// Mode is "compiler", "interpreter" or "unknown"; ModeWhy says why it is so.
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
		Compiler: fmt.Sprintf("in the server's own process, one module at a time, for %.0f minutes at most", compileTimeout.Minutes()),
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
	e.mu.Lock()
	defer e.mu.Unlock()
	for m := range e.modules {
		n += m.idle.size()
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
	switch engineOf(e.runtime) {
	case "*wazevo.engine":
		return "compiler", "modules become machine code of " + machine
	case "*interpreter.engine":
		if e.interpreter {
			return "interpreter", "the server was told to"
		}
		return "interpreter", "there is no compiler for " + machine + ", its processor is too old, or the system forbids executable memory"
	}
	return "unknown", "the runtime does not say how it works"
}

// engineOf names the type that runs modules. The runtime chooses by rules of its
// own, which look at the processor and try to map executable memory, and tells
// nobody: only its fields say what came of it. TestFacts fails when they change.
func engineOf(r wazero.Runtime) string {
	v := reflect.ValueOf(r)
	for _, field := range []string{"store", "Engine"} {
		if v = reflect.Indirect(v); v.Kind() != reflect.Struct {
			return ""
		}
		if v = v.FieldByName(field); !v.IsValid() {
			return ""
		}
	}
	if v.Kind() != reflect.Interface || v.IsNil() {
		return ""
	}
	return v.Elem().Type().String()
}

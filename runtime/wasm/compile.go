package wasm

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/squall-dev/squall/runtime/automation"
)

// compileTimeout is many times what the largest interpreters take. Compiling stops
// between functions, each of which is bounded.
const compileTimeout = 2 * time.Minute

// compile turns a module into machine code: what the cache has of it, or what the
// compiler then makes there.
func (e *Engine) compile(ctx context.Context, f *findings) (wazero.CompiledModule, error) {
	within, cancel := context.WithTimeout(ctx, compileTimeout)
	defer cancel()
	if f.recorded || e.compiler == nil {
		c, err := compileHere(within, ctx, e.runtime, f.code)
		if err == nil && !f.recorded {
			e.remember(f, machineCode{})
		}
		if err == nil || e.compiler == nil || context.Cause(ctx) != nil {
			return c, err
		}
		e.log.Warn("compiled module in the cache is of no use and is made again", "err", err)
	}
	made, err := e.compiler.compile(within, ctx, f.code)
	if err != nil {
		return nil, err
	}
	c, err := compileHere(within, ctx, e.runtime, f.code)
	if err == nil {
		e.remember(f, made)
	}
	return c, err
}

// remember keeps what is known of a module that loads. Without it the next load
// takes longer, so that is no reason to fail.
func (e *Engine) remember(f *findings, made machineCode) {
	if err := e.records.keep(f, made); err != nil {
		e.log.Warn("module will be compiled again at the next start", "err", err)
	}
}

func (e *Engine) rememberProof(sum string) {
	if err := e.records.prove(sum); err != nil {
		e.log.Warn("module will be started at the next start of the server", "err", err)
	}
}

// compileHere compiles, or loads what was compiled before, in this process.
func compileHere(within, ctx context.Context, r wazero.Runtime, code []byte) (wazero.CompiledModule, error) {
	c, err := compileSafely(within, r, code)
	if err == nil {
		return c, nil
	}
	if why := interrupted(within, ctx); why != nil {
		return nil, why
	}
	return nil, invalidModule(err)
}

func invalidModule(err error) error {
	return automation.Invalid("the module is not valid").WithCode("invalid_module").Because(err)
}

// compileSafely turns a panic into an error: the compiler is known to panic on rare
// inputs that its own validation lets pass.
func compileSafely(ctx context.Context, r wazero.Runtime, code []byte) (c wazero.CompiledModule, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the compiler gave up: %v", p)
		}
	}()
	return r.CompileModule(experimental.WithCompilationWorkers(ctx, runtime.GOMAXPROCS(0)), code)
}

// interrupted says who ended a compilation: the caller, whose context is the
// second, or its own limit.
func interrupted(within, ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("compile: %w", cause)
	}
	if within.Err() != nil {
		return automation.Invalid("the module takes longer than %v to compile", compileTimeout).WithCode("invalid_module")
	}
	return nil
}

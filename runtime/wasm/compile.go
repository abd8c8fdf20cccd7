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

// compile turns a checked module into machine code: in another process, whose work
// is then found in the cache, or here.
func (e *Engine) compile(ctx context.Context, code []byte) (wazero.CompiledModule, error) {
	within, cancel := context.WithTimeout(ctx, compileTimeout)
	defer cancel()
	if e.compiler == nil {
		return compileHere(within, ctx, e.runtime, code)
	}
	if e.compiler.has(code) {
		c, err := compileHere(within, ctx, e.runtime, code)
		if err == nil || context.Cause(ctx) != nil {
			return c, err
		}
		e.log.Warn("compiled module in the cache is of no use and is made again", "err", err)
		e.compiler.forget(code)
	}
	if err := e.compiler.compile(within, ctx, code); err != nil {
		return nil, err
	}
	return compileHere(within, ctx, e.runtime, code)
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
	return nil, automation.Invalid("the module is not valid").WithCode("invalid_module").Because(err)
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

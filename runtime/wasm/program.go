package wasm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// Program is what a command is given beside its code. It belongs to the module:
// it is the same in every run, and what the command makes of it before it reads
// its input need be made only once.
type Program struct {
	// Args follow the program's name. An interpreter finds its script there:
	// []string{"-c", script}.
	Args []string
	// Start fixes what the module is told of time and chance while it starts, to
	// replay a run of a module that was told the same; nil makes it up.
	Start *automation.TapeStart
}

// LoadProgram is [Engine.Load] for a command that needs more than its code.
func (e *Engine) LoadProgram(ctx context.Context, name string, code []byte, p Program) (*Module, error) {
	began := time.Now()
	m, err := e.load(ctx, name, code, p)
	if err != nil {
		return nil, fmt.Errorf("load module %s: %w", name, err)
	}
	if err := e.add(m); err != nil {
		return nil, errors.Join(err, m.free(ctx))
	}
	e.log.Debug("module loaded", "module", name, "kind", m.info.Kind, "size", len(code), "dur", time.Since(began))
	return m, nil
}

// LoadKept is LoadProgram for a module of which only the SHA-256, in hexadecimal, is
// known. It is there for a month after it was last loaded, if the engine has a
// directory for its cache; later the error is of kind ErrNotFound.
func (e *Engine) LoadKept(ctx context.Context, name, sum string, p Program) (*Module, error) {
	m, err := e.build(ctx, name, func() (*findings, error) {
		if f := e.records.findSum(sum); f != nil {
			return f, e.checkImports(f.Imports)
		}
		return nil, automation.NotFound("the module with the SHA-256 %s is not kept here", short(sum)).
			WithHint("it was not loaded for a month, or the cache of compiled modules was removed; give the module itself")
	})
	if err == nil {
		m, err = e.startUp(ctx, m, p)
	}
	if err != nil {
		return nil, fmt.Errorf("load module %s: %w", name, err)
	}
	if err := e.add(m); err != nil {
		return nil, errors.Join(err, m.free(ctx))
	}
	return m, nil
}

// arguments are the program's name, which is the action's, and what the module
// was loaded with. What starts before it is known which action runs has no name
// to give.
func (r *run) arguments() []string {
	name := r.export
	if name == "" {
		name = "squall"
	}
	return append([]string{name}, r.module.program.Args...)
}

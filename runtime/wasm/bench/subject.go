package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm"
)

// bench is what the sections share. A module is loaded once.
type bench struct {
	options
	engine  *wasm.Engine
	modules map[string]*wasm.Module
	closers []func()
}

func open(ctx context.Context, o options) (*bench, error) {
	e, err := newEngine(ctx, o.cache)
	if err != nil {
		return nil, err
	}
	return &bench{options: o, engine: e, modules: map[string]*wasm.Module{}}, nil
}

func newEngine(ctx context.Context, cache string) (*wasm.Engine, error) {
	return wasm.New(ctx, wasm.Options{CacheDir: cache, HostFuncs: hosts(), MemoryBudget: 1 << 40})
}

// hosts has one function, which waits until its call ends.
func hosts() hostfuncs.Set {
	const name = "bench_wait"
	return hostfuncs.Set{name: hostfuncs.New(name, "Waits until the call ends.", nil, nil,
		func(ctx context.Context, _ hostfuncs.Caller, _ struct{}) (struct{}, error) {
			<-ctx.Done()
			return struct{}{}, context.Cause(ctx)
		})}
}

func (b *bench) close() {
	for _, c := range b.closers {
		c()
	}
	_ = b.engine.Close(context.Background())
}

// selected tells whether a row is wanted.
func (b *bench) selected(section, name string) bool { return b.rows.MatchString(section + "/" + name) }

// load returns the module of a guest.
func (b *bench) load(ctx context.Context, g guest) (*wasm.Module, error) {
	if m := b.modules[g.file]; m != nil {
		return m, nil
	}
	m, err := loadInto(ctx, b.engine, b.options, g)
	if err == nil {
		b.modules[g.file] = m
	}
	return m, err
}

func loadInto(ctx context.Context, e *wasm.Engine, o options, g guest) (*wasm.Module, error) {
	code, err := o.read(g.file, g.needs)
	if err != nil {
		return nil, err
	}
	p, err := o.program(g)
	if err != nil {
		return nil, err
	}
	return e.LoadProgram(ctx, g.name, code, p)
}

func newCall(export, input string) wasm.Call {
	return wasm.Call{Export: export, Input: []byte(input), Limits: automation.DefaultLimits(), Buffer: make([]byte, 0, 4096)}
}

// ours performs the action in the sandbox.
func (b *bench) ours(ctx context.Context, g guest) (*contender, error) {
	m, err := b.load(ctx, g)
	if err != nil {
		return nil, err
	}
	return &contender{name: g.name, call: caller(ctx, m, newCall("run", input)), check: check}, nil
}

func caller(ctx context.Context, m *wasm.Module, c wasm.Call) func() ([]byte, error) {
	return func() ([]byte, error) {
		res, err := m.Call(ctx, c)
		if err == nil && res.Code != "" {
			err = errors.New(res.Message)
		}
		return res.Output, err
	}
}

// rival opens a contender by its key, as guests name them in against.
func (b *bench) rival(ctx context.Context, key string) (*contender, error) {
	how, what, _ := strings.Cut(key, " ")
	var call func() ([]byte, error)
	var err error
	switch how {
	case "native":
		call = func() ([]byte, error) { return act([]byte(input)) }
	case "go-sdk":
		call, err = b.goSDK(ctx, what)
	case "process":
		call, err = b.process(ctx, what)
	default:
		err = fmt.Errorf("there is no contender %q", key)
	}
	return &contender{name: key, call: call, check: check}, err
}

// process performs the action by fork and exec.
func (b *bench) process(ctx context.Context, what string) (func() ([]byte, error), error) {
	path, args := filepath.Join(b.out, what), []string(nil)
	var err error
	switch what {
	case "node":
		path, err = resolve(ctx, "node", "-p", "process.execPath")
		args = []string{filepath.Join(b.guests, "quickjs", "node.cjs")}
	case "python3":
		path, err = resolve(ctx, "python3", "-c", "import sys; print(sys.executable)")
		args = []string{"-I", filepath.Join(b.guests, "python", "action.py")}
	default:
		_, err = b.read(what, "the compiler of its language")
	}
	return func() ([]byte, error) {
		cmd := exec.CommandContext(ctx, path, args...)
		cmd.Stdin = strings.NewReader(input)
		return cmd.Output()
	}, err
}

// resolve asks an interpreter where it lies: what stands in the path may be a
// script that looks for one, and that is not what is to be measured.
func resolve(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		return "", missing{"not there: needs " + name}
	}
	return string(bytes.TrimSpace(out)), nil
}

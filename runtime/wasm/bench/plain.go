package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/squall-dev/squall/runtime/wasm/rewrite"
)

// plainHost runs reactors with as little around them as there can be, so that a
// module and its metered rewriting can be compared.
type plainHost struct {
	runtime wazero.Runtime
	output  []byte
	fuel    api.MutableGlobal // of the metered module
	gaveWay time.Time
}

func newPlainHost(ctx context.Context, cache wazero.CompilationCache) (*plainHost, error) {
	config := wazero.NewRuntimeConfig().WithCompilationCache(cache).WithDebugInfoEnabled(false)
	h := &plainHost{runtime: wazero.NewRuntimeWithConfig(ctx, config)}
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, h.runtime); err != nil {
		return nil, err
	}
	if err := h.link(ctx, "squall", h.squallImports()); err != nil {
		return nil, err
	}
	return h, h.link(ctx, rewrite.MeterModule, h.meterImports())
}

type plainImport struct {
	name            string
	params, results int // all i32
	fn              func(m api.Module, stack []uint64)
}

func (h *plainHost) squallImports() []plainImport {
	none := func(api.Module, []uint64) {}
	return []plainImport{
		{"input_len", 0, 1, func(_ api.Module, s []uint64) { s[0] = uint64(len(input)) }},
		{"input_read", 1, 0, func(m api.Module, s []uint64) { m.Memory().WriteString(uint32(s[0]), input) }},
		{"output_write", 2, 0, func(m api.Module, s []uint64) {
			b, _ := m.Memory().Read(uint32(s[0]), uint32(s[1]))
			h.output = append(h.output[:0], b...)
		}},
		{"log", 3, 0, none}, {"host_result", 1, 0, none},
		{"host_call", 4, 1, func(_ api.Module, s []uint64) { s[0] = 0 }},
	}
}

// quantum is how much fuel a metered module gets at once, as the engine gives it.
const quantum = 1_000_000

// giveWay is how often it lets others have its processor, as in the engine.
const giveWay = 2 * time.Millisecond

func (h *plainHost) meterImports() []plainImport {
	return []plainImport{
		{rewrite.YieldImport, 0, 0, func(api.Module, []uint64) {
			if now := time.Now(); now.Sub(h.gaveWay) >= giveWay {
				h.gaveWay = now
				runtime.Gosched()
			}
			h.fuel.Set(quantum)
		}},
		{rewrite.OverflowImport, 0, 0, func(api.Module, []uint64) { panic("calls are nested too deep") }},
	}
}

func (h *plainHost) link(ctx context.Context, module string, imports []plainImport) error {
	b := h.runtime.NewHostModuleBuilder(module)
	i32s := func(n int) (out []api.ValueType) {
		for range n {
			out = append(out, api.ValueTypeI32)
		}
		return out
	}
	for _, im := range imports {
		b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, m api.Module, stack []uint64) {
			im.fn(m, stack)
		}), i32s(im.params), i32s(im.results)).Export(im.name)
	}
	_, err := b.Instantiate(ctx)
	return err
}

// start instantiates a module and returns its export, ready to be called.
func (h *plainHost) start(ctx context.Context, code []byte, export string, metered bool) (func() ([]byte, error), error) {
	m, err := h.runtime.InstantiateWithConfig(ctx, code, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		return nil, err
	}
	if metered {
		h.fuel = m.ExportedGlobal(rewrite.FuelExport).(api.MutableGlobal)
		m.ExportedGlobal(rewrite.DepthExport).(api.MutableGlobal).Set(1_000_000)
	}
	for _, name := range []string{rewrite.StartExport, "_initialize", "warmup"} {
		if fn := m.ExportedFunction(name); fn != nil {
			if _, err := fn.Call(ctx); err != nil {
				return nil, fmt.Errorf("call %s: %w", name, err)
			}
		}
	}
	fn := m.ExportedFunction(export)
	var stack [1]uint64
	return func() ([]byte, error) {
		if err := fn.CallWithStack(ctx, stack[:]); err != nil {
			return nil, err
		}
		if code := uint32(stack[0]); code != 0 {
			return nil, fmt.Errorf("%s returned %d", export, code)
		}
		return h.output, nil
	}, nil
}

// meter rewrites a module as the engine does.
func meter(code []byte) ([]byte, error) {
	s, err := rewrite.Check(code, rewrite.DefaultLimits())
	if err != nil {
		return nil, err
	}
	return rewrite.Rewrite(s, rewrite.Options{}).Code, nil
}

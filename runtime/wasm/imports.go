package wasm

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tetratelabs/wazero/api"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm/rewrite"
)

// importFunc is one function that guests may import. Its types are written one
// letter a value: i for i32, I for i64. fn takes its arguments from args and
// leaves its result, if it has one, in args[0].
type importFunc struct {
	name            string
	params, results string
	fn              func(r *run, args []uint64)
}

func known(funcs []importFunc, name string) bool {
	return slices.ContainsFunc(funcs, func(f importFunc) bool { return f.name == name })
}

// linkHost puts everything in place that guests may import.
func (e *Engine) linkHost(ctx context.Context) error {
	for module, funcs := range map[string][]importFunc{
		rewrite.MeterModule: meterImports(),
		moduleSquall:        squallImports(),
		moduleWASI:          wasiImports(),
		moduleHost:          e.hostImports(),
	} {
		fee := int64(importFee)
		if module == rewrite.MeterModule { // these are the host's own
			fee = 0
		}
		if err := e.link(ctx, module, funcs, fee); err != nil {
			return fmt.Errorf("link %s: %w", module, err)
		}
	}
	return e.linkExtism(ctx)
}

// importFee is the fuel that a call of an import costs, beside what it moves. It
// stands for the host's work, so that a guest which does nothing but call is stopped
// like one that loops, and so that no import needs to look at the clock.
const importFee = 200

func (e *Engine) link(ctx context.Context, module string, funcs []importFunc, fee int64) error {
	b := e.runtime.NewHostModuleBuilder(module)
	for _, f := range funcs {
		full := module + "." + f.name
		b.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(ctx context.Context, args []uint64) {
			r := runOf(ctx)
			r.importName = full
			r.pay(fee)
			f.fn(r, args)
		}), valueTypes(f.params), valueTypes(f.results)).Export(f.name)
	}
	_, err := b.Instantiate(ctx)
	return err
}

func valueTypes(letters string) []api.ValueType {
	var out []api.ValueType
	for _, c := range letters {
		if c == 'I' {
			out = append(out, api.ValueTypeI64)
		} else {
			out = append(out, api.ValueTypeI32)
		}
	}
	return out
}

// meterImports are what rewritten modules call on their own.
func meterImports() []importFunc {
	return []importFunc{
		{rewrite.YieldImport, "", "", func(r *run, _ []uint64) { r.yield() }},
		{rewrite.OverflowImport, "", "", func(r *run, _ []uint64) {
			panic(&stop{automation.CodeStackLimit, "the action's calls are nested deeper than " + countText(int64(r.limits.CallDepth))})
		}},
		{rewrite.EnterImport, "", "", func(r *run, _ []uint64) { r.enter() }},
		{rewrite.AwaitImport, "", "i", func(r *run, a []uint64) { a[0] = r.await() }},
	}
}

// squallImports are the bulk interface of sdk/README.md.
func squallImports() []importFunc {
	return []importFunc{
		{"input_len", "", "i", func(r *run, a []uint64) {
			r.ofTheAction()
			a[0] = uint64(len(r.input))
		}},
		{"input_read", "i", "", func(r *run, a []uint64) {
			r.ofTheAction()
			copy(r.bytes(uint32(a[0]), uint32(len(r.input))), r.input)
		}},
		{"output_write", "ii", "", func(r *run, a []uint64) { r.writeOutput(r.bytes(uint32(a[0]), uint32(a[1]))) }},
		{"host_call", "iiii", "i", func(r *run, a []uint64) {
			name := nameOf(r.bytes(uint32(a[0]), uint32(a[1])))
			r.envelope = r.hostCall(name, r.bytes(uint32(a[2]), uint32(a[3])))
			a[0] = uint64(len(r.envelope))
		}},
		{"host_result", "i", "", func(r *run, a []uint64) {
			copy(r.bytes(uint32(a[0]), uint32(len(r.envelope))), r.envelope)
		}},
		{"log", "iii", "", func(r *run, a []uint64) {
			text := r.bytes(uint32(a[1]), uint32(a[2]))
			text = text[:min(int64(len(text)), r.limits.Log+1)] // no more of it than is over the limit
			r.log.add(levelOf(uint32(a[0])), string(text))
			r.checkpoint()
		}},
	}
}

func levelOf(n uint32) automation.LogLevel {
	switch n {
	case 0:
		return automation.LevelDebug
	case 2:
		return automation.LevelWarning
	case 3:
		return automation.LevelError
	}
	return automation.LevelInfo
}

// hostImports offers every host function under its own name, so that a module's
// imports say what it may do.
func (e *Engine) hostImports() []importFunc {
	var funcs []importFunc
	for _, name := range slices.Sorted(maps.Keys(e.hosts)) {
		funcs = append(funcs, importFunc{name, "ii", "i", func(r *run, a []uint64) {
			r.envelope = r.hostCall(name, r.bytes(uint32(a[0]), uint32(a[1])))
			a[0] = uint64(len(r.envelope))
		}})
	}
	return funcs
}

package wasm

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tetratelabs/wazero/api"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm/extismabi"
	"github.com/squall-dev/squall/runtime/wasm/rewrite"
)

// kernelFunc is one function of Extism's ABI; see importFunc for its types.
type kernelFunc struct {
	name            string
	params, results string
	fn              func(r *run, k *extismabi.Kernel, a []uint64) error
}

// linkExtism puts in place what Extism plugins may import. The functions of the
// kernel pass no checkpoint: a plugin calls them for every few bytes, each is as
// quick as a few instructions of the guest, which are metered, and those that are
// not are counted as work.
func (e *Engine) linkExtism(ctx context.Context) error {
	b := e.runtime.NewHostModuleBuilder(moduleExtism)
	for _, f := range extismImports() {
		full := moduleExtism + "." + f.name
		b.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(ctx context.Context, a []uint64) {
			r := runOf(ctx)
			r.importName = full
			r.withKernel(f.fn, a)
		}), valueTypes(f.params), valueTypes(f.results)).Export(f.name)
	}
	if _, err := b.Instantiate(ctx); err != nil {
		return fmt.Errorf("link %s: %w", moduleExtism, err)
	}
	if err := e.link(ctx, moduleExtismUser, e.extismUserImports(), importFee); err != nil {
		return fmt.Errorf("link %s: %w", moduleExtismUser, err)
	}
	return nil
}

// checkExtismImport refuses what is not there.
func (e *Engine) checkExtismImport(im rewrite.Import, unknown *automation.Error) error {
	if im.Module == moduleExtismUser {
		if _, ok := e.hosts[im.Name]; ok {
			return nil
		}
		return unknown.WithHint("there is no host function %q; sdk/abi/abi.json lists them all", im.Name)
	}
	if slices.ContainsFunc(extismImports(), func(f kernelFunc) bool { return f.name == im.Name }) {
		return nil
	}
	return unknown.WithHint("the functions of Extism 1.x are there; rebuild the plugin with a current PDK")
}

// extismUserImports offers every host function as (handle) -> handle: the block of
// the request, the block of the envelope.
func (e *Engine) extismUserImports() []importFunc {
	var funcs []importFunc
	for _, name := range slices.Sorted(maps.Keys(e.hosts)) {
		funcs = append(funcs, importFunc{name, "I", "I", func(r *run, a []uint64) {
			r.withKernel(func(r *run, k *extismabi.Kernel, a []uint64) error {
				request, err := k.Block(a[0])
				if err != nil {
					return err
				}
				a[0], err = k.Write(r.hostCall(name, request))
				return err
			}, a)
		}})
	}
	return funcs
}

func extismImports() []kernelFunc {
	return slices.Concat(extismMemory(), extismStreams(), extismAround())
}

// extismMemory are the functions of the kernel's memory.
func extismMemory() []kernelFunc {
	return []kernelFunc{
		{"alloc", "I", "I", func(_ *run, k *extismabi.Kernel, a []uint64) (err error) {
			a[0], err = k.Alloc(a[0])
			return err
		}},
		{"free", "I", "", func(_ *run, k *extismabi.Kernel, a []uint64) error { return k.Free(a[0]) }},
		{"length", "I", "I", func(_ *run, k *extismabi.Kernel, a []uint64) (err error) {
			a[0], err = k.Length(a[0])
			return err
		}},
		{"length_unsafe", "I", "I", telling(func(k *extismabi.Kernel, a []uint64) uint64 { return k.LengthUnsafe(a[0]) })},
		{"load_u8", "I", "i", func(_ *run, k *extismabi.Kernel, a []uint64) error {
			b, err := k.LoadU8(a[0])
			a[0] = uint64(b)
			return err
		}},
		{"load_u64", "I", "I", func(_ *run, k *extismabi.Kernel, a []uint64) (err error) {
			a[0], err = k.LoadU64(a[0])
			return err
		}},
		{"store_u8", "Ii", "", func(_ *run, k *extismabi.Kernel, a []uint64) error { return k.StoreU8(a[0], byte(a[1])) }},
		{"store_u64", "II", "", func(_ *run, k *extismabi.Kernel, a []uint64) error { return k.StoreU64(a[0], a[1]) }},
		{"reset", "", "", func(_ *run, k *extismabi.Kernel, _ []uint64) error {
			k.Reset()
			return nil
		}},
		{"memory_bytes", "", "I", telling(func(k *extismabi.Kernel, _ []uint64) uint64 { return k.MemoryBytes() })},
	}
}

// extismStreams are the functions of the input, the output and the error.
func extismStreams() []kernelFunc {
	return []kernelFunc{
		{"input_set", "II", "", func(_ *run, k *extismabi.Kernel, a []uint64) error { return k.InputSet(a[0], a[1]) }},
		{"input_length", "", "I", telling(func(k *extismabi.Kernel, _ []uint64) uint64 { return k.InputLength() })},
		{"input_offset", "", "I", telling(func(k *extismabi.Kernel, _ []uint64) uint64 { return k.InputOffset() })},
		{"input_load_u8", "I", "i", telling(func(k *extismabi.Kernel, a []uint64) uint64 { return uint64(k.InputLoadU8(a[0])) })},
		{"input_load_u64", "I", "I", func(_ *run, k *extismabi.Kernel, a []uint64) (err error) {
			a[0], err = k.InputLoadU64(a[0])
			return err
		}},
		{"output_set", "II", "", func(r *run, k *extismabi.Kernel, a []uint64) error {
			if err := k.OutputSet(a[0], a[1]); err != nil {
				return err
			}
			return r.checkOutput(k)
		}},
		{"output_length", "", "I", telling(func(k *extismabi.Kernel, _ []uint64) uint64 { return k.OutputLength() })},
		{"output_offset", "", "I", telling(func(k *extismabi.Kernel, _ []uint64) uint64 { return k.OutputOffset() })},
		{"error_set", "I", "", func(_ *run, k *extismabi.Kernel, a []uint64) error { return k.ErrorSet(a[0]) }},
		{"error_get", "", "I", telling(func(k *extismabi.Kernel, _ []uint64) uint64 { return k.ErrorGet() })},
	}
}

// telling makes a function that can not fail.
func telling(tell func(k *extismabi.Kernel, a []uint64) uint64) func(*run, *extismabi.Kernel, []uint64) error {
	return func(_ *run, k *extismabi.Kernel, a []uint64) error {
		a[0] = tell(k, a)
		return nil
	}
}

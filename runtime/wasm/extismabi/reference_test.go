package extismabi

import (
	"context"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// reference is the kernel that the Extism project publishes, as go-sdk runs it.
type reference struct {
	tb        testing.TB
	module    api.Module
	functions map[string]api.Function
}

// kernels makes references. The module is compiled once.
type kernels struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
}

// published finds the kernel's code in the module cache: go-sdk embeds it but does
// not hand it out.
var published = sync.OnceValues(func() ([]byte, error) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/extism/go-sdk").Output()
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "extism-runtime.wasm"))
})

func newKernels(tb testing.TB) *kernels {
	tb.Helper()
	code, err := published()
	if err != nil {
		tb.Skip("the reference is in the module cache, which the go command finds: ", err)
	}
	ctx := context.Background()
	k := &kernels{runtime: wazero.NewRuntime(ctx)}
	tb.Cleanup(func() { _ = k.runtime.Close(ctx) })
	if k.compiled, err = k.runtime.CompileModule(ctx, code); err != nil {
		tb.Fatal(err)
	}
	return k
}

func (k *kernels) start(tb testing.TB) *reference {
	tb.Helper()
	m, err := k.runtime.InstantiateModule(context.Background(), k.compiled, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		tb.Fatal(err)
	}
	return &reference{tb, m, map[string]api.Function{}}
}

func (r *reference) close() { _ = r.module.Close(context.Background()) }

// call runs a function of the kernel; ok is false when it traps.
func (r *reference) call(name string, args ...uint64) (result uint64, ok bool) {
	f := r.functions[name]
	if f == nil {
		f = r.module.ExportedFunction(name)
		r.functions[name] = f
	}
	stack := make([]uint64, 2)
	copy(stack, args)
	err := f.CallWithStack(context.Background(), stack)
	if len(f.Definition().ResultTypes()) == 0 {
		return 0, err == nil
	}
	if f.Definition().ResultTypes()[0] == api.ValueTypeI32 {
		return uint64(uint32(stack[0])), err == nil
	}
	return stack[0], err == nil
}

// The functions of go-sdk that stand in for the kernel's.

func (r *reference) loadU64(offset uint64) (uint64, bool) {
	return r.module.Memory().ReadUint64Le(uint32(offset))
}

func (r *reference) storeU64(offset, value uint64) bool {
	return r.module.Memory().WriteUint64Le(uint32(offset), value)
}

func (r *reference) memory() []byte {
	b, _ := r.module.Memory().Read(0, r.module.Memory().Size())
	return b
}

// begin gives the input as go-sdk does.
func (r *reference) begin(input []byte) uint64 {
	at, _ := r.call("alloc", uint64(len(input)))
	r.module.Memory().Write(uint32(at), input)
	r.call("input_set", at, uint64(len(input)))
	return at
}

// step is one call of a function of the kernel.
type step struct {
	name string
	a, b uint64
}

// operations are what a plugin can do to the memory. The letters say what the
// arguments are: o an offset, n a size, v a value.
func operations() [][2]string {
	return [][2]string{
		{"alloc", "n"}, {"alloc", "n"}, {"free", "o"}, {"length", "o"}, {"length_unsafe", "o"},
		{"load_u8", "o"}, {"load_u64", "o"}, {"store_u8", "ov"}, {"store_u64", "ov"}, {"store_u64", "ov"},
		{"input_load_u8", "n"}, {"input_load_u64", "n"}, {"input_set", "on"}, {"output_set", "on"},
		{"error_set", "o"}, {"reset", ""}, {"memory_bytes", ""}, {"error_get", ""},
		{"input_length", ""}, {"input_offset", ""}, {"output_length", ""}, {"output_offset", ""},
	}
}

// decoder makes arguments of a fuzzer's bytes: handles, offsets near them, small
// numbers, and numbers that no plugin in its right mind would give.
type decoder struct {
	data    []byte
	handles []uint64
}

func (d *decoder) byte() byte {
	if len(d.data) == 0 {
		return 0
	}
	b := d.data[0]
	d.data = d.data[1:]
	return b
}

func (d *decoder) next() (step, bool) {
	if len(d.data) == 0 {
		return step{}, false
	}
	all := operations()
	op := all[int(d.byte())%len(all)]
	s := step{name: op[0]}
	for n, letter := range op[1] {
		v := d.argument(letter)
		if n == 0 {
			s.a = v
		} else {
			s.b = v
		}
	}
	return s, true
}

func (d *decoder) argument(letter rune) uint64 {
	mode := d.byte()
	if mode >= 0xf0 { // anything
		var raw [8]byte
		for i := range raw {
			raw[i] = d.byte()
		}
		return binary.LittleEndian.Uint64(raw[:])
	}
	if letter == 'o' && len(d.handles) > 0 && mode < 0xc0 {
		delta := uint64(int64(int8(d.byte()))) * uint64(mode&1) // half of them exact
		return d.handles[int(mode>>1)%len(d.handles)] + delta
	}
	return uint64(d.byte()) << (mode % 13)
}

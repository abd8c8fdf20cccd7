package extismabi

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

const fuzzLimit = 8 << 20

// apply runs a step on the kernel.
func (k *Kernel) apply(s step) (uint64, error) {
	switch s.name {
	case "alloc":
		return k.Alloc(s.a)
	case "free":
		return 0, k.Free(s.a)
	case "length":
		return k.Length(s.a)
	case "length_unsafe":
		return k.LengthUnsafe(s.a), nil
	case "load_u8":
		b, err := k.LoadU8(s.a)
		return uint64(b), err
	case "load_u64":
		return k.LoadU64(s.a)
	case "store_u8":
		return 0, k.StoreU8(s.a, byte(s.b))
	case "store_u64":
		return 0, k.StoreU64(s.a, s.b)
	case "input_load_u8":
		return uint64(k.InputLoadU8(s.a)), nil
	case "input_load_u64":
		return k.InputLoadU64(s.a)
	case "input_set":
		return 0, k.InputSet(s.a, s.b)
	case "output_set":
		return 0, k.OutputSet(s.a, s.b)
	case "error_set":
		return 0, k.ErrorSet(s.a)
	case "reset":
		k.Reset()
		return 0, nil
	}
	return k.reading(s.name), nil
}

func (k *Kernel) reading(name string) uint64 {
	switch name {
	case "memory_bytes":
		return k.MemoryBytes()
	case "error_get":
		return k.ErrorGet()
	case "input_length":
		return k.InputLength()
	case "input_offset":
		return k.InputOffset()
	case "output_length":
		return k.OutputLength()
	}
	return k.OutputOffset()
}

// apply runs a step on the reference, as go-sdk would.
func (r *reference) apply(s step, input uint64) (uint64, bool) {
	switch s.name {
	case "load_u64":
		return r.loadU64(s.a)
	case "input_load_u64":
		return r.loadU64(s.a + input)
	case "store_u64":
		return 0, r.storeU64(s.a, s.b)
	}
	return r.call(s.name, s.a, s.b)
}

// excused tells whether the package's doc says that this step is refused. It looks
// at the reference's memory, not at the kernel's idea of it.
func excused(s step, r *reference, input uint64, err error) bool {
	size := uint64(len(r.memory()))
	length, _ := r.call("memory_bytes")
	out := func(at, n, end uint64) bool { return at < root || at > math.MaxUint32 || at+n > end }
	switch s.name {
	case "load_u8", "store_u8":
		return out(s.a, 1, size)
	case "load_u64", "store_u64":
		return out(uint64(uint32(s.a)), 8, size)
	case "input_load_u64":
		return out(uint64(uint32(s.a+input)), 8, size)
	case "input_set", "output_set":
		return s.b > 0 && (out(s.a, 1, length+root) || s.b > length+root-s.a)
	case "error_set":
		return s.a != 0 && out(s.a, 1, length+root)
	}
	if errors.Is(err, errDamaged) { // the reference would never come back
		return true
	}
	_, ok := r.apply(s, input)
	return !ok
}

func seeds(f *testing.F) {
	f.Add([]byte("hello"), []byte{0, 1, 9, 7, 0, 1, 65, 13, 0, 1, 1, 5})
	f.Add([]byte(""), []byte{0, 9, 3, 0, 9, 40, 2, 2, 0, 0, 0, 20, 15, 0, 1, 7})
	f.Add([]byte("x"), []byte{0, 8, 255, 0, 8, 255, 2, 0, 0, 0, 0, 8, 3, 0, 4, 1})                           // free, split, reuse
	f.Add([]byte("x"), []byte{0, 12, 255, 0, 12, 255, 0, 0, 64, 16, 0, 255, 0, 0, 0, 0, 0, 1, 0, 0})         // growth
	f.Add([]byte("x"), []byte{0, 0, 8, 8, 1, 0xf4, 255, 255, 255, 255, 255, 255, 255, 255, 255, 3, 2, 0, 1}) // a scribbled header
	f.Add([]byte("x"), []byte{13, 240, 255, 255, 255, 255, 255, 255, 255, 127, 240, 255, 255, 255, 255})     // output from nowhere
	f.Add([]byte("x"), []byte{6, 240, 8, 0, 0, 0, 1, 0, 0, 0, 6, 240, 77, 0, 0, 0, 1, 0, 0, 0, 17})          // 32 bits of offset
	f.Add([]byte("abc"), []byte{12, 0, 0, 0, 2, 18, 19, 10, 0, 1, 11, 0, 1, 14, 0, 0, 17, 15, 17})           // streams, reset
}

// FuzzKernel does anything in any order. Nothing panics, the limit holds, and the
// next run sees the frozen state and nothing else.
func FuzzKernel(f *testing.F) {
	seeds(f)
	k := New(fuzzLimit)
	if _, err := k.Write([]byte("made while starting")); err != nil {
		f.Fatal(err)
	}
	image := k.Freeze()
	f.Fuzz(func(t *testing.T, input, data []byte) {
		defer func() { sameAsImage(t, k, image) }()
		if err := k.Begin(input); err != nil {
			return
		}
		d := &decoder{data: data, handles: []uint64{root + headerSize, k.InputOffset()}}
		for s, more := d.next(); more; s, more = d.next() {
			got, err := k.apply(s)
			if err != nil {
				return
			}
			if s.name == "alloc" && got != 0 {
				d.handles = append(d.handles, got)
			}
			k.useHandles(d)
			if k.Size() > fuzzLimit {
				t.Fatalf("%d bytes after %v", k.Size(), s)
			}
		}
	})
}

// useHandles calls what is no part of the kernel's own memory.
func (k *Kernel) useHandles(d *decoder) {
	a, b := d.argument('o'), d.argument('o')
	switch d.byte() % 8 {
	case 0:
		_ = k.VarSet(a, b)
	case 1:
		_, _ = k.VarGet(a)
	case 2:
		_, _ = k.HTTPRequest(a, b)
	case 3:
		_, _ = k.HTTPResponse(int(a), map[string]string{"A": "b"}, []byte("body"))
	case 4:
		_, _ = k.HTTPHeaders()
	case 5:
		_, _ = k.Block(a)
	}
	_, _ = k.ErrorText(), k.Output()
}

func sameAsImage(t *testing.T, k *Kernel, i *Image) {
	t.Helper()
	k.Restore(i)
	if !bytes.Equal(k.mem, i.state.mem) || len(k.vars) != len(i.state.vars) || k.position != i.state.position {
		t.Fatalf("%d bytes, %d variables", len(k.mem), len(k.vars))
	}
	if at := firstNonZero(k.mem[len(k.mem):cap(k.mem)]); at >= 0 {
		t.Fatalf("byte %d beyond the memory is not zero: the next run would find it", at)
	}
}

// firstNonZero looks in large pieces, because the fuzzer instruments every step.
func firstNonZero(b []byte) int {
	rest := bytes.TrimLeft(b, "\x00")
	if len(rest) == 0 {
		return -1
	}
	return len(b) - len(rest)
}

// FuzzDifferential does the same to the published kernel and compares every answer
// and, in the end, every byte.
func FuzzDifferential(f *testing.F) {
	seeds(f)
	all := newKernels(f)
	f.Fuzz(func(t *testing.T, input, data []byte) { all.compare(t, input, data) })
}

// The fuzzer's work, with random programs, in every run of the tests.
func TestRandomProgramsDoWhatTheyDoInTheReference(t *testing.T) {
	t.Parallel()
	all, random := newKernels(t), rand.New(rand.NewPCG(1, 2))
	steps, programs := 0, 400
	if testing.Short() {
		programs = 100
	}
	for range programs {
		data := make([]byte, random.IntN(600))
		for i := range data {
			data[i] = byte(random.Uint32())
			if random.IntN(4) > 0 { // mostly small: most programs are sane
				data[i] &= 0x3f
			}
		}
		steps += all.compare(t, data[:len(data)/4], data[len(data)/4:])
	}
	if steps < 25*programs {
		t.Errorf("only %d steps were compared: most programs end at once", steps)
	}
}

// compare runs a program on both kernels and returns how many steps they agreed on.
func (all *kernels) compare(t *testing.T, input, data []byte) (steps int) {
	k, r := New(fuzzLimit), all.start(t)
	defer r.close()
	if k.Begin(input) != nil {
		return 0
	}
	first := r.begin(input)
	d := &decoder{data: data, handles: []uint64{first}}
	for s, more := d.next(); more; s, more = d.next() {
		got, err := k.apply(s)
		if k.denied { // the reference has no limit; nothing was changed here
			k.denied = false
			continue
		}
		if err != nil {
			if !excused(s, r, first, err) {
				t.Fatalf("%+v: %v", s, err)
			}
			if s.name == "alloc" || s.name == "free" || s.name == "length" { // the run would end here
				return steps
			}
			continue
		}
		if s.name == "length_unsafe" && s.a < root+headerSize { // it reads the kernel's own fields
			continue
		}
		steps++
		want, ok := r.apply(s, first)
		if !ok || got != want {
			t.Fatalf("%+v is %d, the reference says %d, %v", s, got, want, ok)
		}
		if s.name == "alloc" && got != 0 {
			d.handles = append(d.handles, got)
		}
	}
	compareMemory(t, k, r)
	return steps
}

func compareMemory(t *testing.T, k *Kernel, r *reference) {
	t.Helper()
	want := r.memory()
	if uint64(len(want)) != k.size {
		t.Fatalf("%d bytes of memory, the reference has %d", k.size, len(want))
	}
	touched := min(max(len(k.mem), root), len(want))
	if len(k.mem) > root && !bytes.Equal(k.mem[root:], want[root:touched]) {
		t.Fatalf("the memory is\n%q, in the reference\n%q", k.mem[root:], want[root:touched])
	}
	if at := firstNonZero(want[touched:]); at >= 0 {
		t.Fatalf("byte %d was never touched, the reference has written it", touched+at)
	}
	for _, name := range []string{"memory_bytes", "error_get", "input_length", "input_offset", "output_length", "output_offset"} {
		if expected, _ := r.call(name); k.reading(name) != expected {
			t.Fatalf("%s is %d, in the reference %d", name, k.reading(name), expected)
		}
	}
}

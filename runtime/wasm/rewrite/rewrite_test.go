package rewrite

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sec and mod build modules by hand.
func sec(id byte, content []byte) []byte { return putBytes([]byte{id}, content) }

func mod(sections ...[]byte) []byte {
	return append(bytes.Clone(preamble), bytes.Join(sections, nil)...)
}

// functions builds a module of () -> i32 functions with the bodies given.
func functions(bodies ...[]byte) []byte {
	n := uint32(len(bodies))
	types, code := putU32(nil, n), putU32(nil, n)
	for _, b := range bodies {
		types = append(types, 0)
		code = putBytes(code, b)
	}
	return mod(sec(secType, []byte{1, 0x60, 0, 1, I32}), sec(secFunction, types), sec(secCode, code))
}

func repeat(prefix []byte, n int, part []byte, suffix ...byte) []byte {
	return append(append(prefix, bytes.Repeat(part, n)...), suffix...)
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	ret := []byte{0, opI32Const, 0, opEnd}
	tests := []struct {
		name string
		code []byte
		want []string // parts of the error
	}{
		{"nothing", nil, []string{"not a WebAssembly module"}},
		{"text", []byte("#!/bin/sh\n"), []string{"not a WebAssembly module"}},
		{"a component", []byte("\x00asm\x0d\x00\x01\x00"), []string{"component"}},
		{"a truncated module", functions(ret)[:20], []string{"truncated"}},
		{"sections out of order", mod(sec(secFunction, []byte{0}), sec(secType, []byte{0})), []string{"out of order"}},
		{"a section twice", mod(sec(secType, []byte{0}), sec(secType, []byte{0})), []string{"out of order"}},
		{"a vector shorter than it says", mod(sec(secType, []byte{2, 0x60, 0, 0})), []string{"truncated"}},
		{"four billion locals in 54 bytes", functions(append(putU32([]byte{1}, 0xffff_ffff), I32, opI32Const, 0, opEnd)),
			[]string{"function 0", "locals", "10000"}},
		{"locals whose sum wraps", functions(append(putU32(append(putU32([]byte{2}, 0xffff_ffff), I32), 0xffff_ffff), I32, opEnd)),
			[]string{"function 0", "locals"}},
		{"the second function is the bad one", functions(ret, append(putU32([]byte{1}, 10_001), I32, opI32Const, 0, opEnd)),
			[]string{"function 1", "10001 locals"}},
		{"deeply nested blocks", functions(repeat(repeat([]byte{0}, 3000, []byte{opBlock, voidBlock}), 3000, []byte{opEnd}, opI32Const, 0, opEnd)),
			[]string{"function 0", "2001 nested blocks", "2000"}},
		{"very many branches", functions(repeat([]byte{0}, 12_000, []byte{opBlock, voidBlock, opI32Const, 0, opBrIf, 0, opEnd}, opI32Const, 0, opEnd)),
			[]string{"function 0", "30001 branches", "30000"}},
		{"very many ifs, which are as slow", functions(repeat([]byte{0}, 10_001, []byte{opI32Const, 0, opIf, voidBlock, opEnd}, opI32Const, 0, opEnd)),
			[]string{"function 0", "30003 branches"}},
		{"many locals that meet at many branches", functions(repeat([]byte{1, 0xe8, 7, I32}, 2_000, []byte{opBlock, voidBlock, opI32Const, 0, opBrIf, 0, opEnd}, opI32Const, 0, opEnd)),
			[]string{"function 0", "1000 locals and 6000 branches", "4000000"}},
		{"a function with very many results", mod(sec(secType, repeat([]byte{1, 0x60, 0, 17}, 17, []byte{I32}))), []string{"17 results", "16"}},
		{"very many loops, which are slow to compile once metered", functions(repeat([]byte{0}, 3_800, []byte{opLoop, voidBlock, opEnd}, opI32Const, 0, opEnd)),
			[]string{"function 0", "branches", "30000"}},
		{"very many metered operations", functions(repeat([]byte{0}, 4_500, []byte{opI32Const, 0, opMemoryGrow, 0, 0x1a}, opI32Const, 0, opEnd)),
			[]string{"branches"}},
		{"an endless branch table", functions(append(putU32([]byte{0, opI32Const, 0, opBrTable}, 0xffff_fff0), 0)), []string{"function 0"}},
		{"a huge function", functions(repeat([]byte{0}, 600_000, []byte{opI32Const, 0}, opEnd)), []string{"bytes of code", "1048576"}},
		{"code after the end", functions(append(bytes.Clone(ret), 0x01)), []string{"goes on after its end"}},
		{"code without an end", functions(ret[:3]), []string{"truncated"}},
		{"a huge table", mod(sec(secTable, append([]byte{1, 0x70, 0}, putU32(nil, 134_217_728)...))), []string{"table 0", "100000"}},
		{"a huge memory", mod(sec(secMemory, append([]byte{1, 0}, putU32(nil, 65_537)...))), []string{"memory"}},
		{"a shared memory", mod(sec(secMemory, []byte{1, 3, 1, 2})), []string{"shared"}},
		{"two memories", mod(sec(secMemory, []byte{2, 0, 1, 0, 1})), []string{"2 memories"}},
		{"very many globals", mod(sec(secGlobal, putU32(nil, 10_000_000))), []string{"10000000 globals"}},
		{"an imported memory", mod(sec(secImport, []byte{1, 1, 'e', 1, 'm', 2, 0, 1})), []string{"e.m", "not a function"}},
		{"a reserved export", mod(sec(secExport, append(putName([]byte{1}, FuelExport), 3, 0))), []string{"reserved"}},
		{"a function without a type", mod(sec(secFunction, []byte{1, 7}), sec(secCode, []byte{1, 2, 0, opEnd})), []string{"unknown type 7"}},
		{"a function without code", mod(sec(secType, []byte{1, 0x60, 0, 0}), sec(secFunction, []byte{1, 0})), []string{"declares 1", "defines 0"}},
		{"a tail call", functions([]byte{0, 0x12, 0, opEnd}), []string{"0x12", "not supported"}},
		{"an atomic instruction", functions([]byte{0, 0xfe, 0, opEnd}), []string{"0xfe"}},
		{"a prefix with an overlong opcode", functions([]byte{0, opMisc, 0x8b, 0, 0, opEnd}), []string{"0xfc 0x8b"}},
		{"a vector instruction with an overlong opcode", functions([]byte{0, opVector, 0x80, 0, opEnd}), []string{"vector instruction"}},
		{"an overlong number", functions([]byte{0, opCall, 0x80, 0x80, 0x80, 0x80, 0x80, 0, opEnd}), []string{"32 bits"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Check(tt.code, DefaultLimits())
			if err == nil {
				t.Fatal("accepted")
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not say %q", err, part)
				}
			}
		})
	}
}

func TestCheckRefusesTooLarge(t *testing.T) {
	t.Parallel()
	l := DefaultLimits()
	l.Size = 30
	if _, err := Check(functions([]byte{0, opI32Const, 0, opEnd}, []byte{0, opI32Const, 0, opEnd}), l); err == nil || !strings.Contains(err.Error(), "limit is 30") {
		t.Errorf("err = %v", err)
	}
}

func TestUnrestorable(t *testing.T) {
	t.Parallel()
	global := func(typ byte, init ...byte) []byte {
		return mod(sec(secGlobal, append(append([]byte{1, typ, 1}, init...), opEnd)))
	}
	setGlobal := func(typ byte, init ...byte) []byte {
		body := append(append([]byte{0}, init...), opGlobalSet, 0, opEnd)
		return mod(sec(secType, []byte{1, 0x60, 0, 0}), sec(secFunction, []byte{1, 0}),
			global(typ, init...)[len(preamble):], sec(secCode, putBytes([]byte{1}, body)))
	}
	tests := []struct {
		name, want string
		code       []byte
	}{
		{"a number in a global", "", global(I32, opI32Const, 0)},
		{"a reference in a global that nobody sets", "", global(0x70, opRefNull, 0x70)},
		{"a number that is set", "", setGlobal(I32, opI32Const, 0)},
		{"a reference that is set", "function 0", setGlobal(0x70, opRefNull, 0x70)},
		{"memory.fill", "", functions([]byte{0, opMisc, miscMemoryFill, 0, opEnd})},
		{"table.set", "function 0", functions([]byte{0, opTableSet, 0, opEnd})},
		{"table.grow", "function 0", functions([]byte{0, opMisc, miscTableGrow, 0, opEnd})},
		{"data.drop", "function 0", functions([]byte{0, opMisc, miscDataDrop, 0, opEnd})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := Check(tt.code, DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Unrestorable; (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("unrestorable = %q, want %q", got, tt.want)
			}
		})
	}
}

// A rewritten module must be readable by our own reader but for the reserved
// exports, and keep the names of functions at their new indexes.
func TestRewriteKeepsNames(t *testing.T) {
	t.Parallel()
	names := append(putName(nil, "name"), putBytes([]byte{1}, []byte{1, 0, 3, 'r', 'u', 'n'})...)
	code := append(functions([]byte{0, opI32Const, 0, opEnd}), sec(secCustom, names)...)
	s, err := Check(code, DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	out, added := Rewrite(s, Options{}).Code, byte(2) // yield and overflow
	if want := putBytes([]byte{1}, []byte{1, added, 3, 'r', 'u', 'n'}); !bytes.Contains(out, want) {
		t.Errorf("no name at index %d in % x", added, out)
	}
}

func FuzzCheck(f *testing.F) {
	seeds(f, func(code []byte) { f.Add(code) })
	f.Fuzz(func(t *testing.T, code []byte) {
		s, err := Check(code, DefaultLimits())
		if err != nil {
			return
		}
		out := Rewrite(s, Options{})
		r := &reader{data: out.Code, pos: len(preamble)}
		for r.more() { // the frame of sections must hold
			r.byte()
			r.bytes(r.u32())
		}
		if r.err != nil {
			t.Fatalf("the rewritten module is broken: %v", r.err)
		}
	})
}

// seeds reads the committed test modules.
func seeds(tb testing.TB, add func([]byte)) {
	paths, err := filepath.Glob("../testdata/*.wasm")
	if err != nil {
		tb.Fatal(err)
	}
	for _, p := range paths {
		code, err := os.ReadFile(p)
		if err != nil {
			tb.Fatal(err)
		}
		add(code)
	}
	add(functions([]byte{0, opI32Const, 0, opEnd}))
}

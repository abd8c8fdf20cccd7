package wasm

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
)

// Attacks that are too large or too broken to be written by hand are put together
// from sections. Numbers are written in the shortest form, as everywhere.

var magic = []byte("\x00asm\x01\x00\x00\x00")

func uleb(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

// vec writes a vector of n items that are already written.
func vec(n int, items []byte) []byte { return append(uleb(n), items...) }

// sized writes bytes with their length before them.
func sized(b []byte) []byte { return vec(len(b), b) }

func text(s string) []byte { return sized([]byte(s)) }

func section(id byte, content []byte) []byte { return append([]byte{id}, sized(content)...) }

// sectionsInOrder is how they stand in a module.
var sectionsInOrder = []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11, 0}

// parts are the contents of a module's sections.
type parts map[byte][]byte

func (p parts) module() []byte {
	out := slices.Clone(magic)
	for _, id := range sectionsInOrder {
		if content, ok := p[id]; ok {
			out = append(out, section(id, content)...)
		}
	}
	return out
}

// with replaces or adds a section.
func (p parts) with(id byte, content []byte) parts {
	p[id] = content
	return p
}

// body writes a function: groups of locals, each a number and a type, and code
// without its end.
func body(groups int, locals, code []byte) []byte {
	return sized(slices.Concat(vec(groups, locals), code, []byte{0x0b}))
}

// action is a module with a page of memory and the action run, whose code leaves
// an i32.
func action(code []byte) parts { return actionWith(0, nil, code) }

func actionWith(groups int, locals, code []byte) parts {
	return parts{
		1:  {1, 0x60, 0, 1, 0x7f},
		3:  {1, 0},
		5:  {1, 0, 1},
		7:  vec(1, append(text("run"), 0, 0)),
		10: vec(1, body(groups, locals, code)),
	}
}

// ret leaves zero.
var ret = []byte{0x41, 0}

func times(n int, code ...byte) []byte { return bytes.Repeat(code, n) }

// each writes what item writes for every number up to n.
func each(n int, item func(i int) []byte) (out []byte) {
	for i := range n {
		out = append(out, item(i)...)
	}
	return out
}

func one(code []byte) [][]byte { return [][]byte{code} }

// goodModule has a section of nearly every kind.
func goodModule() []byte {
	p := action([]byte{0x23, 0, 0x1a, 0x10, 1, 0x41, 0})
	p[1] = []byte{2, 0x60, 0, 1, 0x7f, 0x60, 0, 0}
	p[3] = []byte{2, 0, 1}
	p[4] = []byte{1, 0x70, 0, 2}
	p[6] = []byte{1, 0x7f, 1, 0x41, 5, 0x0b}
	p[9] = []byte{1, 0, 0x41, 0, 0x0b, 1, 1}
	p[10] = vec(2, append(body(1, []byte{2, 0x7e}, []byte{0x23, 0, 0x1a, 0x10, 1, 0x41, 0}), body(0, nil, []byte{0x03, 0x40, 0x0b})...))
	p[11] = []byte{1, 0, 0x41, 0, 0x0b, 2, 'h', 'i'}
	p[0] = append(text("name"), 1, 6, 1, 0, 3, 'r', 'u', 'n')
	return p.module()
}

// truncated are all beginnings of a module.
func truncated() (all [][]byte) {
	code := goodModule()
	for n := range code[:len(code)-len("\x00\x0d\x04name\x01\x06\x01\x00\x03run")] {
		if n > 0 && !endsSection(code, n) {
			all = append(all, code[:n])
		}
	}
	return all
}

// endsSection reports whether a section ends at an offset, so that what stands
// before it is whole.
func endsSection(code []byte, at int) bool {
	pos := len(magic)
	for pos < at {
		size, n := binary.Uvarint(code[pos+1:])
		pos += 1 + n + int(size)
	}
	return pos == at
}

// lies are modules of which one byte was changed: counts, sizes, types, indexes.
func lies() (all [][]byte) {
	code := goodModule()
	for at := len(magic); at < len(code); at++ {
		for _, b := range []byte{0, code[at] ^ 1, code[at] + 1, code[at] | 0x80, 0x7f, 0xff} {
			lie := slices.Clone(code)
			lie[at] = b
			all = append(all, lie)
		}
	}
	return all
}

// overlong are modules with numbers longer than their type can be.
func overlong() (all [][]byte) {
	long := []byte{0x81, 0x80, 0x80, 0x80, 0x80, 0}
	high := []byte{0x81, 0x80, 0x80, 0x80, 0x70} // bits beyond the 32nd
	for _, n := range [][]byte{long, high} {
		all = append(all,
			slices.Concat(magic, []byte{1}, n, []byte{0}),
			action(nil).with(3, slices.Concat(n, []byte{0})).module(),
			action(slices.Concat([]byte{0x10}, n)).module(),
			action(slices.Concat([]byte{0x20}, n)).module(),
			action(nil).with(5, slices.Concat([]byte{1, 0}, n)).module())
	}
	return append(all, action(slices.Concat([]byte{0x41}, long)).module(),
		action(slices.Concat([]byte{0x42}, times(11, 0x80), []byte{0, 0x1a, 0x41, 0})).module())
}

// disorder are modules whose sections are repeated, missing, unknown or elsewhere.
func disorder() (all [][]byte) {
	good := action(ret)
	all = append(all, append(good.module(), section(1, good[1])...), append(good.module(), section(13, nil)...),
		append(good.module(), section(255, nil)...), append(good.module(), section(12, []byte{0})...))
	for _, id := range []byte{1, 3, 7, 10} {
		p := action(ret)
		delete(p, id)
		all = append(all, p.module())
	}
	return all
}

// notModules are files of other kinds.
func notModules() [][]byte {
	noise := make([]byte, 1<<20)
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(noise)
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(action(ret).module())
	_ = z.Close()
	return [][]byte{nil, {0}, noise, append(slices.Clone(magic), noise...), zipped.Bytes(), magic[:4], []byte("\x00asm\x02\x00\x00\x00"),
		[]byte("\x7fELF\x02\x01\x01\x00"), []byte("(module)"), []byte("#!/bin/sh\nexit 0\n"), make([]byte, 1<<20), []byte(strings.Repeat("\x00asm", 1000))}
}

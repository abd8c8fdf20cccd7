package wasm

import (
	"encoding/binary"
	"math"
	"strings"
)

// funcGen writes one function. Locals are the parameters, a length, two of each type
// and one counter for each loop.
type funcGen struct {
	*moduleGen
	number  int
	params  string
	locals  string // behind the parameters
	code    []byte
	labels  []string // what a branch to each open block takes, the innermost last
	results string
	depth   int
}

const localsPerType = 2

// Instructions that are free, in this package's own words: where others are, and
// nothing. Rewriting must agree.
const freeOps = "\x01\x02\x03\x05\x0b\x1a"

func (g *moduleGen) function(n int) []byte {
	s := g.types[g.funcs[n]]
	b := &funcGen{moduleGen: g, number: n, params: s.params, results: s.results, labels: []string{s.results},
		locals: "i"} // the length
	for _, t := range letters {
		b.locals += strings.Repeat(string(t), localsPerType)
	}
	for n := range 1 + b.choose(5) {
		if b.statement(); n == 0 && b.command && b.number == 0 {
			b.hostCall(0) // a program that never reads is not frozen
		}
		if b.choose(3) == 2 { // charged by its length: rare otherwise
			b.memory()
		}
		if n == 0 && b.pages == largePages {
			b.pieces()
		}
	}
	if b.choose(2) > 0 { // one that calls is rewritten otherwise than one that does not
		b.call(b.choose(len(b.funcs)))
	}
	b.values(s.results)
	b.op(0x0b)
	var decl [][]byte
	for _, t := range b.locals {
		decl = append(decl, []byte{1, valueCodes[t]})
	}
	return append(list(decl...), b.code...)
}

// op writes an instruction, and before it what counts it.
func (b *funcGen) op(op byte, immediates ...byte) {
	b.budget--
	if b.counts && strings.IndexByte(freeOps, op) < 0 {
		b.code = append(b.code, 0x23, countGlobal, 0x42, 1, 0x7c, 0x24, countGlobal)
	}
	b.code = append(append(b.code, op), immediates...)
}

// bulk writes an instruction whose cost has to do with the length on the stack:
// it counts once it is done.
func (b *funcGen) bulk(shift byte, immediates ...byte) {
	length := byte(b.local(0))
	if b.counts {
		b.code = append(b.code, 0x22, length)
	}
	b.op(0xfc, immediates...)
	if b.counts {
		b.code = append(b.code, 0x20, length, 0xad, 0x42, shift, 0x88, 0x23, countGlobal, 0x7c, 0x24, countGlobal)
	}
}

// local is the index of a local behind the parameters.
func (b *funcGen) local(n int) int { return len(b.params) + n }

// a local of a type: a parameter sometimes.
func (b *funcGen) someLocal(t rune) byte {
	if at := strings.IndexRune(b.params, t); at >= 0 && b.choose(2) > 0 {
		return byte(at)
	}
	return byte(b.local(1 + strings.IndexRune(letters, t)*localsPerType + b.choose(localsPerType)))
}

func (b *funcGen) someGlobal(t rune) byte {
	return byte(strings.IndexRune(letters, t)*globalsPerType + b.choose(globalsPerType))
}

func sleb(v int64) (out []byte) {
	for {
		c := byte(v & 0x7f)
		if v >>= 7; v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(out, c)
		}
		out = append(out, c|0x80)
	}
}

func (b *funcGen) constant(t rune, v int64) {
	switch t {
	case 'i':
		b.op(0x41, sleb(int64(int32(v)))...)
	case 'I':
		b.op(0x42, sleb(v)...)
	case 'f':
		b.op(0x43, binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(v)/4))...)
	case 'F':
		b.op(0x44, binary.LittleEndian.AppendUint64(nil, math.Float64bits(float64(v)/4))...)
	}
}

// tame makes 0 of a NaN that lies on the stack.
func (b *funcGen) tame(t rune) {
	if t != 'f' && t != 'F' {
		return
	}
	scratch := byte(b.local(1 + strings.IndexRune(letters, t)*localsPerType))
	equal := map[rune]byte{'f': 0x5b, 'F': 0x61}[t]
	b.op(0x22, scratch)
	b.constant(t, 0)
	b.op(0x20, scratch)
	b.op(0x20, scratch)
	b.op(equal)
	b.op(0x1b)
}

func (b *funcGen) values(types string) {
	for _, t := range types {
		b.value(t)
	}
}

// small tells that no more should be written than must be.
func (b *funcGen) small() bool { return len(b.choices) == 0 || b.budget < 0 || b.depth > 8 }

// value writes code that leaves a value of a type.
func (b *funcGen) value(t rune) {
	if b.small() {
		b.constant(t, b.anyNumber())
		return
	}
	b.depth++
	defer func() { b.depth-- }()
	switch b.choose(16) {
	case 0:
		b.constant(t, b.someNumber())
	case 1, 2:
		b.op(0x20, b.someLocal(t))
	case 3:
		b.op(0x23, b.someGlobal(t))
	case 4:
		b.value(t)
		b.op(0x22, b.someLocal(t))
	case 5:
		b.load(t)
	case 6:
		b.values(string(t) + string(t) + "i")
		b.op(0x1b)
	case 7:
		b.values(string(t) + string(t) + "i")
		b.op(0x1c, 1, valueCodes[t])
	case 8, 9:
		b.block(signature{b.someTypes(2), string(t)})
	case 10:
		if !b.callFor(string(t)) {
			b.arithmetic(t)
		}
	case 11:
		b.indirect(string(t))
	case 12: // a branch on a condition lets the value pass
		if l, ok := b.labelFor(string(t)); ok {
			b.values(string(t) + "i")
			b.op(0x0d, l)
		} else {
			b.arithmetic(t)
		}
	case 13:
		if t == 'i' {
			b.sizes()
			return
		}
		b.convert(t)
	case 14:
		b.convert(t)
	default:
		b.arithmetic(t)
	}
}

// anyNumber varies the constants of exhausted choices, so that not all are zero.
func (b *funcGen) anyNumber() int64 { return int64(b.budget & 7) }

func (b *funcGen) arithmetic(t rune) {
	type ops struct{ unary, binary, tests, compare string } // tests and compare give an i32
	of := map[rune]ops{
		'i': {"\x67\x68\x69\xc0\xc1", "\x6a\x6b\x6c\x6d\x6e\x6f\x70\x71\x72\x73\x74\x75\x76\x77\x78", "\x45", "\x46\x47\x48\x49\x4a\x4b\x4c\x4d\x4e\x4f"},
		'I': {"\x79\x7a\x7b\xc2\xc3\xc4", "\x7c\x7d\x7e\x7f\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a", "\x50", "\x51\x52\x53\x54\x55\x56\x57\x58\x59\x5a"},
		'f': {"\x8b\x8c\x8d\x8e\x8f\x90\x91", "\x92\x93\x94\x95\x96\x97\x98", "", "\x5b\x5c\x5d\x5e\x5f\x60"},
		'F': {"\x99\x9a\x9b\x9c\x9d\x9e\x9f", "\xa0\xa1\xa2\xa3\xa4\xa5\xa6", "", "\x61\x62\x63\x64\x65\x66"},
	}
	pick := func(s string) byte { return s[b.choose(len(s))] }
	if from := rune(letters[b.choose(4)]); t == 'i' && b.choose(3) == 0 {
		b.values(string(from) + string(from))
		b.op(pick(of[from].compare))
		return
	}
	if t == 'i' && b.choose(6) == 0 {
		b.value('I')
		b.op(pick(of['I'].tests))
		return
	}
	if b.choose(4) == 0 {
		b.value(t)
		b.op(pick(of[t].unary))
	} else {
		b.values(string(t) + string(t))
		b.op(pick(of[t].binary))
	}
	b.tame(t)
}

// convert makes a value of a type of one of another; some do not fit and trap.
func (b *funcGen) convert(t rune) {
	type conversion struct {
		from rune
		ops  string
	}
	all := map[rune][]conversion{
		'i': {{'I', "\xa7"}, {'f', "\xa8\xa9\xbc"}, {'F', "\xaa\xab"}},
		'I': {{'i', "\xac\xad"}, {'f', "\xae\xaf"}, {'F', "\xb0\xb1\xbd"}},
		'f': {{'i', "\xb2\xb3\xbe"}, {'I', "\xb4\xb5"}, {'F', "\xb6"}},
		'F': {{'i', "\xb7\xb8"}, {'I', "\xb9\xba\xbf"}, {'f', "\xbb"}},
	}[t]
	c := all[b.choose(len(all))]
	b.value(c.from)
	saturating := map[string]byte{"fi": 0, "Fi": 2, "fI": 4, "FI": 6}
	if first, ok := saturating[string(c.from)+string(t)]; ok && b.choose(4) > 0 { // mostly, or all would trap
		b.op(0xfc, first+byte(b.choose(2)))
		return
	}
	b.op(c.ops[b.choose(len(c.ops))])
	b.tame(t)
}

// address leaves an i32 that lies in memory, but for one in sixteen.
func (b *funcGen) address() {
	b.value('i')
	if b.choose(16) != 15 {
		b.constant('i', 0xfff)
		b.op(0x71)
	}
}

func (b *funcGen) load(t rune) {
	ops := map[rune]string{'i': "\x28\x2c\x2d\x2e\x2f", 'I': "\x29\x30\x31\x32\x33\x34\x35", 'f': "\x2a", 'F': "\x2b"}[t]
	b.address()
	b.op(ops[b.choose(len(ops))], 0, byte(b.choose(128)))
	b.tame(t)
}

func (b *funcGen) store() {
	t := rune(letters[b.choose(4)])
	ops := map[rune]string{'i': "\x36\x3a\x3b", 'I': "\x37\x3c\x3d\x3e", 'f': "\x38", 'F': "\x39"}[t]
	b.address()
	b.value(t)
	b.op(ops[b.choose(len(ops))], 0, byte(b.choose(128)))
}

// sizes leaves an i32 that has to do with how large something is.
func (b *funcGen) sizes() {
	table := byte(b.choose(2))
	switch b.choose(4) {
	case 0:
		b.op(0x3f, 0)
	case 1:
		if b.counts {
			b.code = append(b.code, 0x23, countGlobal, 0x42)
			b.code = append(append(b.code, sleb(2000)...), 0x7c, 0x24, countGlobal)
		}
		b.constant('i', int64(b.choose(3)))
		b.op(0x40, 0)
	case 2:
		b.op(0xfc, 16, table)
	case 3:
		b.reference()
		b.constant('i', int64(b.choose(5)))
		b.bulk(0, 15, table)
	}
}

// reference leaves a function.
func (b *funcGen) reference() {
	switch b.choose(4) {
	case 0:
		b.op(0xd0, funcref)
	case 1:
		b.op(0x23, funcGlobal)
	case 2:
		b.constant('i', int64(b.choose(tableMin)))
		b.op(0x25, byte(b.choose(2)))
	default:
		b.op(0xd2, byte(len(b.imports)+b.choose(min(len(b.funcs), tableMin-1))))
	}
}

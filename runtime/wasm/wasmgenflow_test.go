package wasm

import (
	"slices"
	"strings"
)

// statement writes code that leaves the stack as it was.
func (b *funcGen) statement() {
	if b.small() {
		b.op(0x01)
		return
	}
	b.depth++
	defer func() { b.depth-- }()
	t := rune(letters[b.choose(4)])
	switch b.choose(22) {
	case 0, 1:
		b.value(t)
		b.op(0x21, b.someLocal(t))
	case 2:
		b.value(t)
		b.op(0x24, b.someGlobal(t))
	case 3, 4:
		b.store()
	case 5:
		b.value(t)
		b.op(0x1a)
	case 6, 7, 8:
		b.dropped(b.block)
	case 9:
		b.call(b.choose(len(b.funcs)))
	case 10:
		b.dropped(func(s signature) { b.indirect(s.results) })
	case 11:
		if l, ok := b.labelFor(""); ok {
			b.value('i')
			b.op(0x0d, l)
		}
	case 12, 13:
		b.jump()
	case 14, 20, 21:
		b.memory()
	case 15:
		b.table()
	case 16, 17:
		b.host()
	case 18:
		b.reference()
		b.op(0x24, funcGlobal)
	default:
		b.cases()
	}
}

// cases writes what compilers make of a switch.
func (b *funcGen) cases() {
	n := 1 + b.choose(3)
	for range n {
		b.open(0x02, signature{}, "")
	}
	b.branchTable("", byte(b.choose(n)))
	for range n {
		b.close()
		b.statement()
	}
}

// dropped writes something with results and drops them.
func (b *funcGen) dropped(write func(signature)) {
	s := signature{b.someTypes(2), b.someTypes(2)}
	write(s)
	for range s.results {
		b.op(0x1a)
	}
}

// blockType is how a block's type is written.
func (b *funcGen) blockType(s signature) []byte {
	switch {
	case s.params == "" && s.results == "":
		return []byte{0x40}
	case s.params == "" && len(s.results) == 1:
		return []byte{valueCodes[rune(s.results[0])]}
	}
	return sleb(int64(b.typeOf(s)))
}

// open writes what begins a block; close ends it. A branch to it takes label.
func (b *funcGen) open(op byte, s signature, label string) {
	b.op(op, b.blockType(s)...)
	b.labels = append(b.labels, label)
}

func (b *funcGen) close() {
	b.labels = b.labels[:len(b.labels)-1]
	b.op(0x0b)
}

// block writes a block, a loop or an if that takes and gives what s says.
func (b *funcGen) block(s signature) {
	b.values(s.params)
	kind := b.choose(4)
	if len(b.locals) > 100 { // indexes have one byte, and loops take a local
		kind = 0
	}
	switch kind {
	case 0, 1:
		b.open(0x02, s, s.results)
		b.inside(s)
		b.close()
	case 2:
		b.value('i')
		b.open(0x04, s, s.results)
		b.inside(s)
		if s.params != s.results || b.choose(2) > 0 { // without an else, what goes in comes out
			b.op(0x05)
			b.inside(s)
		}
		b.close()
	case 3:
		b.loop(s)
	}
}

// inside takes what a block was given, does something, and leaves its results.
func (b *funcGen) inside(s signature) {
	for _, t := range slices.Backward([]rune(s.params)) {
		b.op(0x21, b.someLocal(t))
	}
	for range 1 + b.choose(3) {
		b.statement()
	}
	b.values(s.results)
}

// loop writes a loop in a block: at its head it counts down, and leaves the block
// when it came by too often.
func (b *funcGen) loop(s signature) {
	counter := byte(b.local(len(b.locals)))
	b.locals += "i"
	b.constant('i', int64(1+b.choose(6)))
	b.op(0x21, counter)
	b.open(0x02, s, s.results)
	b.open(0x03, s, s.params)
	b.op(0x20, counter)
	b.constant('i', 1)
	b.op(0x6b)
	b.op(0x22, counter)
	b.constant('i', 0)
	b.op(0x48)
	b.open(0x04, signature{}, "")
	for _, t := range s.results {
		b.constant(t, 3)
	}
	b.op(0x0c, 2)
	b.close()
	b.inside(s)
	if b.choose(2) > 0 {
		b.values(s.params)
		b.value('i')
		b.op(0x0d, 0)
		for range s.params {
			b.op(0x1a)
		}
	}
	b.close()
	b.close()
}

// labelFor returns a label that takes such values; which one is a choice.
func (b *funcGen) labelFor(types string) (byte, bool) {
	first := b.choose(len(b.labels))
	for n := range b.labels {
		l := (first + n) % len(b.labels)
		if b.labels[len(b.labels)-1-l] == types {
			return byte(l), true
		}
	}
	return 0, false
}

// jump leaves for good, mostly on a condition: else hardly anything would run.
func (b *funcGen) jump() {
	if b.choose(4) > 0 {
		b.value('i')
		b.open(0x04, signature{}, "")
		defer b.close()
	}
	l := b.choose(len(b.labels))
	types := b.labels[len(b.labels)-1-l]
	switch b.choose(4) {
	case 0:
		b.values(types)
		b.op(0x0c, byte(l))
	case 1:
		b.values(b.results)
		b.op(0x0f)
	case 2:
		if b.choose(4) == 3 {
			b.op(0x00)
			return
		}
		fallthrough
	default:
		b.branchTable(types, byte(l))
	}
}

func (b *funcGen) branchTable(types string, fallback byte) {
	var targets []byte
	for range b.choose(4) {
		if l, ok := b.labelFor(types); ok {
			targets = append(targets, l)
		}
	}
	b.values(types)
	b.value('i')
	b.constant('i', 3)
	b.op(0x71)
	b.op(0x0e, append(sized(targets), fallback)...)
}

// call calls an own function: mostly one that comes later, so that it ends.
func (b *funcGen) call(fn int) {
	if fn <= b.number && b.choose(8) > 0 {
		if fn = b.number + 1; fn >= len(b.funcs) {
			b.op(0x01)
			return
		}
	}
	s := b.types[b.funcs[fn]]
	b.values(s.params)
	b.op(0x10, byte(len(b.imports)+fn))
	for range s.results {
		b.op(0x1a)
	}
}

// callFor calls a later function with such results, if there is one.
func (b *funcGen) callFor(results string) bool {
	for fn := b.number + 1; fn < len(b.funcs); fn++ {
		if s := b.types[b.funcs[fn]]; s.results == results {
			b.values(s.params)
			b.op(0x10, byte(len(b.imports)+fn))
			return true
		}
	}
	return false
}

// indirect calls a function of a table, of the type of one that has such results.
// Without one it mostly does without; else the types do not fit, and it traps.
func (b *funcGen) indirect(results string) {
	fits := func(t int) bool { return b.types[t].results == results }
	at := slices.IndexFunc(b.funcs, fits)
	if at < 0 && b.choose(16) > 0 {
		b.values(results)
		return
	}
	s := signature{results: results}
	if at >= 0 {
		if last := len(b.funcs) - 1; b.choose(2) > 0 && fits(b.funcs[last]) { // does not lead back here so often
			at = last
		}
		s = b.types[b.funcs[at]]
	}
	b.values(s.params)
	if b.choose(16) == 15 {
		b.value('i')
	} else {
		b.constant('i', int64(max(at, 0)))
	}
	b.op(0x11, append(uleb(b.typeOf(s)), byte(b.choose(16)/15))...)
}

// pieces copies or fills so much that it is done in pieces; sometimes the last one
// does not lie in memory.
func (b *funcGen) pieces() {
	some := func() int64 { return int64(b.choose(64)) << b.choose(8) }
	for range 2 {
		b.constant('i', []int64{0, 0, 0, 1 << 20}[b.choose(4)]+some())
	}
	b.constant('i', []int64{1, 1, 2}[b.choose(3)]<<20+some())
	if b.choose(3) == 2 {
		b.bulk(3, 11, 0)
	} else {
		b.bulk(3, 10, 0, 0)
	}
}

func (b *funcGen) memory() {
	switch b.choose(4) {
	case 0:
		b.address()
		b.value('i')
		b.constant('i', int64(b.choose(200)))
		b.bulk(3, 11, 0)
	case 1:
		b.address()
		b.address()
		b.constant('i', int64(b.choose(200)))
		b.bulk(3, 10, 0, 0)
	case 2:
		b.address()
		b.constant('i', int64(b.choose(10)))
		b.constant('i', int64(b.choose(passiveDataSize-8)))
		b.bulk(3, 8, passiveData, 0)
	case 3:
		b.op(0xfc, 9, passiveData)
	}
}

func (b *funcGen) table() {
	at := func() { b.constant('i', int64(b.choose(tableMin))) }
	table := byte(b.choose(2))
	switch b.choose(5) {
	case 0:
		at()
		b.reference()
		b.op(0x26, table)
	case 1:
		at()
		at()
		b.constant('i', int64(b.choose(3)))
		b.bulk(0, 12, passiveFuncs, table)
	case 2:
		at()
		at()
		b.constant('i', int64(b.choose(3)))
		b.bulk(0, 14, table, byte(b.choose(2)))
	case 3:
		at()
		b.reference()
		b.constant('i', int64(b.choose(3)))
		b.bulk(0, 17, table)
	case 4:
		b.op(0xfc, 13, passiveFuncs)
	}
}

// host calls an import, with buffers that lie in memory.
func (b *funcGen) host() { b.hostCall(b.choose(len(b.imports))) }

func (b *funcGen) hostCall(im int) {
	switch name := b.imports[im].name; {
	case strings.HasPrefix(name, "fd_"):
		b.stream(im)
	case name == "log", name == "output_write":
		for range b.imports[im].params {
			b.constant('i', int64(b.choose(16)))
		}
	default:
		b.values(b.imports[im].params)
	}
	b.op(0x10, byte(im))
	for range b.imports[im].results {
		b.op(0x1a)
	}
}

// stream writes a buffer's address and length to memory, and leaves what fd_read
// and fd_write take.
func (b *funcGen) stream(im int) {
	for at, v := range []int64{64 + int64(b.choose(64)), int64(b.choose(16))} {
		b.constant('i', int64(16+4*at))
		b.constant('i', v)
		b.op(0x36, 2, 0)
	}
	b.constant('i', int64(im)*int64(1+b.choose(2))) // 0 for reading, 1 and 2 for writing
	b.constant('i', 16)
	b.constant('i', 1)
	b.constant('i', 8)
}

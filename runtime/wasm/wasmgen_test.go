package wasm

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// moduleGen turns bytes into a valid module, so that a fuzzer reaches what runs
// deep: each byte decides one choice, and when they are used up, the smallest is
// taken. Loops end, floating-point numbers are never NaN (whose bits may differ
// between engines), and addresses mostly lie in memory; calls may nest for ever.
//
// With counts, the module counts the instructions that it executes itself, one by
// one, in the global that it exports as countExport: what it is charged can be
// compared with that. Everything else is the same.
type moduleGen struct {
	choices []byte
	counts  bool
	command bool // exports _start and imports WASI, instead of actions and squall

	types   []signature
	imports []importFunc
	funcs   []int // types of the own functions
	pages   uint32
	budget  int // instructions that may yet be written
}

type signature struct{ params, results string }

// Value types, written as letters as in importFunc; f and F are f32 and f64.
var valueCodes = map[rune]byte{'i': 0x7f, 'I': 0x7e, 'f': 0x7d, 'F': 0x7c}

const (
	letters     = "IfFi" // an i32 is the last local then: what is added behind it must not touch it
	countExport = "count"
	// maxInstructions is about how many a module has.
	maxInstructions = 3000
	funcref         = 0x70
)

// generate makes a module of bytes.
func generate(choices []byte, counts, command bool) []byte {
	g := &moduleGen{choices: choices, counts: counts, command: command}
	g.imports = []importFunc{{name: "input_len", results: "i"}, {name: "output_write", params: "ii"}, {name: "log", params: "iii"}}
	if command {
		g.imports = []importFunc{{name: "fd_read", params: "iiii", results: "i"}, {name: "fd_write", params: "iiii", results: "i"}, {name: "proc_exit", params: "i"}}
	}
	actions := signature{results: "i"}
	if command {
		actions = signature{}
	}
	for n := range 2 + g.choose(5) {
		s := actions
		if n > 0 && g.choose(3) > 0 {
			s = signature{g.someTypes(3), g.someTypes(2)}
		}
		g.funcs = append(g.funcs, g.typeOf(s))
	}
	g.pages = []uint32{1, 1, 2, largePages}[g.choose(4)]
	return g.module()
}

// choose returns a number below n.
func (g *moduleGen) choose(n int) int {
	if len(g.choices) == 0 || n <= 1 {
		return 0
	}
	c := int(g.choices[0]) % n
	g.choices = g.choices[1:]
	return c
}

// someNumber returns some number, small ones more often.
func (g *moduleGen) someNumber() int64 {
	interesting := []int64{0, 1, -1, 8, 1 << 16, 1<<31 - 1, -1 << 31, 1<<20 + 5}
	c := g.choose(256)
	if c < 32 {
		return interesting[c%len(interesting)]
	}
	return int64(c) - 64
}

func (g *moduleGen) someTypes(most int) (s string) {
	for range g.choose(most + 1) {
		s += string(letters[g.choose(4)])
	}
	return s
}

// typeOf returns the index of a function type, which it adds if need be.
func (g *moduleGen) typeOf(s signature) int {
	if at := slices.Index(g.types, s); at >= 0 {
		return at
	}
	g.types = append(g.types, s)
	return len(g.types) - 1
}

// Four globals of each numeric type come first, then one that holds a function.
const (
	globalsPerType = 2
	funcGlobal     = globalsPerType * 4 // as many as letters
	countGlobal    = funcGlobal + 1
)

// The tables and segments of every module; which are there is no choice.
const (
	tableMin, tableMax = 8, 40
	passiveFuncs       = 1 // the element segment that is not active
	passiveData        = 1
	passiveDataSize    = 40
	largePages         = 40 // more than what is copied at once
)

// list writes a vector.
func list(items ...[]byte) []byte { return vec(len(items), slices.Concat(items...)) }

func (g *moduleGen) module() []byte {
	var bodies [][]byte
	for n, rest := 0, g.choices; n < len(g.funcs); n++ { // each has its share, or the first would use all up
		share := len(rest) / (len(g.funcs) - n)
		g.choices, rest, g.budget = rest[:share], rest[share:], maxInstructions/len(g.funcs)
		bodies = append(bodies, sized(g.function(n)))
	}
	imports := g.importEntries() // it and the bodies add types
	functions := make([][]byte, len(g.funcs))
	for n, t := range g.funcs {
		functions[n] = uleb(t)
	}
	types := make([][]byte, len(g.types))
	for n, t := range g.types {
		types[n] = slices.Concat([]byte{0x60}, valueVec(t.params), valueVec(t.results))
	}
	table := append([]byte{funcref, 1, tableMin}, tableMax)
	data := g.data()
	return parts{1: list(types...), 2: list(imports...), 3: list(functions...), 4: list(table, table),
		5: {1, 1, byte(g.pages), byte(g.pages + 2)}, 6: list(g.globals()...), 7: list(g.exports()...), 9: g.elements(),
		12: uleb(len(data)), 10: list(bodies...), 11: list(data...)}.module()
}

func valueVec(types string) []byte {
	var items [][]byte
	for _, t := range types {
		items = append(items, []byte{valueCodes[t]})
	}
	return list(items...)
}

func (g *moduleGen) importEntries() (entries [][]byte) {
	from := moduleSquall
	if g.command {
		from = moduleWASI
	}
	for _, im := range g.imports {
		t := g.typeOf(signature{im.params, im.results})
		entries = append(entries, slices.Concat(text(from), text(im.name), append([]byte{0}, uleb(t)...)))
	}
	return entries
}

func (g *moduleGen) globals() (entries [][]byte) {
	zero := map[rune][]byte{'i': {0x41, 0}, 'I': {0x42, 0}, 'f': append([]byte{0x43}, make([]byte, 4)...), 'F': append([]byte{0x44}, make([]byte, 8)...)}
	for _, t := range letters {
		for range globalsPerType {
			entries = append(entries, slices.Concat([]byte{valueCodes[t], 1}, zero[t], []byte{0x0b}))
		}
	}
	entries = append(entries, []byte{funcref, 1, 0xd0, funcref, 0x0b})
	if g.counts {
		entries = append(entries, []byte{valueCodes['I'], 1, 0x42, 0, 0x0b})
	}
	return entries
}

func (g *moduleGen) exports() (entries [][]byte) {
	export := func(name string, kind byte, index int) {
		entries = append(entries, append(text(name), kind, byte(index)))
	}
	for n := range g.funcs {
		name := fmt.Sprintf("f%d", n)
		if n == 0 && g.command {
			name = exportStart
		}
		export(name, 0, len(g.imports)+n)
	}
	for n := range funcGlobal {
		export(fmt.Sprintf("g%d", n), 3, n)
	}
	export("memory", 2, 0)
	if g.counts {
		export(countExport, 3, countGlobal)
	}
	return entries
}

// elements fills the first table with the functions, again and again, and keeps
// all of them in a segment for table.init.
func (g *moduleGen) elements() []byte {
	active, passive := []byte{0, 0x41, 0, 0x0b}, []byte{1, 0}
	for _, list := range []*[]byte{&active, &passive} {
		*list = append(*list, tableMin-1)
		for n := range tableMin - 1 { // the last element stays empty
			*list = append(*list, byte(len(g.imports)+n%len(g.funcs)))
		}
	}
	return list(active, passive)
}

// data writes some text where memory begins. In a large memory there is noise, too,
// where pieces of what is copied at once meet: order matters there.
func (g *moduleGen) data() [][]byte {
	content := []byte("some data that is copied when it is wanted")[:passiveDataSize]
	active := func(at int64, content []byte) []byte {
		return slices.Concat([]byte{0, 0x41}, sleb(at), []byte{0x0b}, sized(content))
	}
	all := [][]byte{active(0, content), append([]byte{1}, sized(content)...)}
	if g.pages == largePages {
		noise := someBytes(rand.New(rand.NewPCG(9, 10)), 2*pageSize)
		all = append(all, active(passiveDataSize, noise), active(1<<20-pageSize, noise))
	}
	return all
}

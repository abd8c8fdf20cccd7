package rewrite

import (
	"bytes"
	"fmt"
)

// The kinds of import and export.
const (
	KindFunc   byte = 0
	KindTable  byte = 1
	KindMemory byte = 2
	KindGlobal byte = 3
)

// I32 is the type of a 32-bit integer in FuncType.
const I32 byte = 0x7f

const i64Type = 0x7e

// FuncType is what a function takes and gives, one byte a value.
type FuncType struct{ Params, Results []byte }

// Import is something that a module needs.
type Import struct {
	Module, Name string
	Kind         byte
	typeIndex    uint32 // of a function
}

// Export is something that a module offers.
type Export struct {
	Name  string
	Kind  byte
	index uint32
}

// module is a parsed module. Element, data and name sections stay raw.
type module struct {
	types    []FuncType
	imports  []Import
	funcs    []uint32 // type indexes of defined functions
	tables   []table
	memory   *memoryType
	globals  []global
	exports  []Export
	start    *uint32
	elements []byte // body of the section; nil when absent
	data     []byte
	dataSegs *uint32 // of the data count section
	bodies   []body
	names    []byte // body of the custom section "name", after its name
	uses     uses
	graph    *callGraph // from the code section on
	// firstType is, by type, the first one that is the same; see sameType.
	firstType []uint32
	taken     []uint32 // functions whose reference is outside of code
}

// uses is what a module's code contains.
type uses struct {
	instructions int
	fill, copy   bool
	state        *int // the first function that changes what can not be put back
}

type table struct {
	elem     byte
	min, max uint32
}

type memoryType struct {
	min uint32
	max *uint32
}

type global struct {
	typ     byte
	mutable bool
	init    []byte
}

type body struct {
	groups uint32 // of locals
	decl   []byte // of locals, without the count
	locals int
	code   []byte
}

// Section identifiers.
const (
	secCustom    = 0
	secType      = 1
	secImport    = 2
	secFunction  = 3
	secTable     = 4
	secMemory    = 5
	secGlobal    = 6
	secExport    = 7
	secStart     = 8
	secElement   = 9
	secCode      = 10
	secData      = 11
	secDataCount = 12
)

var preamble = []byte("\x00asm\x01\x00\x00\x00")

// sectionOrder is the place of a section in a module; they must rise.
func sectionOrder(id byte) int {
	if id == secDataCount {
		return secElement*2 + 1
	}
	return int(id) * 2
}

// parse reads a module and refuses what is over the limits.
func parse(code []byte, l Limits) (*module, error) {
	if len(code) > l.Size {
		return nil, fmt.Errorf("the module has %d bytes, the limit is %d", len(code), l.Size)
	}
	if !bytes.HasPrefix(code, preamble) {
		return nil, notAModule(code)
	}
	m, r, last := &module{}, &reader{data: code, pos: len(preamble)}, 0
	for r.more() {
		id := r.byte()
		s := &reader{data: r.bytes(r.u32())}
		if r.err != nil {
			return nil, r.err
		}
		if id != secCustom {
			if id > secDataCount || sectionOrder(id) <= last {
				return nil, fmt.Errorf("section %d is unknown or out of order", id)
			}
			last = sectionOrder(id)
		}
		m.section(id, s, l)
		if s.err == nil && s.more() {
			s.failf("section %d is longer than its content", id)
		}
		if s.err != nil {
			return nil, s.err
		}
	}
	return m, m.consistent(l)
}

func notAModule(code []byte) error {
	if bytes.HasPrefix(code, []byte("\x00asm\x0d\x00\x01\x00")) {
		return fmt.Errorf("this is a component, not a core module; build for wasm32-wasip1")
	}
	return fmt.Errorf("this is not a WebAssembly module")
}

func (m *module) section(id byte, r *reader, l Limits) {
	switch id {
	case secCustom:
		m.readCustom(r)
	case secType:
		m.readTypes(r, l)
	case secImport:
		m.readImports(r, l)
	case secFunction:
		for n := r.count("functions", l.Functions); n > 0 && r.ok(); n-- {
			m.funcs = append(m.funcs, r.u32())
		}
	case secTable:
		m.readTables(r, l)
	case secMemory:
		m.readMemory(r, l)
	case secGlobal:
		m.readGlobals(r, l)
	case secExport:
		m.readExports(r, l)
	case secStart:
		fn := r.u32()
		m.start = &fn
	case secElement:
		m.elements = r.data
		moveElements(r, l, m.constant, m.ownFunc(r))
	case secDataCount:
		n := r.u32()
		m.dataSegs = &n
	case secCode:
		m.readCode(r, l)
	case secData:
		m.data = r.data
		m.readData(r, l)
	}
}

// consistent checks what the rewriter itself relies on.
func (m *module) consistent(l Limits) error {
	if len(m.bodies) != len(m.funcs) {
		return fmt.Errorf("the module declares %d functions and defines %d", len(m.funcs), len(m.bodies))
	}
	for i, t := range m.funcs {
		if int(t) >= len(m.types) {
			return fmt.Errorf("function %d has the unknown type %d", i, t)
		}
	}
	for _, im := range m.imports {
		if im.Kind == KindFunc && int(im.typeIndex) >= len(m.types) {
			return fmt.Errorf("import %s.%s has the unknown type %d", short(im.Module), short(im.Name), im.typeIndex)
		}
	}
	if n := m.funcCount(); n > l.Functions {
		return fmt.Errorf("the module has %d functions, the limit is %d", n, l.Functions)
	}
	return m.checkExports()
}

// importedFuncs counts imported functions: nothing else may be imported.
func (m *module) importedFuncs() int { return len(m.imports) }

// funcType returns the type of a function by its index.
func (m *module) funcType(index uint32) (FuncType, bool) {
	i := int(index)
	if i < len(m.imports) {
		return m.types[m.imports[i].typeIndex], true
	}
	i -= len(m.imports)
	if i >= len(m.funcs) {
		return FuncType{}, false
	}
	return m.types[m.funcs[i]], true
}

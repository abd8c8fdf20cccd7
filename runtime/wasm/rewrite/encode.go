package rewrite

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// encoder writes a rewritten module.
type encoder struct {
	*layout
	module  *module
	types   *types
	meter   meter
	exports []byte
	count   int // of exports
}

func newEncoder(m *module, o Options) *encoder {
	e := &encoder{layout: newLayout(m, o), module: m, types: newTypes(m.types)}
	e.meter = meter{
		layout: e.layout, module: m,
		yield: e.imported(YieldImport), overflow: e.imported(OverflowImport),
		fuel: e.fuelGlobal(), depth: e.depthGlobal(),
		blockType: e.types.block,
	}
	return e
}

func (e *encoder) encode() Rewritten {
	m := e.module
	imports, bodies := e.importSection(), e.bodies() // both add types, so they come before those are written
	functions := e.functions()
	globals := e.exportAll()
	out := append([]byte(nil), preamble...)
	section := func(id byte, n int, content []byte) {
		if n > 0 {
			out = putBytes(append(out, id), append(putU32(nil, uint32(n)), content...))
		}
	}
	raw := func(id byte, content []byte) {
		if content != nil {
			out = putBytes(append(out, id), content)
		}
	}
	section(secType, e.types.count, e.types.encoded)
	section(secImport, len(m.imports)+len(e.imports), imports)
	section(secFunction, len(m.funcs)+len(e.helpers), functions)
	section(secTable, len(m.tables), e.tables())
	raw(secMemory, e.memory())
	section(secGlobal, len(m.globals)+3, e.globalSection())
	section(secExport, e.count, e.exports)
	raw(secElement, e.elements())
	if m.dataSegs != nil {
		raw(secDataCount, putU32(nil, *m.dataSegs))
	}
	section(secCode, len(m.bodies)+len(e.helpers), bodies)
	raw(secData, m.data)
	if names := e.names(); names != nil {
		raw(secCustom, append(putName(nil, "name"), names...))
	}
	return Rewritten{Code: out, Globals: globals, HasStart: m.start != nil, Touches: e.touched, Checkpoint: e.started >= 0}
}

func (e *encoder) importSection() (out []byte) {
	for _, im := range e.module.imports {
		out = putU32(append(putName(putName(out, im.Module), im.Name), im.Kind), im.typeIndex)
	}
	for _, name := range e.imports {
		t := FuncType{}
		if name == AwaitImport {
			t.Results = []byte{I32}
		}
		out = putU32(append(putName(putName(out, MeterModule), name), KindFunc), e.types.add(t))
	}
	return out
}

func (e *encoder) functions() (out []byte) {
	for _, t := range e.module.funcs {
		out = putU32(out, t)
	}
	for _, h := range e.helpers {
		out = putU32(out, e.types.add(h.typ))
	}
	return out
}

func (e *encoder) tables() (out []byte) {
	for _, t := range e.module.tables {
		out = putU32(putU32(append(out, t.elem, 1), t.min), t.max)
	}
	return out
}

func (e *encoder) memory() []byte {
	if e.module.memory == nil {
		return nil
	}
	return putU32([]byte{1, 0}, e.module.memory.min)
}

func (e *encoder) globalSection() (out []byte) {
	for _, g := range e.module.globals {
		mutable := byte(0)
		if g.mutable {
			mutable = 1
		}
		out = copyExpression(append(out, g.typ, mutable), g.init, e.moved)
	}
	out = append(out, i64Type, 1, opI64Const, 0, opEnd) // fuel
	out = append(out, I32, 1, opI32Const, 0, opEnd)     // depth
	return append(out, I32, 1, opI32Const, 0, opEnd)    // touched
}

func (e *encoder) export(name string, kind byte, index uint32) {
	e.exports = putU32(append(putName(e.exports, name), kind), index)
	e.count++
}

// exportAll writes what the module exports and what the host needs, and returns
// the names of the module's own globals.
func (e *encoder) exportAll() (globals []string) {
	for i, x := range e.module.exports {
		switch {
		case i == e.started:
			x.index = e.startBy
		case x.Kind == KindFunc:
			x.index = e.moved(x.index)
		}
		e.export(x.Name, x.Kind, x.index)
	}
	e.export(FuelExport, KindGlobal, e.fuelGlobal())
	e.export(DepthExport, KindGlobal, e.depthGlobal())
	if e.touched {
		e.export(TouchedExport, KindGlobal, e.touchedGlobal())
	}
	if e.module.start != nil {
		e.export(StartExport, KindFunc, e.moved(*e.module.start))
	}
	for i, g := range e.module.globals {
		if g.mutable && numeric(g.typ) {
			name := fmt.Sprintf("%sglobal%d", ReservedPrefix, i)
			globals = append(globals, name)
			e.export(name, KindGlobal, uint32(i))
		}
	}
	return globals
}

func (e *encoder) elements() []byte {
	if e.module.elements == nil {
		return nil
	}
	return moveElements(&reader{data: e.module.elements}, unlimited(), (*reader).expression, e.moved)
}

// unlimited is for reading again what was checked before.
func unlimited() Limits {
	const all = 1<<31 - 1
	return Limits{Segments: all, TableSize: all, Elements: all}
}

func (e *encoder) bodies() (out []byte) {
	if len(e.module.bodies) == 0 {
		return nil
	}
	counted := e.module.graph.counted()
	for i, b := range e.module.bodies {
		out = putBytes(out, e.meter.body(b, e.module.types[e.module.funcs[i]], counted[i]))
	}
	e.meter.scratch = -1
	for _, h := range e.helpers {
		out = putBytes(out, h.body(&e.meter))
	}
	return out
}

// names keeps the names of functions, for traces. A section that is not well
// formed is dropped: it carries no meaning.
func (e *encoder) names() []byte {
	const functionNames = 1
	for r := (&reader{data: e.module.names}); r.more(); {
		id, content := r.byte(), r.bytes(r.u32())
		if id != functionNames || r.err != nil {
			continue
		}
		if moved, err := e.moveNames(content); err == nil {
			return putBytes([]byte{functionNames}, moved)
		}
	}
	return nil
}

func (e *encoder) moveNames(content []byte) ([]byte, error) {
	r := &reader{data: content}
	n := r.u32()
	out := putU32(nil, n)
	for ; n > 0 && r.ok(); n-- {
		out = putU32(out, e.moved(r.u32()))
		name := r.bytes(r.u32())
		if !utf8.Valid(name) {
			return nil, errors.New("a name is not text")
		}
		out = putBytes(out, name)
	}
	return out, r.err
}

// types collects function types: the module's, and those of added blocks.
type types struct {
	encoded []byte
	count   int
	blocks  map[string]uint32 // by results
}

func newTypes(all []FuncType) *types {
	t := &types{blocks: map[string]uint32{}}
	for _, f := range all {
		t.add(f)
	}
	return t
}

func (t *types) add(f FuncType) uint32 {
	t.encoded = putBytes(putBytes(append(t.encoded, 0x60), f.Params), f.Results)
	t.count++
	return uint32(t.count - 1)
}

// block returns the encoded type of a block that takes nothing and gives results.
func (t *types) block(results []byte) []byte {
	switch len(results) {
	case 0:
		return []byte{voidBlock}
	case 1:
		return results
	}
	index, known := t.blocks[string(results)]
	if !known {
		index = t.add(FuncType{Results: results})
		t.blocks[string(results)] = index
	}
	return putSigned(nil, int64(index))
}

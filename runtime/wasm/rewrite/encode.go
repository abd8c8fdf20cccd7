package rewrite

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
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
		fuel: e.fuelGlobal(), depth: e.depthGlobal(), scratch: -1,
		blockType: e.types.block,
	}
	return e
}

func (e *encoder) encode() Rewritten {
	m := e.module
	imports, bodies := e.importSection(), e.bodies() // both add types, so they come before those are written
	functions := e.functions()
	globals := e.exportAll()
	out := append(make([]byte, 0, len(bodies)+len(m.data)+len(m.elements)+len(m.names)+len(e.exports)+1<<16), preamble...)
	section := func(id byte, n int, content []byte) {
		if n > 0 {
			count := putU32(nil, uint32(n))
			out = putU32(append(out, id), uint32(len(count)+len(content)))
			out = append(append(out, count...), content...)
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

func (e *encoder) bodies() []byte {
	all := e.ownBodies()
	for _, h := range e.helpers {
		all = append(all, h.body(&e.meter))
	}
	size := 0
	for _, b := range all {
		size += len(b) + 5 // for its length
	}
	out := make([]byte, 0, size)
	for _, b := range all {
		out = putBytes(out, b)
	}
	return out
}

// ownBodies writes the module's functions, on all processors: the meter only reads
// what it is made of. But functions with several results may add a type each, in an
// order that must always be the same, so those are written first and one by one.
func (e *encoder) ownBodies() [][]byte {
	all := make([][]byte, len(e.module.bodies))
	if len(all) == 0 {
		return nil
	}
	counted := e.module.graph.counted()
	write := func(i int, t FuncType) {
		w := e.meter // what belongs to one function is in the copy
		all[i] = w.body(e.module.bodies[i], t, counted[i])
	}
	for i := range all {
		if t := e.typeOf(i); len(t.Results) > 1 {
			write(i, t)
		}
	}
	inParallel(len(all), func(i int) {
		if t := e.typeOf(i); len(t.Results) <= 1 {
			write(i, t)
		}
	})
	return all
}

func (e *encoder) typeOf(body int) FuncType { return e.module.types[e.module.funcs[body]] }

// inParallel does n things, a few in a row at a time, and waits for all of them.
func inParallel(n int, do func(i int)) {
	const row = 32
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (n+row-1)/row) {
		workers.Go(func() {
			for to := int(next.Add(row)); to-row < n; to = int(next.Add(row)) {
				for i := to - row; i < min(to, n); i++ {
					do(i)
				}
			}
		})
	}
	workers.Wait()
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

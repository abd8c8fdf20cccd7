package rewrite

import "strings"

func (r *reader) valueType() byte {
	t := r.byte()
	if t >= 0x7b && t <= 0x7f || t == 0x70 || t == 0x6f {
		return t
	}
	r.failf("value type 0x%02x is not supported", t)
	return t
}

func (r *reader) referenceType() byte {
	t := r.byte()
	if t != 0x70 && t != 0x6f {
		r.failf("reference type 0x%02x is not supported", t)
	}
	return t
}

func (r *reader) valueTypes(what string, limit int) []byte {
	n := r.count(what+" in one function type", limit)
	start := r.pos
	for ; n > 0 && r.ok(); n-- {
		r.valueType()
	}
	return r.since(start)
}

func (m *module) readCustom(r *reader) {
	if name := r.name(); name == "name" && m.names == nil {
		m.names = r.data[r.pos:]
	}
	r.pos = len(r.data)
}

func (m *module) readTypes(r *reader, l Limits) {
	values := 0
	for n := r.count("types", l.Types); n > 0 && r.ok(); n-- {
		if form := r.byte(); form != 0x60 {
			r.failf("type form 0x%02x is not supported", form)
		}
		t := FuncType{Params: r.valueTypes("parameters", l.Params), Results: r.valueTypes("results", l.Results)}
		m.types = append(m.types, t)
		if values += len(t.Params) + len(t.Results); values > l.TypeValues {
			r.failf("the module's types have more than %d parameters and results", l.TypeValues)
		}
	}
}

func (m *module) readImports(r *reader, l Limits) {
	for n := r.count("imports", l.Functions); n > 0 && r.ok(); n-- {
		im := Import{Module: r.name(), Name: r.name(), Kind: r.byte()}
		if im.Kind != KindFunc {
			r.failf("the module imports %s.%s, which is not a function", short(im.Module), short(im.Name))
		}
		im.typeIndex = r.u32()
		m.imports = append(m.imports, im)
	}
}

// limits reads a minimum and, if there is one, a maximum.
func (r *reader) limits(what string) (least uint32, most *uint32) {
	flags := r.byte()
	if flags > 1 {
		r.failf("the module has a shared or 64-bit %s, which is not supported", what)
	}
	least = r.u32()
	if flags == 1 {
		v := r.u32()
		most = &v
	}
	return least, most
}

func (m *module) readTables(r *reader, l Limits) {
	for n := r.count("tables", l.Tables); n > 0 && r.ok(); n-- {
		t := table{elem: r.referenceType()}
		least, most := r.limits("table")
		if least > l.TableSize {
			r.failf("table %d has %d elements, the limit is %d", len(m.tables), least, l.TableSize)
		}
		t.min, t.max = least, l.TableSize
		if most != nil {
			if *most < least {
				r.failf("table %d has a maximum below its minimum", len(m.tables))
			}
			t.max = min(*most, l.TableSize)
		}
		m.tables = append(m.tables, t)
	}
}

func (m *module) readMemory(r *reader, l Limits) {
	if r.count("memories", 1) == 0 {
		return
	}
	least, most := r.limits("memory")
	if least > l.MemoryPages {
		r.failf("the module needs %d KiB of memory to begin with, the limit is %d KiB", uint64(least)*64, uint64(l.MemoryPages)*64)
	}
	if most != nil && (*most < least || *most > maxPages) {
		r.failf("the memory's maximum of %d pages is not possible", *most)
	}
	m.memory = &memoryType{least, most}
}

func (m *module) readGlobals(r *reader, l Limits) {
	for n := r.count("globals", l.Globals); n > 0 && r.ok(); n-- {
		g := global{typ: r.valueType()}
		mutable := r.byte()
		if mutable > 1 {
			r.failf("global %d is neither constant nor mutable", len(m.globals))
		}
		g.mutable = mutable == 1
		g.init = m.constant(r)
		m.globals = append(m.globals, g)
	}
}

func (m *module) readExports(r *reader, l Limits) {
	for n := r.count("exports", l.Exports); n > 0 && r.ok(); n-- {
		e := Export{Name: r.name(), Kind: r.byte(), index: r.u32()}
		if strings.HasPrefix(e.Name, ReservedPrefix) {
			r.failf("the module exports %q; names that begin with %q are reserved", short(e.Name), ReservedPrefix)
		}
		m.exports = append(m.exports, e)
	}
}

// moveElements copies the element section with function indexes moved. Flags say
// what a segment consists of: bit 0 passive or declared, bit 1 a table index (or
// declared), bit 2 expressions instead of indexes.
func moveElements(r *reader, l Limits, constant func(*reader) []byte, moved func(uint32) uint32) []byte {
	n := r.count("element segments", l.Segments)
	out, total := putU32(nil, uint32(n)), 0
	for ; n > 0 && r.ok(); n-- {
		flags := r.u32()
		if flags > 7 {
			r.failf("an element segment has the unknown flags %d", flags)
		}
		out = putU32(out, flags)
		if flags&1 == 0 {
			if flags&2 != 0 {
				out = putU32(out, r.u32())
			}
			out = copyExpression(out, constant(r), moved)
		}
		if flags&3 != 0 {
			out = append(out, r.byte()) // element kind or type
		}
		before := len(out)
		out = moveElementItems(r, l, out, flags&4 != 0, constant, moved)
		if total += len(out) - before; total > l.Elements {
			r.failf("the module's elements take more than %d bytes", l.Elements)
		}
	}
	return out
}

func moveElementItems(r *reader, l Limits, out []byte, expressions bool, constant func(*reader) []byte, moved func(uint32) uint32) []byte {
	n := r.count("elements in one segment", int(l.TableSize))
	out = putU32(out, uint32(n))
	for ; n > 0 && r.ok(); n-- {
		if expressions {
			out = copyExpression(out, constant(r), moved)
		} else {
			out = putU32(out, moved(r.u32()))
		}
	}
	return out
}

func (m *module) readData(r *reader, l Limits) {
	n := r.count("data segments", l.Segments)
	for ; n > 0 && r.ok(); n-- {
		switch flags := r.u32(); flags {
		case 0:
			m.constant(r)
		case 1:
		case 2:
			r.u32()
			m.constant(r)
		default:
			r.failf("a data segment has the unknown flags %d", flags)
		}
		r.bytes(r.u32())
	}
}

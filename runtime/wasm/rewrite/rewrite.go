package rewrite

import "fmt"

// Summary is what a look at a module tells without running it.
type Summary struct {
	Imports []Import
	Exports []Export
	// MemoryMin and MemoryMax are pages; a module without a maximum has the
	// largest there is. Both are zero without a memory.
	MemoryMin, MemoryMax uint32
	HasMemory            bool
	// Functions and Instructions count what the module defines.
	Functions, Instructions int
	// Unrestorable says why memory and mutable globals are not all of the
	// module's state; empty when they are.
	Unrestorable string

	module *module
}

// FuncType returns the type of an exported function.
func (s *Summary) FuncType(e Export) (FuncType, bool) {
	if e.Kind != KindFunc {
		return FuncType{}, false
	}
	return s.module.funcType(e.index)
}

// Check reads a module in one pass and refuses what is over the limits; the
// error names the function and the limit.
func Check(code []byte, l Limits) (*Summary, error) {
	m, err := parse(code, l)
	if err != nil {
		return nil, err
	}
	s := &Summary{Imports: m.imports, Exports: m.exports, Unrestorable: m.unrestorable(), module: m,
		Functions: len(m.bodies), Instructions: m.instructions}
	if m.memory != nil {
		s.HasMemory, s.MemoryMin, s.MemoryMax = true, m.memory.min, maxPages
		if m.memory.max != nil {
			s.MemoryMax = *m.memory.max
		}
	}
	return s, nil
}

func (m *module) unrestorable() string {
	for i, g := range m.globals {
		if g.mutable && !numeric(g.typ) {
			return fmt.Sprintf("global %d is mutable and holds no number", m.imported(KindGlobal)+i)
		}
	}
	for i, b := range m.bodies {
		for r := (&reader{data: b.code}); r.more(); {
			if r.instruction().keepsState() {
				return fmt.Sprintf("function %d changes a table or drops a segment", m.importedFuncs()+i)
			}
		}
	}
	return ""
}

// numeric reports whether a type is i32, i64, f32 or f64.
func numeric(t byte) bool { return t >= 0x7c && t <= 0x7f }

// Rewritten is a module under the host's control.
type Rewritten struct {
	Code []byte
	// Globals are the names under which the module's own mutable globals are
	// exported, those that hold numbers.
	Globals []string
	// HasStart tells that StartExport is there and must be called first.
	HasStart bool
}

// added is how many functions Rewrite imports.
const added = 2

// Rewrite meters a module that Check accepted. Its declared maximum of memory is
// lifted to the largest possible: the host's allocator enforces it, sees every
// growth that is refused, and can shrink a full memory again.
func Rewrite(s *Summary) Rewritten {
	m := s.module
	first := uint32(m.importedFuncs())
	e := &encoder{module: m, types: newTypes(m.types), moved: func(fn uint32) uint32 {
		if fn < first {
			return fn
		}
		return fn + added
	}}
	e.meter = meter{
		yield:     first,
		overflow:  first + 1,
		fuel:      uint32(m.imported(KindGlobal) + len(m.globals)),
		depth:     uint32(m.imported(KindGlobal) + len(m.globals) + 1),
		moved:     e.moved,
		blockType: e.types.block,
	}
	return e.encode()
}

package rewrite

import "fmt"

// Version tells apart what releases of this package make of the same module. It must
// rise with every change of what Rewrite emits or of what Check says: results are
// kept over restarts under it. A test knows the sum of what each version emits.
const Version = 2

// Summary is what a look at a module tells without running it.
type Summary struct {
	Imports []Import
	Exports []Export
	// Functions and Instructions are those that the module defines.
	Functions, Instructions int
	// MemoryMin and MemoryMax are pages; a module without a maximum has the
	// largest there is. Both are zero without a memory.
	MemoryMin, MemoryMax uint32
	HasMemory            bool
	// Unrestorable names what the module can change that can not be put back, and
	// where; empty when memory and numbers in globals are all of its state.
	Unrestorable string
	// ReadsInput tells that the module imports WASI's fd_read, which a checkpoint
	// needs.
	ReadsInput bool

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
	s := &Summary{Imports: m.imports, Exports: m.exports, Functions: len(m.bodies), Instructions: m.uses.instructions,
		ReadsInput: m.findRead() >= 0, module: m}
	if m.uses.state != nil {
		s.Unrestorable = fmt.Sprintf("function %d changes a table, a segment or a global without a number", *m.uses.state)
	}
	if m.memory != nil {
		s.HasMemory, s.MemoryMin, s.MemoryMax = true, m.memory.min, maxPages
		if m.memory.max != nil {
			s.MemoryMax = *m.memory.max
		}
	}
	return s, nil
}

// numeric reports whether a type is i32, i64, f32 or f64.
func numeric(t byte) bool { return t >= 0x7c && t <= 0x7f }

// Options choose what Rewrite does beyond metering.
type Options struct {
	// Checkpoint makes a program that can be frozen before its first read of
	// standard input and rewound: EnterImport and AwaitImport say how.
	Checkpoint bool
}

// Rewritten is a module under the host's control.
type Rewritten struct {
	Code []byte
	// Globals are the names under which the module's own mutable globals are
	// exported, those that hold numbers.
	Globals []string
	// HasStart tells that StartExport is there and must be called first.
	HasStart bool
	// Touches tells that TouchedExport is there.
	Touches bool
	// Checkpoint tells that the module asks at EnterImport and AwaitImport.
	Checkpoint bool
}

// Rewrite meters a module that Check accepted. Its declared maximum of memory is
// lifted to the largest possible: the host's allocator enforces it, sees every
// growth that is refused, and can shrink a full memory again.
func Rewrite(s *Summary, o Options) Rewritten {
	e := newEncoder(s.module, o)
	return e.encode()
}

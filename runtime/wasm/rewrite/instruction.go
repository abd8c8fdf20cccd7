package rewrite

// Opcodes that this package must know by name.
const (
	opUnreachable  = 0x00
	opNop          = 0x01
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opDrop         = 0x1a
	opSelect       = 0x1b
	opSelectTyped  = 0x1c
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opTableSet     = 0x26
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opI32Eqz       = 0x45
	opI32LtS       = 0x48
	opI32GtU       = 0x4b
	opI32LeU       = 0x4d
	opI64LtS       = 0x53
	opI64GtU       = 0x56
	opI32Add       = 0x6a
	opI32Sub       = 0x6b
	opI64Add       = 0x7c
	opI64Sub       = 0x7d
	opI64Shl       = 0x86
	opI64ShrU      = 0x88
	opI64ExtendU   = 0xad
	opRefNull      = 0xd0
	opRefIsNull    = 0xd1
	opRefFunc      = 0xd2
	opMisc         = 0xfc
	opVector       = 0xfd
)

// Operations behind the prefix opMisc.
const (
	miscMemoryInit = 8
	miscDataDrop   = 9
	miscMemoryCopy = 10
	miscMemoryFill = 11
	miscTableInit  = 12
	miscElemDrop   = 13
	miscTableCopy  = 14
	miscTableGrow  = 15
	miscTableSize  = 16
	miscTableFill  = 17
)

const voidBlock = 0x40

// instruction is one decoded instruction: its bytes are data[start:end] of the
// reader it came from.
type instruction struct {
	op         byte
	sub        byte // behind a prefix
	start, end int
	// index is the first number behind the opcode: the label of br and br_if, the
	// largest label of br_table, or which local, global or table is meant.
	index uint32
	// blockType is the type of a block or of an indirect call; below zero it is a
	// value type.
	blockType int64
	// targets is how many labels a br_table has.
	targets int
	// funcAt is where the function index begins, if the instruction has one; it
	// ends with the instruction.
	funcAt int
	fn     uint32
}

// opens reports whether the instruction begins a block.
func (in instruction) opens() bool { return in.op == opBlock || in.op == opLoop || in.op == opIf }

// long reports whether the instruction is one of those that the rewritten module
// does in pieces.
func (in instruction) long() bool {
	return in.op == opMisc && (in.sub == miscMemoryCopy || in.sub == miscMemoryFill)
}

// bulk reports whether the instruction's work grows with the number on top of
// the stack, within bounds that allow it to be done at once.
func (in instruction) bulk() bool {
	if in.op != opMisc {
		return false
	}
	switch in.sub {
	case miscMemoryInit, miscTableInit, miscTableCopy, miscTableGrow, miscTableFill:
		return true
	}
	return false
}

// keepsState reports whether the instruction changes something that can not be
// put back after a run: a table, which segments are still there, or a global
// without a number.
func (m *module) keepsState(in instruction) bool {
	switch in.op {
	case opTableSet:
		return true
	case opGlobalSet:
		return int(in.index) < len(m.globals) && !numeric(m.globals[in.index].typ)
	case opMisc:
	default:
		return false
	}
	switch in.sub {
	case miscDataDrop, miscElemDrop, miscTableInit, miscTableCopy, miscTableGrow, miscTableFill:
		return true
	}
	return false
}

// instruction decodes the next instruction. What the compiler does not know
// either (threads, exceptions, tail calls, garbage collection) is refused here,
// because its length can not be trusted.
func (r *reader) instruction() (in instruction) {
	r.decode(&in)
	return in
}

// decode is instruction without a copy: copying what was written in pieces just
// before is what a processor waits for.
func (r *reader) decode(in *instruction) {
	*in = instruction{start: r.pos}
	in.op = r.byte()
	switch op := in.op; {
	case op >= 0x45 && op <= 0xc4: // numbers: no immediates
	case op >= opLocalGet && op <= opTableSet:
		in.index = r.u32()
	case op >= 0x28 && op <= 0x3e:
		r.memoryArgument()
	default:
		r.immediates(in)
	}
	in.end = r.pos
}

// immediates reads what follows an opcode of no range.
func (r *reader) immediates(in *instruction) {
	switch in.op { // by number: the compiler makes a table of it
	case opUnreachable, opNop, opElse, opEnd, opReturn, opDrop, opSelect, opRefIsNull:
	case opBlock, opLoop, opIf:
		in.blockType = r.signed(5)
	case opBr, opBrIf:
		in.index = r.u32()
	case opBrTable:
		in.targets, in.index = r.branchTable()
	case opCall, opRefFunc:
		in.funcAt = r.pos
		in.fn = r.u32()
	case opCallIndirect:
		in.blockType = int64(r.u32())
		r.u32()
	case opSelectTyped:
		for n := r.u32(); n > 0 && r.ok(); n-- {
			r.valueType()
		}
	case opMemorySize, opMemoryGrow:
		r.zero("a memory other than the first")
	case opI32Const:
		r.signed(5)
	case opI64Const:
		r.signed(10)
	case opF32Const:
		r.bytes(4)
	case opF64Const:
		r.bytes(8)
	case opRefNull:
		r.referenceType()
	case opMisc:
		in.sub = r.misc()
	case opVector:
		in.sub = r.vector()
	default:
		r.failf("instruction 0x%02x is not supported", in.op)
	}
}

// branchTable reads the labels of a br_table.
func (r *reader) branchTable() (targets int, largest uint32) {
	n := r.u32()
	for i := uint32(0); i < n && r.ok(); i++ {
		largest = max(largest, r.u32())
	}
	largest = max(largest, r.u32()) // the default
	return int(min(n, 1<<30)), largest
}

func (r *reader) memoryArgument() {
	if align := r.u32(); align >= 32 {
		r.failf("a memory access has an alignment of 2^%d", align)
	}
	r.u32()
}

func (r *reader) zero(what string) {
	if r.byte() != 0 {
		r.failf("the module uses %s, which is not supported", what)
	}
}

func (r *reader) misc() byte {
	sub := r.byte()
	switch sub {
	case 0, 1, 2, 3, 4, 5, 6, 7: // saturating conversions
	case miscMemoryInit:
		r.u32()
		r.zero("a memory other than the first")
	case miscMemoryCopy:
		r.zero("a memory other than the first")
		r.zero("a memory other than the first")
	case miscMemoryFill:
		r.zero("a memory other than the first")
	case miscDataDrop, miscElemDrop, miscTableGrow, miscTableSize, miscTableFill:
		r.u32()
	case miscTableInit, miscTableCopy:
		r.u32()
		r.u32()
	default:
		r.failf("instruction 0xfc 0x%02x is not supported", sub)
	}
	return sub
}

// vector decodes what follows the prefix of vector instructions. Opcodes from
// 0x80 on take two bytes, the second of which must be 1.
func (r *reader) vector() byte {
	sub := r.byte()
	if sub >= 0x80 && r.byte() != 1 {
		r.failf("vector instruction 0x%02x is not supported", sub)
	}
	switch {
	case sub <= 11, sub == 92, sub == 93: // loads and stores
		r.memoryArgument()
	case sub == 12, sub == 13: // constant, shuffle
		r.bytes(16)
	case sub >= 21 && sub <= 34: // lanes
		r.byte()
	case sub >= 84 && sub <= 91: // loads and stores of lanes
		r.memoryArgument()
		r.byte()
	}
	return sub
}

// expression reads a constant expression up to and with its end.
func (r *reader) expression() []byte {
	start := r.pos
	for r.more() {
		in := r.instruction()
		if in.opens() {
			r.failf("a constant expression contains a block")
		}
		if in.op == opEnd {
			return r.since(start)
		}
	}
	r.fail(errTruncated)
	return nil
}

// copyInstruction appends an instruction with its function index moved.
func copyInstruction(dst, src []byte, in instruction, moved func(uint32) uint32) []byte {
	if in.funcAt == 0 {
		return append(dst, src[in.start:in.end]...)
	}
	dst = append(dst, src[in.start:in.funcAt]...)
	return putU32(dst, moved(in.fn))
}

// copyExpression appends a constant expression with its function indexes moved.
func copyExpression(dst, expr []byte, moved func(uint32) uint32) []byte {
	r := &reader{data: expr}
	for r.more() {
		dst = copyInstruction(dst, expr, r.instruction(), moved)
	}
	return dst
}

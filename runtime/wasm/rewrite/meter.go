package rewrite

// What metered operations cost beyond one unit for the instruction. Instructions
// that do nothing when they run (block, loop, else, end, nop, drop) are free.
const (
	memoryGrowCost = 2000 // the host maps pages
	bytesPerUnit   = 3    // as a shift: copying 8 bytes costs a unit
	localsPerDepth = 16   // so many locals make a call count once more
)

// meter writes metered function bodies.
type meter struct {
	*layout
	module   *module
	yield    uint32 // index of the imported function
	overflow uint32
	fuel     uint32 // index of the global
	depth    uint32
	// blockType gives the type of a block with these results; it may add one.
	blockType func(results []byte) []byte
}

// body writes one metered function.
func (w *meter) body(b body, t FuncType) []byte {
	s := measure(b.code)
	out := make([]byte, 0, len(b.decl)+len(b.code)*5/4+64)
	groups := b.groups
	if s.bulk {
		groups++
	}
	out = append(putU32(out, groups), b.decl...)
	if s.bulk { // one more local, to look at a length without losing it
		out = append(out, 1, I32)
	}
	spare := uint32(len(t.Params) + b.locals)
	out = w.charge(out, s.segments[0])
	if !s.calls { // a leaf ends the nesting: counting it would only cost time
		return w.instructions(out, b.code, s.segments[1:], spare, false)
	}
	weight := 1 + b.locals/localsPerDepth
	out = w.enter(out, weight)
	out = append(append(out, opBlock), w.blockType(t.Results)...)
	out = w.instructions(out, b.code, s.segments[1:], spare, true)
	return append(w.addDepth(out, weight, opI32Add), opEnd)
}

// instructions copies code and charges on the way. With wrapped, the code stands
// in a block of its own, which its last end closes: returning means leaving it.
func (w *meter) instructions(out, code []byte, segments []int, spare uint32, wrapped bool) []byte {
	f := flow{}
	f.open(opBlock)
	for r := (&reader{data: code}); r.more(); {
		in := r.instruction()
		out = w.before(out, in, spare)
		switch {
		case in.op == opReturn && wrapped:
			out = putU32(append(out, opBr), uint32(len(f.frames)-1))
		case in.long():
			out = putU32(append(out, opCall), w.helperFor(in))
		default:
			out = copyInstruction(out, code, in, w.moved)
		}
		if f.step(in) {
			out = w.segment(out, in, segments[0])
			segments = segments[1:]
		}
	}
	return out
}

// before writes what goes before an instruction.
func (w *meter) before(out []byte, in instruction, spare uint32) []byte {
	switch {
	case in.bulk():
		out = w.chargeBulk(out, in, spare)
	case in.op == opMemoryGrow:
		out = w.charge(out, memoryGrowCost)
	}
	if w.touched && w.module.keepsState(in) {
		out = putU32(append(out, opI32Const, 1, opGlobalSet), w.touchedGlobal())
	}
	return out
}

// helperFor returns the function that does a long instruction in pieces.
func (w *meter) helperFor(in instruction) uint32 {
	if in.sub == miscMemoryFill {
		return w.fill
	}
	return w.copy
}

// segment charges for a segment that begins behind an instruction. Only function
// entries and loop heads look whether fuel is left: no guest runs for long without
// passing one, and looking makes a function much slower to compile.
func (w *meter) segment(out []byte, in instruction, cost int) []byte {
	switch {
	case in.op == opLoop:
		return w.charge(out, cost)
	case cost == 0:
		return out
	}
	return putU32(append(w.deduct(out, cost), opGlobalSet), w.fuel)
}

// charge takes a fixed cost off the fuel and calls yield when none is left.
func (w *meter) charge(out []byte, cost int) []byte {
	return w.settle(w.deduct(out, cost))
}

// deduct leaves the fuel less a fixed cost on the stack.
func (w *meter) deduct(out []byte, cost int) []byte {
	out = putU32(append(out, opGlobalGet), w.fuel)
	out = putSigned(append(out, opI64Const), int64(cost))
	return append(out, opI64Sub)
}

// chargeBulk takes a cost off the fuel that depends on the length on top of the
// stack. Bytes are cheaper than table elements.
func (w *meter) chargeBulk(out []byte, in instruction, spare uint32) []byte {
	shift := byte(0)
	if in.sub == miscMemoryInit {
		shift = bytesPerUnit
	}
	return w.chargeLength(putU32(append(out, opLocalTee), spare), spare, shift)
}

// chargeLength takes a length in a local, divided by a power of two, off the fuel.
func (w *meter) chargeLength(out []byte, local uint32, shift byte) []byte {
	out = putU32(append(out, opGlobalGet), w.fuel)
	out = putU32(append(out, opLocalGet), local)
	out = append(out, opI64ExtendU, opI64Const, shift, opI64ShrU, opI64Sub)
	return w.settle(out)
}

// settle stores the fuel that lies on the stack and looks whether it is used up.
func (w *meter) settle(out []byte) []byte {
	out = putU32(append(out, opGlobalSet), w.fuel)
	out = putU32(append(out, opGlobalGet), w.fuel)
	out = append(out, opI64Const, 0, opI64LtS, opIf, voidBlock)
	out = putU32(append(out, opCall), w.yield)
	return append(out, opEnd)
}

// enter counts a call and calls overflow, which does not return, when it is one
// too many.
func (w *meter) enter(out []byte, weight int) []byte {
	out = w.addDepth(out, weight, opI32Sub)
	out = putU32(append(out, opGlobalGet), w.depth)
	out = append(out, opI32Const, 0, opI32LtS, opIf, voidBlock)
	out = putU32(append(out, opCall), w.overflow)
	return append(out, opEnd)
}

func (w *meter) addDepth(out []byte, weight int, op byte) []byte {
	out = putU32(append(out, opGlobalGet), w.depth)
	out = putSigned(append(out, opI32Const), int64(weight))
	return putU32(append(out, op, opGlobalSet), w.depth)
}

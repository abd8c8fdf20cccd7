package rewrite

// What metered operations cost beyond one unit for the instruction. Instructions
// that do nothing when they run (block, loop, else, end, nop, drop) are free.
const (
	memoryGrowCost = 2000 // the host maps pages
	bytesPerUnit   = 3    // as a shift: copying 8 bytes costs a unit
	localsPerDepth = 16   // so many locals make a call count once more

	leafCost     = 100 // so small is a function that leaves looking to its callers
	callsPerLook = 256 // who therefore look after so many calls, wherever they are
)

// meter writes metered function bodies.
type meter struct {
	*layout
	module   *module
	yield    uint32 // index of the imported function
	overflow uint32
	fuel     uint32 // index of the global
	depth    uint32
	scratch  int // a local of the function that is written; -1 in a helper
	// blockType gives the type of a block with these results; it may add one.
	blockType func(results []byte) []byte
}

// body writes one metered function.
func (w *meter) body(b body, t FuncType, counted bool) []byte {
	s := w.measure(b.code)
	out := make([]byte, 0, len(b.decl)+len(b.code)*5/4+64)
	spare := uint32(len(t.Params) + b.locals)
	out = w.locals(out, b, &s, spare)
	if s.entryLooks() {
		out = w.charge(out, s.segments[0].pays)
	} else {
		out = w.pay(out, s.segments[0].pays)
	}
	if !counted {
		return w.instructions(out, b.code, &s, spare, false)
	}
	weight := 1 + b.locals/localsPerDepth
	out = w.enter(out, weight)
	out = append(append(out, opBlock), w.blockType(t.Results)...)
	out = w.instructions(out, b.code, &s, spare, true)
	return append(w.addDepth(out, weight, opI32Add), opEnd)
}

// locals declares the function's locals, and one or two more: to look at a length,
// or at the fuel, without losing it.
func (w *meter) locals(out []byte, b body, s *shape, spare uint32) []byte {
	groups := b.groups + 1
	if s.bulk {
		groups++
	}
	out = append(putU32(out, groups), b.decl...)
	if s.bulk {
		out = append(out, 1, I32)
		spare++
	}
	w.scratch = int(spare)
	return append(out, 1, i64Type)
}

// instructions copies code and charges on the way. With wrapped, the code stands
// in a block of its own, which its last end closes: returning means leaving it.
func (w *meter) instructions(out, code []byte, s *shape, spare uint32, wrapped bool) []byte {
	f, segments, calls := newFlow(code), s.segments[1:], 0
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
		if in.op == opCall {
			if calls++; calls%callsPerLook == 0 {
				out = w.look(w.fuelOnStack(out))
			}
		}
		if f.step(in) {
			out = w.segment(out, segments[0])
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

// entryLooks tells whether a function must look at its entry whether fuel is left.
// One that goes straight to the head of a loop looks there. Small ones that call
// nobody leave it to their callers.
func (s *shape) entryLooks() bool {
	if s.entryIsHead() {
		return false
	}
	total := 0
	for _, seg := range s.segments {
		if seg.calls || seg.loop {
			return true
		}
		total += seg.cost
	}
	return total > leafCost || s.grows || s.bulk
}

// segment pays for a segment that begins. Only function entries and loop heads look
// whether fuel is left: no guest runs for long without passing one, and looking
// makes a function slower, and much slower to compile.
func (w *meter) segment(out []byte, s segment) []byte {
	switch {
	case s.loop && s.again:
		return w.chargeHead(out, s.pays)
	case s.loop:
		return w.charge(out, s.pays)
	case s.folded || s.pays == 0:
		return out
	}
	return w.pay(out, s.pays)
}

// chargeHead charges at the head of a loop that takes nothing from the stack. When no
// fuel is left, the host is asked and the head passed again. A way on from here
// would be the obvious thing to write; but then the compiler lets two ways meet in
// the middle of the loop, one of which has lost all registers over a call, and
// shuffles values between registers and memory on the other, in every turn.
func (w *meter) chargeHead(out []byte, cost int) []byte {
	out = putU32(append(w.deduct(out, cost), opLocalTee), uint32(w.scratch))
	out = append(out, opI64Const, 0, opI64LtS, opIf, voidBlock)
	out = putU32(append(out, opLocalGet), uint32(w.scratch))
	out = putU32(append(out, opGlobalSet), w.fuel)
	out = putU32(append(out, opCall), w.yield)
	out = putSigned(append(w.fuelOnStack(out), opI64Const), int64(cost)) // it is charged again
	out = putU32(append(out, opI64Add, opGlobalSet), w.fuel)
	out = append(out, opBr, 1, opEnd)
	out = putU32(append(out, opLocalGet), uint32(w.scratch))
	return putU32(append(out, opGlobalSet), w.fuel)
}

// pay takes a fixed cost off the fuel.
func (w *meter) pay(out []byte, cost int) []byte {
	if cost == 0 {
		return out
	}
	return putU32(append(w.deduct(out, cost), opGlobalSet), w.fuel)
}

// charge takes a fixed cost off the fuel and calls yield when none is left.
func (w *meter) charge(out []byte, cost int) []byte {
	return w.settle(w.deduct(out, cost))
}

func (w *meter) fuelOnStack(out []byte) []byte { return putU32(append(out, opGlobalGet), w.fuel) }

// deduct leaves the fuel less a fixed cost on the stack.
func (w *meter) deduct(out []byte, cost int) []byte {
	out = putSigned(append(w.fuelOnStack(out), opI64Const), int64(cost))
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
	out = putU32(append(w.fuelOnStack(out), opLocalGet), local)
	out = append(out, opI64ExtendU, opI64Const, shift, opI64ShrU, opI64Sub)
	return w.settle(out)
}

// settle stores the fuel that lies on the stack and looks whether it is used up.
func (w *meter) settle(out []byte) []byte {
	if w.scratch < 0 { // a helper: it has no local for it
		out = putU32(append(out, opGlobalSet), w.fuel)
		return w.look(w.fuelOnStack(out))
	}
	out = putU32(append(out, opLocalTee), uint32(w.scratch))
	out = putU32(append(out, opGlobalSet), w.fuel)
	return w.look(putU32(append(out, opLocalGet), uint32(w.scratch)))
}

// look calls yield when the fuel on the stack is used up.
func (w *meter) look(out []byte) []byte {
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
	return append(out, opUnreachable, opEnd)
}

func (w *meter) addDepth(out []byte, weight int, op byte) []byte {
	out = putU32(append(out, opGlobalGet), w.depth)
	out = putSigned(append(out, opI32Const), int64(weight))
	return putU32(append(out, op, opGlobalSet), w.depth)
}

package rewrite

// pieceSize is how much memory is filled or copied at once: a fraction of a
// millisecond, even where the kernel must find the pages first.
const pieceSize = 1 << 20

// assembler writes a function body, an instruction a call.
type assembler struct{ code []byte }

func (a *assembler) op(ops ...byte) *assembler {
	a.code = append(a.code, ops...)
	return a
}

func (a *assembler) get(locals ...uint32) *assembler {
	for _, l := range locals {
		a.code = putU32(append(a.code, opLocalGet), l)
	}
	return a
}

func (a *assembler) set(local uint32) *assembler {
	a.code = putU32(append(a.code, opLocalSet), local)
	return a
}

func (a *assembler) i32(v int64) *assembler {
	a.code = putSigned(append(a.code, opI32Const), v)
	return a
}

func (a *assembler) call(fn uint32) *assembler {
	a.code = putU32(append(a.code, opCall), fn)
	return a
}

func (a *assembler) index(op byte, n uint32) *assembler {
	a.code = putU32(append(a.code, op), n)
	return a
}

// The parameters of the helpers that fill and copy.
const (
	toLocal = iota
	fromLocal
	sizeLocal
)

func fillOp(a *assembler) { a.op(opMisc, miscMemoryFill, 0) }
func copyOp(a *assembler) { a.op(opMisc, miscMemoryCopy, 0, 0) }

// fillBody is memory.fill in pieces: (to, value, size).
func fillBody(w *meter) []byte {
	a := &assembler{code: []byte{0}}
	w.small(a, fillOp)
	outside(a, fillOp, toLocal)
	w.pieces(a, func() {
		a.get(toLocal, fromLocal).i32(pieceSize)
		fillOp(a)
		a.get(toLocal).i32(pieceSize).op(opI32Add).set(toLocal)
		a.get(sizeLocal).i32(pieceSize).op(opI32Sub).set(sizeLocal)
	})
	a.code = w.chargeLength(a.code, sizeLocal, bytesPerUnit) // the rest
	a.get(toLocal, fromLocal, sizeLocal)
	fillOp(a)
	return a.op(opEnd).code
}

// copyBody is memory.copy in pieces: (to, from, size). Where the two overlap, the
// order of the pieces matters as that of the bytes does.
func copyBody(w *meter) []byte {
	a := &assembler{code: []byte{0}}
	w.small(a, copyOp)
	outside(a, copyOp, toLocal)
	outside(a, copyOp, fromLocal)
	a.get(toLocal, fromLocal).op(opI32GtU, opIf, voidBlock)
	w.pieces(a, func() {
		a.get(sizeLocal).i32(pieceSize).op(opI32Sub).set(sizeLocal)
		a.get(toLocal, sizeLocal).op(opI32Add).get(fromLocal, sizeLocal).op(opI32Add).i32(pieceSize)
		copyOp(a)
	})
	a.op(opElse)
	w.pieces(a, func() {
		a.get(toLocal, fromLocal).i32(pieceSize)
		copyOp(a)
		for _, l := range []uint32{toLocal, fromLocal} {
			a.get(l).i32(pieceSize).op(opI32Add).set(l)
		}
		a.get(sizeLocal).i32(pieceSize).op(opI32Sub).set(sizeLocal)
	})
	a.op(opEnd)
	a.code = w.chargeLength(a.code, sizeLocal, bytesPerUnit) // the rest
	a.get(toLocal, fromLocal, sizeLocal)
	copyOp(a)
	return a.op(opEnd).code
}

// small does what needs no pieces, and returns.
func (w *meter) small(a *assembler, do func(*assembler)) {
	a.get(sizeLocal).i32(pieceSize).op(opI32LeU, opIf, voidBlock)
	a.code = w.chargeLength(a.code, sizeLocal, bytesPerUnit)
	a.get(toLocal, fromLocal, sizeLocal)
	do(a)
	a.op(opReturn, opEnd)
}

// outside lets the instruction itself trap before anything is written when the
// range that begins at a local does not lie in memory.
func outside(a *assembler, do func(*assembler), begin uint32) {
	a.get(begin).op(opI64ExtendU).get(sizeLocal).op(opI64ExtendU, opI64Add)
	a.op(opMemorySize, 0, opI64ExtendU, opI64Const, 16, opI64Shl, opI64GtU, opIf, voidBlock)
	a.get(toLocal, fromLocal, sizeLocal)
	do(a)
	a.op(opEnd)
}

// pieces repeats what moves or fills one piece, charging for each, until no more
// than a piece is left.
func (w *meter) pieces(a *assembler, piece func()) {
	a.op(opLoop, voidBlock)
	a.code = w.charge(a.code, pieceSize>>bytesPerUnit)
	piece()
	a.get(sizeLocal).i32(pieceSize).op(opI32GtU).index(opBrIf, 0).op(opEnd)
}

// readBody waits for the input when standard input is read, then reads.
func readBody(await, read uint32) []byte {
	a := &assembler{code: []byte{0}}
	a.get(0).op(opI32Eqz, opIf, voidBlock, opLoop, voidBlock).call(await).index(opBrIf, 0).op(opEnd, opEnd)
	return a.get(0, 1, 2, 3).call(read).op(opEnd).code
}

// startBody lets the host rewind instead of starting.
func startBody(enter, start uint32) []byte {
	return (&assembler{code: []byte{0}}).call(enter).call(start).op(opEnd).code
}

package rewrite

// A segment is code that runs from its beginning to its end or not at all, but
// for a trap or an exit in its middle. Fuel is charged once for each, where it
// begins; so what a run is charged is what it has executed, not what stands in
// the functions that it passed through. (Compilers that know only jumps, such as
// Go's, put a whole function into one loop and pass its head at each jump:
// charging for all of a loop there counts a hundred times too much.)

// shape is what a first look at a body finds out.
type shape struct {
	segments []int // what each costs, in their order; the first is the function's entry
	calls    bool  // functions of the module; helpers and imports end the nesting
	bulk     bool
}

// measure counts instructions by segment. Code that can not be reached counts for
// nothing.
func measure(code []byte) shape {
	s := shape{segments: []int{0}}
	f := flow{}
	f.open(opBlock)
	for r := (&reader{data: code}); r.more(); {
		in := r.instruction()
		if !f.dead && !in.free() {
			s.segments[len(s.segments)-1]++
		}
		switch {
		case in.op == opCall, in.op == opCallIndirect:
			s.calls = true
		case in.bulk():
			s.bulk = true
		}
		if f.step(in) {
			s.segments = append(s.segments, 0)
		}
	}
	return s
}

// free reports whether an instruction only says where others are, or nothing.
func (in instruction) free() bool {
	switch in.op {
	case opNop, opBlock, opLoop, opElse, opEnd, opDrop:
		return true
	}
	return false
}

// flow follows the open blocks of a function to find where segments begin.
type flow struct {
	frames []frame
	all    int  // so many outer frames have been targeted together
	dead   bool // behind a jump, until somebody may come in from elsewhere
}

type frame struct {
	op       byte
	targeted bool // a branch leads to its end
}

func (f *flow) open(op byte) { f.frames = append(f.frames, frame{op: op}) }

// step goes past an instruction and reports whether a segment begins behind it.
func (f *flow) step(in instruction) bool {
	switch in.op {
	case opBlock, opLoop, opIf:
		f.open(in.op)
		if in.op == opBlock {
			return false
		}
	case opElse:
	case opEnd:
		if !f.close() {
			return false
		}
	case opBrIf:
		f.target(in.index)
		return !f.dead
	case opBr:
		f.target(in.index)
		f.dead = true
		return false
	case opBrTable:
		f.targetAll()
		f.dead = true
		return false
	case opReturn, opUnreachable:
		f.dead = true
		return false
	default:
		return false
	}
	f.dead = false
	return true
}

// close ends the innermost block and reports whether its end is reached from
// elsewhere than the instruction before.
func (f *flow) close() bool {
	last := len(f.frames) - 1
	b := f.frames[last]
	f.frames = f.frames[:last]
	f.all = min(f.all, last)
	return last > 0 && (b.targeted || b.op == opIf)
}

// target notes that a branch leads to the end of a block; at a loop, it leads to
// the head. The compiler refuses labels that are not there.
func (f *flow) target(label uint32) {
	if at := len(f.frames) - 1 - int(label); at >= 0 {
		f.frames[at].targeted = f.frames[at].op != opLoop
	}
}

// targetAll notes that a branch may lead to the end of any block. It looks at no
// block twice, however many such branches there are.
func (f *flow) targetAll() {
	for ; f.all < len(f.frames); f.all++ {
		f.frames[f.all].targeted = f.frames[f.all].op != opLoop
	}
}

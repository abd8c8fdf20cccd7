package rewrite

// A segment is code that runs from its beginning to its end or not at all, but
// for a trap or an exit in its middle. Fuel is charged by segments, so what a run
// is charged is what it has executed, not what stands in the functions that it
// passed through. (Compilers that know only jumps, such as Go's, put a whole
// function into one loop and pass its head at each jump: charging for all of a loop
// there counts a hundred times too much.)
//
// Real segments are short, a charge costs as much as some of them do, so short ones
// are folded: a segment that, with whatever is folded into it, costs at most
// foldedCost is paid for by all who come before it. A segment that pays for others
// pays for the dearest that may follow. So a run never pays less than it executes,
// and at most foldedCost more for each segment that pays.
//
// This is the profiling problem of where to count edges least often (Ball and
// Larus, "Optimally profiling and tracing programs", 1994), made simple by
// WebAssembly's structure: but for loop heads, which always pay, control only moves
// forward, so one walk back over the segments decides.

// foldedCost trades exactness against speed. Without folding, the Go and JavaScript
// actions of make bench-wasm take a third longer than unmetered, with it a fifth,
// while what they are charged grows by a half. Only where it is known which way is
// dear could both be had; charging the difference there cost nearly as much as not to
// fold.
const foldedCost = 32

// shape is what a first look at a body finds out.
type shape struct {
	segments []segment // in their order; the first is the function's entry
	calls    bool      // functions of the module: imports and helpers call nobody
	loops    bool
	bulk     bool
	grows    bool
}

// segment is what one costs, and what it pays.
type segment struct {
	cost   int
	pays   int   // at its beginning; 0 for one that is folded
	next   []int // segments that may follow, those that stand behind it
	loop   bool  // it begins at the head of a loop
	again  bool  // which takes nothing from the stack, so that it can be passed again
	calls  bool  // it calls somebody
	folded bool
}

// measure counts instructions by segment and decides which ones pay. Code that can
// not be reached counts for nothing.
func (w *meter) measure(code []byte) shape {
	s := shape{segments: []segment{{}}}
	f := newFlow(code)
	for r := (&reader{data: code}); r.more(); {
		in := r.instruction()
		now := &s.segments[len(s.segments)-1]
		if !f.dead && !in.free() {
			now.cost++
		}
		s.note(w, in, now)
		if !f.step(in) {
			continue
		}
		at := len(s.segments)
		s.segments = append(s.segments, segment{loop: in.op == opLoop, again: in.op == opLoop && w.module.takesNothing(in)})
		for _, from := range f.arrivals(at) {
			s.segments[from].next = append(s.segments[from].next, at)
		}
	}
	s.fold()
	return s
}

func (s *shape) note(w *meter, in instruction, now *segment) {
	switch {
	case in.op == opCall && int(in.fn) < len(w.module.imports):
		now.calls = true
	case in.op == opCall, in.op == opCallIndirect:
		s.calls, now.calls = true, true
	case in.op == opLoop:
		s.loops = true
	case in.op == opMemoryGrow:
		s.grows = true
	case in.bulk():
		s.bulk = true
	}
}

// fold decides from behind: whoever follows is decided already.
func (s *shape) fold() {
	for at := len(s.segments) - 1; at >= 0; at-- {
		now := &s.segments[at]
		now.pays = now.cost
		for _, next := range now.next {
			if f := &s.segments[next]; f.folded {
				now.pays = max(now.pays, now.cost+f.pays)
			}
		}
		now.folded = at > 0 && !now.loop && now.pays <= foldedCost
	}
	s.foldEntry()
}

// entryCost is how much the head of a loop may pay in each turn for a function's
// entry.
const entryCost = 8

// foldEntry lets the head of a loop that a function goes straight to pay for the
// entry too. Go's compiler makes nearly all functions so.
func (s *shape) foldEntry() {
	first := &s.segments[0]
	if s.entryIsHead() && first.cost <= entryCost {
		s.segments[first.next[0]].pays += first.cost
		first.pays = 0
	}
}

// entryIsHead tells whether a function goes straight to the head of a loop.
func (s *shape) entryIsHead() bool {
	first := &s.segments[0]
	return !first.calls && len(first.next) == 1 && s.segments[first.next[0]].loop
}

// takesNothing reports whether a block has no parameters.
func (m *module) takesNothing(in instruction) bool {
	return in.blockType < 0 || len(m.types[in.blockType].Params) == 0
}

// free reports whether an instruction only says where others are, or nothing.
func (in instruction) free() bool {
	switch in.op {
	case opNop, opBlock, opLoop, opElse, opEnd, opDrop:
		return true
	}
	return false
}

// flow follows the open blocks of a function to find where segments begin, and from
// where they are reached.
type flow struct {
	code    []byte
	frames  []frame
	dead    bool  // behind a jump, until somebody may come in from elsewhere
	current int   // the segment that is walked through
	arrive  []int // segments that lead to the one that begins now
}

type frame struct {
	op byte
	// leave are segments that lead to the block's end. Of a loop nothing is kept: a
	// branch leads back to its head.
	leave []int
	// skip is the segment whose if leads to the else, or to the end without one; -1
	// when that is settled.
	skip int
}

func newFlow(code []byte) *flow { return &flow{code: code, frames: []frame{{op: opBlock, skip: -1}}} }

// step goes past an instruction and reports whether a segment begins behind it.
func (f *flow) step(in instruction) bool {
	f.arrive = f.arrive[:0]
	switch in.op {
	case opBlock:
		f.frames = append(f.frames, frame{op: opBlock, skip: -1})
		return false
	case opLoop:
		f.frames = append(f.frames, frame{op: opLoop, skip: -1})
		f.fallThrough()
	case opIf:
		f.frames = append(f.frames, frame{op: opIf, skip: f.reachable()})
		f.fallThrough()
	case opElse:
		f.enterElse()
	case opEnd:
		return f.close()
	case opBrIf:
		f.target(in.index)
		f.fallThrough()
		return !f.dead
	case opBr, opBrTable:
		f.targets(in)
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

// reachable is the current segment, or -1 in code that can not be reached.
func (f *flow) reachable() int {
	if f.dead {
		return -1
	}
	return f.current
}

func (f *flow) fallThrough() {
	if !f.dead {
		f.arrive = append(f.arrive, f.current)
	}
}

// enterElse ends the first half of an if, which goes on behind its end.
func (f *flow) enterElse() {
	if len(f.frames) == 0 {
		return
	}
	b := &f.frames[len(f.frames)-1]
	if !f.dead {
		b.leave = append(b.leave, f.current)
	}
	if b.skip >= 0 {
		f.arrive, b.skip = append(f.arrive, b.skip), -1
	}
	if b.op == opIf {
		b.op = opElse
	}
}

// close ends the innermost block and reports whether its end is reached from
// elsewhere than the instruction before.
func (f *flow) close() bool {
	last := len(f.frames) - 1
	b := f.frames[last]
	f.frames = f.frames[:last]
	if last == 0 || len(b.leave) == 0 && b.op != opIf && b.op != opElse {
		return false
	}
	f.fallThrough()
	f.arrive = append(f.arrive, b.leave...)
	if b.skip >= 0 {
		f.arrive = append(f.arrive, b.skip)
	}
	f.dead = false
	return true
}

// target notes that the current segment leads to the end of a block. Loops are left
// out, and so is the function's own end.
func (f *flow) target(label uint32) {
	at := len(f.frames) - 1 - int(label)
	if f.dead || at < 0 || f.frames[at].op == opLoop {
		return
	}
	if leave := &f.frames[at].leave; len(*leave) == 0 || (*leave)[len(*leave)-1] != f.current {
		*leave = append(*leave, f.current)
	}
}

// targets notes all labels of a jump.
func (f *flow) targets(in instruction) {
	if in.op == opBr {
		f.target(in.index)
		return
	}
	r := &reader{data: f.code, pos: in.start + 1}
	for n := r.u32() + 1; n > 0 && r.ok(); n-- { // the default is one more
		f.target(r.u32())
	}
}

// arrivals tells who leads to the segment that begins now.
func (f *flow) arrivals(begins int) []int {
	f.current = begins
	return f.arrive
}

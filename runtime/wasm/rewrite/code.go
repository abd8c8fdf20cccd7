package rewrite

import "fmt"

// maxPages is the largest memory that 32-bit addresses reach, in pages.
const maxPages = 65_536

func (m *module) readCode(r *reader, l Limits) {
	m.graph = newCallGraph(m)
	for _, fn := range m.taken {
		m.graph.take(fn)
	}
	for n := r.count("functions", l.Functions); n > 0 && r.ok(); n-- {
		size := r.u32()
		if uint64(size) > uint64(l.Body) {
			r.fail(m.overLimit("%d bytes of code", int(size), l.Body))
			return
		}
		if len(m.bodies) == len(m.funcs) {
			r.failf("the module defines more functions than it declares")
			return
		}
		m.graph.calls = append(m.graph.calls, nil)
		b, err := m.readBody(r.bytes(size), l)
		if r.err == nil && err != nil {
			r.fail(err)
		}
		m.bodies = append(m.bodies, b)
	}
}

// overLimit names the function that is read right now.
func (m *module) overLimit(what string, n, limit int) error {
	return fmt.Errorf("function %d has "+what+", the limit is %d", m.importedFuncs()+len(m.bodies), n, limit)
}

func (m *module) readBody(data []byte, l Limits) (body, error) {
	r := &reader{data: data}
	b := body{groups: r.u32()}
	start, locals := r.pos, uint64(0)
	for n := b.groups; n > 0 && r.ok(); n-- {
		locals += uint64(r.u32())
		r.valueType()
		if locals > uint64(l.Locals) { // at once: the sum must not wrap, nor the loop run on
			return b, m.overLimit("%d locals", int(locals), l.Locals)
		}
	}
	b.decl, b.locals = r.since(start), int(locals)
	if r.err == nil {
		b.code = data[r.pos:]
	}
	return b, m.checkCode(r, m.params()+b.locals, l)
}

// params is how many parameters the function has that is read right now.
func (m *module) params() int {
	if at := len(m.bodies); at < len(m.funcs) && int(m.funcs[at]) < len(m.types) {
		return len(m.types[m.funcs[at]].Params)
	}
	return 0
}

// meteredBranches is how many branches a charge with a look counts as: it adds a
// test, a call and where both meet, and what it changes is alive in all of them.
// The compiler's effort grows with the square of that, and can not be stopped
// within a function. Measured on two shared cores: 5,000 loops in one function
// took 17 s, 2,500 take 1.2 s. A charge without a look counts once, with the
// segment that it begins: 20,000 empty ifs took 12 s, 10,000 take 2 s.
const meteredBranches = 7

// checkMerges bounds what the compiler must remember: where paths meet, it joins
// every local that both may have changed. A million such pairs take 2 s and
// 200 MB.
func (m *module) checkMerges(locals, branches int, l Limits) error {
	if int64(locals)*int64(branches) > l.Merges {
		return fmt.Errorf("function %d has %d locals and %d branches, the limit of their product is %d",
			m.importedFuncs()+len(m.bodies), locals, branches, l.Merges)
	}
	return nil
}

// checkCode walks over a function's instructions once and measures what the
// compiler's effort depends on.
func (m *module) checkCode(r *reader, locals int, l Limits) error {
	depth, branches, ended := 1, 0, false
	for r.more() {
		if ended {
			return fmt.Errorf("function %d goes on after its end", m.importedFuncs()+len(m.bodies))
		}
		var in instruction
		r.decode(&in)
		if err := m.foreign(in, locals, depth); err != nil && r.err == nil {
			r.fail(err)
		}
		if r.err == nil {
			m.graph.note(in)
		}
		m.note(in)
		switch {
		case in.op == opLoop:
			depth++
			branches += 1 + meteredBranches
		case in.op == opIf:
			depth++
			branches += 3 // where it begins and ends, and what stands between
		case in.op == opBlock:
			depth++
			branches++
		case in.op == opElse:
			branches++
		case in.op == opEnd:
			depth--
			ended = depth == 0
		case in.op == opMemoryGrow, in.bulk(), in.long():
			branches += meteredBranches
		case in.op == opBrIf:
			branches += 2
		case in.op == opBrTable:
			branches += 1 + in.targets
		case in.op == opCallIndirect: // three checks, each with a way out
			branches += 3
		}
		if depth > l.Nesting {
			return m.overLimit("%d nested blocks", depth, l.Nesting)
		}
		if branches > l.Branches {
			return m.overLimit("%d branches", branches, l.Branches)
		}
	}
	if r.err == nil && !ended {
		r.fail(errTruncated)
	}
	if r.err != nil {
		return fmt.Errorf("function %d: %w", m.importedFuncs()+len(m.bodies), r.err)
	}
	return m.checkMerges(locals, branches, l)
}

// note remembers what the rewriter must know before it begins.
func (m *module) note(in instruction) {
	m.uses.instructions++
	m.uses.fill = m.uses.fill || in.long() && in.sub == miscMemoryFill
	m.uses.copy = m.uses.copy || in.long() && in.sub == miscMemoryCopy
	if m.uses.state == nil && m.keepsState(in) {
		fn := m.importedFuncs() + len(m.bodies)
		m.uses.state = &fn
	}
}

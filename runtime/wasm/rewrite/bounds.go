package rewrite

import (
	"fmt"
	"strings"
	"unicode"
)

// Whatever a module names must be its own. The rewritten module has functions,
// globals, locals and a block more, behind its own; the compiler, which sees only
// that one, would let a guest fill its fuel up again, forget its depth or leave
// without giving it back.

// funcCount is how many functions the module imports and defines.
func (m *module) funcCount() int { return len(m.imports) + len(m.funcs) }

// foreign says what an instruction names that is not there; nil when all of it is.
// locals include the parameters, and depth counts the open blocks, the function's
// own among them.
func (m *module) foreign(in instruction, locals, depth int) error {
	switch op := in.op; {
	case op >= 0x28: // most instructions
		if op == opRefFunc {
			return missing("function", int64(in.fn), m.funcCount())
		}
	case op >= opLocalGet && op <= opLocalTee:
		return missing("local", int64(in.index), locals)
	case op == opGlobalGet, op == opGlobalSet:
		return missing("global", int64(in.index), len(m.globals))
	case op == opBr, op == opBrIf, op == opBrTable:
		return missing("label", int64(in.index), depth)
	case op == opCall:
		return missing("function", int64(in.fn), m.funcCount())
	case op == opCallIndirect, in.opens() && in.blockType >= 0:
		return missing("type", in.blockType, len(m.types))
	}
	return nil
}

func missing(what string, n int64, count int) error {
	if n < int64(count) {
		return nil
	}
	return fmt.Errorf("there is no %s %d", what, n)
}

// constant reads a constant expression and checks what it names.
func (m *module) constant(r *reader) []byte {
	expr := r.expression()
	for e := (&reader{data: expr}); e.more(); {
		in := e.instruction()
		if err := m.foreign(in, 0, 1); err != nil {
			r.fail(err)
			return nil
		}
		if in.op == opRefFunc {
			m.taken = append(m.taken, in.fn)
		}
	}
	return expr
}

// ownFunc is for lists of functions.
func (m *module) ownFunc(r *reader) func(uint32) uint32 {
	return func(fn uint32) uint32 {
		if int64(fn) >= int64(m.funcCount()) {
			r.failf("there is no function %d", fn)
			return 0
		}
		m.taken = append(m.taken, fn)
		return fn
	}
}

// checkExports checks that what is exported and started is there.
func (m *module) checkExports() error {
	memories := 0
	if m.memory != nil {
		memories = 1
	}
	counts := []int{KindFunc: m.funcCount(), KindTable: len(m.tables), KindMemory: memories, KindGlobal: len(m.globals)}
	for _, e := range m.exports {
		if int(e.Kind) >= len(counts) {
			return fmt.Errorf("export %q is of the unknown kind %d", short(e.Name), e.Kind)
		}
		if int64(e.index) >= int64(counts[e.Kind]) {
			return fmt.Errorf("export %q leads to nothing: there is no %s %d", short(e.Name), kindName(e.Kind), e.index)
		}
	}
	if m.start != nil && int64(*m.start) >= int64(m.funcCount()) {
		return fmt.Errorf("the module starts function %d, which is not there", *m.start)
	}
	return nil
}

func kindName(kind byte) string { return []string{"function", "table", "memory", "global"}[kind] }

// short makes a name fit for a message: its length and what is in it are the
// module's choice.
func short(name string) string {
	const most = 100
	if len(name) > most {
		name = name[:most] + "..."
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, name)
}

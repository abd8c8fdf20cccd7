package rewrite

// layout says which index everything has in the rewritten module: imports come
// before the module's own functions, helpers and added globals behind them.
type layout struct {
	own      uint32 // the module's first own function, as it was
	imports  []string
	helpers  []helper
	globals  int // the module's own
	touched  bool
	read     int // the import that reads, if it is wrapped; else -1
	readBy   uint32
	started  int // the export _start, if it is wrapped; else -1
	startBy  uint32
	fill     uint32 // helpers, where they are needed
	copy     uint32
	afterOwn uint32 // the first helper
}

// helper is a function that Rewrite adds.
type helper struct {
	typ  FuncType
	body func(w *meter) []byte
}

// newLayout decides what is added.
func newLayout(m *module, o Options) *layout {
	l := &layout{own: uint32(len(m.imports)), globals: len(m.globals), touched: m.uses.state != nil,
		imports: []string{YieldImport, OverflowImport}, read: -1, started: -1}
	start := m.findStart()
	checkpoint := o.Checkpoint && m.findRead() >= 0 && start >= 0
	if checkpoint {
		l.imports = append(l.imports, EnterImport, AwaitImport)
	}
	l.afterOwn = l.own + uint32(len(l.imports)+len(m.funcs))
	if m.uses.fill {
		l.fill = l.add(helper{FuncType{Params: []byte{I32, I32, I32}}, fillBody})
	}
	if m.uses.copy {
		l.copy = l.add(helper{FuncType{Params: []byte{I32, I32, I32}}, copyBody})
	}
	if checkpoint {
		l.wrap(m, start)
	}
	return l
}

// wrap puts the checkpoint's functions before the program's start and before what
// it reads with.
func (l *layout) wrap(m *module, start int) {
	read, entry := uint32(m.findRead()), l.moved(m.exports[start].index)
	l.readBy = l.add(helper{FuncType{Params: []byte{I32, I32, I32, I32}, Results: []byte{I32}},
		func(*meter) []byte { return readBody(l.imported(AwaitImport), read) }})
	l.startBy = l.add(helper{FuncType{}, func(*meter) []byte { return startBody(l.imported(EnterImport), entry) }})
	l.read, l.started = int(read), start
}

func (l *layout) add(h helper) uint32 {
	l.helpers = append(l.helpers, h)
	return l.afterOwn + uint32(len(l.helpers)) - 1
}

// moved tells where a function's index went.
func (l *layout) moved(fn uint32) uint32 {
	switch {
	case int(fn) == l.read:
		return l.readBy
	case fn < l.own:
		return fn
	}
	return fn + uint32(len(l.imports))
}

// imported returns the index of an import that was added.
func (l *layout) imported(name string) uint32 {
	for i, n := range l.imports {
		if n == name {
			return l.own + uint32(i)
		}
	}
	panic("rewrite: " + name + " is not among the added imports")
}

// The indexes of added globals.
func (l *layout) fuelGlobal() uint32    { return uint32(l.globals) }
func (l *layout) depthGlobal() uint32   { return uint32(l.globals) + 1 }
func (l *layout) touchedGlobal() uint32 { return uint32(l.globals) + 2 }

// findRead returns the index of the import that reads standard input, or -1. One
// of another type is nobody's: the linker will refuse it.
func (m *module) findRead() int {
	for i, im := range m.imports {
		if im.Module == "wasi_snapshot_preview1" && im.Name == "fd_read" {
			t := m.types[im.typeIndex]
			if string(t.Params) == string([]byte{I32, I32, I32, I32}) && string(t.Results) == string([]byte{I32}) {
				return i
			}
		}
	}
	return -1
}

// findStart returns the number of the export _start, or -1. A function of another
// type is not how a program starts.
func (m *module) findStart() int {
	for i, x := range m.exports {
		if x.Name != "_start" || x.Kind != KindFunc {
			continue
		}
		if t, ok := m.funcType(x.index); ok && len(t.Params)+len(t.Results) == 0 {
			return i
		}
	}
	return -1
}

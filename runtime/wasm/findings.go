package wasm

import (
	"slices"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm/rewrite"
)

// findings are what checking and rewriting a module found out: all that loading it
// needs beside the host functions and its machine code. The cache keeps them, so
// whatever changes in them or in how they are found changes findingsVersion too.
type findings struct {
	Info        Info
	Imports     []rewrite.Import
	Globals     []string // exports to restore
	Starts      []string // what an Extism plugin wants called first, besides
	MemoryPages uint32   // that the module may have, as it says itself
	HasMemory   bool
	HasStart    bool
	HasRead     bool // it imports what reads standard input
	Checkpoints bool // programs are frozen
	Touches     bool // it may change what can not be put back
	Initializes bool
	WarmsUp     bool
	Proved      bool // it has been started once, and that succeeded

	code     []byte // rewritten
	recorded bool   // they come from the cache, and so does the machine code
}

// findingsVersion must rise when the same module leads to other findings.
const findingsVersion = 2

// examine checks and rewrites a module.
func (e *Engine) examine(code []byte) (*findings, error) {
	s, err := checked(code, e.limits)
	if err != nil {
		return nil, err
	}
	info, err := describe(code, s)
	if err != nil {
		return nil, err
	}
	if err := e.checkImports(s.Imports); err != nil {
		return nil, err
	}
	return find(s, info, rewrite.Options{Checkpoint: info.Kind == Command && !e.interprets}), nil
}

func checked(code []byte, l rewrite.Limits) (*rewrite.Summary, error) {
	s, err := rewrite.Check(code, l)
	if err != nil {
		return nil, automation.Invalid("the module is refused").WithCode("invalid_module").Because(err)
	}
	return s, nil
}

// find rewrites a module that was checked.
func find(s *rewrite.Summary, info Info, o rewrite.Options) *findings {
	out := rewrite.Rewrite(s, o)
	exports := func(name string) bool {
		return slices.ContainsFunc(s.Exports, func(x rewrite.Export) bool { return x.Kind == rewrite.KindFunc && x.Name == name })
	}
	f := &findings{
		Info: info, Imports: s.Imports, Globals: out.Globals, MemoryPages: s.MemoryMax, HasMemory: s.HasMemory,
		HasStart: out.HasStart, HasRead: s.ReadsInput, Checkpoints: out.Checkpoint, Touches: out.Touches,
		Initializes: exports(exportInitialize), WarmsUp: exports(exportWarmup), code: out.Code,
	}
	if info.Kind == Extism {
		f.WarmsUp = false // of a plugin, that is an action as any other
		f.Starts = pluginStarts(exports)
	}
	return f
}

package wasm

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm/rewrite"
)

// pageSize is the unit that guest memory grows by.
const pageSize = 65_536

// undeclared is the most memory, in pages, of a module that names no maximum.
const undeclared = 65_536

// Names with a meaning of their own.
const (
	exportStart      = "_start"
	exportInitialize = "_initialize"
	exportWarmup     = "warmup"
	moduleSquall     = "squall"
	moduleHost       = "squall:host"
	moduleWASI       = "wasi_snapshot_preview1"
	moduleExtism     = "extism:host/env"
	moduleExtismUser = "extism:host/user"
)

// Inspect says what a module is without running any of it. What could be found
// out stands in Info also beside an error.
func Inspect(code []byte) (Info, error) {
	info, _, err := inspect(code, rewrite.DefaultLimits())
	return info, err
}

func inspect(code []byte, l rewrite.Limits) (Info, []rewrite.Import, error) {
	s, err := checked(code, l)
	if err != nil {
		return Info{}, nil, err
	}
	info, err := describe(code, s)
	return info, s.Imports, err
}

// Describe says what a module is, whatever it imports. One that was loaded before is
// not checked again when there is a CacheDir.
func (e *Engine) Describe(code []byte) (Info, error) {
	info, _, err := e.describe(code)
	return info, err
}

func (e *Engine) describe(code []byte) (Info, []rewrite.Import, error) {
	if r := e.records.read(code); r != nil {
		return r.Findings.Info, r.Findings.Imports, nil
	}
	return inspect(code, e.limits)
}

// Inspect says what a module is, and which of its imports this engine does not
// answer. It checks less than Load: nothing is compiled, and nothing runs.
func (e *Engine) Inspect(code []byte) (Info, error) {
	info, imports, err := e.describe(code)
	for _, im := range imports {
		if unknown := e.checkImport(im); unknown != nil {
			info.UnknownImports = append(info.UnknownImports, im.Module+"."+im.Name)
			err = errors.Join(err, unknown)
		}
	}
	info.UnknownImports = unique(info.UnknownImports)
	return info, err
}

func describe(code []byte, s *rewrite.Summary) (Info, error) {
	sum := sha256.Sum256(code)
	info := Info{
		Size: len(code), SHA256: hex.EncodeToString(sum[:]), MemoryMin: int64(s.MemoryMin) * pageSize,
		Functions: s.Functions, Instructions: s.Instructions,
		Exports: []string{}, Imports: []string{}, HostFunctions: []string{},
	}
	if s.MemoryMax < undeclared {
		info.MemoryMax = int64(s.MemoryMax) * pageSize
	}
	for _, im := range s.Imports {
		info.Imports = append(info.Imports, im.Module+"."+im.Name)
		if im.Module == moduleHost || im.Module == moduleExtismUser {
			info.HostFunctions = append(info.HostFunctions, im.Name)
		}
	}
	info.HostFunctions = unique(info.HostFunctions)
	info.Imports = unique(info.Imports)
	return info, classify(&info, s)
}

// classify finds out how a module is called. An import of Extism's makes a plugin,
// else an exported _start makes a command, whatever else is there.
func classify(info *Info, s *rewrite.Summary) error {
	if isPlugin(s) {
		return classifyPlugin(info, s)
	}
	for _, x := range s.Exports {
		t, ok := s.FuncType(x)
		if x.Kind == rewrite.KindFunc && x.Name == exportStart {
			if !ok || len(t.Params)+len(t.Results) > 0 { // it could never be called
				return automation.Invalid("the module exports a _start that takes or gives something").WithCode("invalid_module").
					WithHint("build a WASI command: its _start has no parameters and no results")
			}
			info.Kind, info.Why = Command, "it exports _start"
			if info.Resettable = s.ReadsInput; !s.ReadsInput {
				info.ResetWhy = "each run starts from the beginning: it never reads standard input, where it could be frozen"
			}
			return nil
		}
		if ok && isAction(x.Name, t) {
			info.Exports = append(info.Exports, x.Name)
		}
	}
	if len(info.Exports) == 0 {
		return automation.Invalid("the module exports neither _start nor a function without parameters that returns an i32").
			WithCode("invalid_module").
			WithHint("build a WASI command, or export one function per action: sdk/README.md shows both")
	}
	info.Kind, info.Why = Reactor, "it exports functions for actions and no _start"
	sayReset(info, s)
	slices.Sort(info.Exports)
	return nil
}

// sayReset tells what happens after a run of a module that is started once.
func sayReset(info *Info, s *rewrite.Summary) {
	if info.Resettable = s.Unrestorable == ""; !info.Resettable {
		info.ResetWhy = "its memory is put back; but when a run changes what can not be (" + s.Unrestorable +
			"), the next one gets a fresh copy of the frozen state, copied on write"
	}
}

func isAction(name string, t rewrite.FuncType) bool {
	return name != exportInitialize && name != exportWarmup &&
		len(t.Params) == 0 && len(t.Results) == 1 && t.Results[0] == rewrite.I32
}

func unique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

package wasm

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/wasm/rewrite"
)

// pageSize is the unit that guest memory grows by.
const pageSize = 65_536

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

// Inspect says what a module is without running any of it.
func Inspect(code []byte) (Info, error) {
	s, err := rewrite.Check(code, rewrite.DefaultLimits())
	if err != nil {
		return Info{}, automation.Invalid("the module is refused").WithCode("invalid_module").Because(err)
	}
	return describe(code, s)
}

func describe(code []byte, s *rewrite.Summary) (Info, error) {
	sum := sha256.Sum256(code)
	info := Info{
		Size: len(code), SHA256: hex.EncodeToString(sum[:]), MemoryMin: int64(s.MemoryMin) * pageSize,
		Exports: []string{}, Imports: []string{}, HostFunctions: []string{},
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
		if x.Kind == rewrite.KindFunc && x.Name == exportStart {
			info.Kind, info.Why = Command, "it exports _start"
			return nil
		}
		if t, ok := s.FuncType(x); ok && isAction(x.Name, t) {
			info.Exports = append(info.Exports, x.Name)
		}
	}
	if len(info.Exports) == 0 {
		return automation.Invalid("the module exports neither _start nor a function without parameters that returns an i32").
			WithCode("invalid_module").
			WithHint("build a WASI command, or export one function per action: sdk/README.md shows both")
	}
	info.Kind, info.Why = Reactor, "it exports functions for actions and no _start"
	info.Resettable = s.Unrestorable == ""
	if !info.Resettable {
		info.Why += "; each run gets a fresh instance, because " + s.Unrestorable
	}
	slices.Sort(info.Exports)
	return nil
}

func isAction(name string, t rewrite.FuncType) bool {
	return name != exportInitialize && name != exportWarmup &&
		len(t.Params) == 0 && len(t.Results) == 1 && t.Results[0] == rewrite.I32
}

func unique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

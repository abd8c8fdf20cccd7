package automation

// ModuleKind is how a module of WebAssembly is called.
type ModuleKind string

// The kinds of guest; sdk/README.md is their contract.
const (
	ModuleCommand ModuleKind = "command" // WASI preview 1 program: JSON on stdin, JSON on stdout
	ModuleReactor ModuleKind = "reactor" // our bulk ABI: one export per action
	ModuleExtism  ModuleKind = "extism"  // Extism plug-in: one export per action
)

// ModuleInfo says what a module is, without running any of it.
type ModuleInfo struct {
	// Kind is how it is called, Why what makes it so. Kind is empty when the
	// module can not serve as an action.
	Kind   ModuleKind `json:"kind"`
	Why    string     `json:"why"`
	Size   int        `json:"size"`   // bytes
	SHA256 string     `json:"sha256"` // hexadecimal
	// Exports are the functions that may serve as actions; empty for a command,
	// which serves any.
	Exports []string `json:"exports"`
	Imports []string `json:"imports"` // "module.name"
	// HostFunctions are the host functions that it imports by name. A module may
	// also ask for one by name while it runs; the pack's rights bound both.
	HostFunctions []string `json:"host_functions"`
	// UnknownImports are those that no server answers: a module with some does not
	// load.
	UnknownImports []string `json:"unknown_imports,omitempty"`
	// MemoryMin is what it begins with, in bytes; zero without a memory. MemoryMax
	// is the most that it declares; zero when it declares none. What a run may use
	// is the smaller of this and the run's limit.
	MemoryMin int64 `json:"memory_min"`
	MemoryMax int64 `json:"memory_max,omitempty"`
	// Functions and Instructions count what it defines.
	Functions    int `json:"functions"`
	Instructions int `json:"instructions"`
	// Resettable tells that its instances are put back after a run and used again,
	// whatever the run did. Otherwise ResetWhy says what happens instead, and why.
	Resettable bool   `json:"resettable"`
	ResetWhy   string `json:"reset_why,omitempty"`
}

// PackModule is a module of a pack.
type PackModule struct {
	File string `json:"file"` // inside the pack
	// Actions are those that it serves.
	Actions []Ref `json:"actions"`
	ModuleInfo
	// ExportsLeftOut is how many of its exports are not listed: a status is sent to
	// every watcher, and a module may have a hundred thousand.
	ExportsLeftOut int `json:"exports_left_out,omitempty"`
}

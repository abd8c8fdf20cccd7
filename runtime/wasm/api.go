package wasm

import (
	"context"
	"encoding/json"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// Kind is how a module is called.
type Kind string

// The kinds of guest; sdk/README.md is their contract.
const (
	Command Kind = "command" // WASI preview 1 program: JSON on stdin, JSON on stdout
	Reactor Kind = "reactor" // our bulk ABI: one export per action
	Extism  Kind = "extism"  // Extism plugin: one export per action
)

// Info says what a module is.
type Info struct {
	Kind          Kind     `json:"kind"`
	Why           string   `json:"why"` // why it is of that kind
	Size          int      `json:"size"`
	SHA256        string   `json:"sha256"`
	Exports       []string `json:"exports"` // functions that may serve as actions; empty for a command, which serves any
	Imports       []string `json:"imports"` // "module.name"
	HostFunctions []string `json:"host_functions"`
	MemoryMin     int64    `json:"memory_min"` // bytes
	Resettable    bool     `json:"resettable"` // false: every run gets a fresh instance
}

// Call is one execution of a module.
type Call struct {
	Export string          // the function, or the action's name for a command
	Input  json.RawMessage // the parameters: one JSON object
	Caller hostfuncs.Caller
	Limits automation.Limits // all set
}

// Result is how an execution of a module ended. Code is empty when it succeeded.
type Result struct {
	Code    automation.FailureCode
	Message string
	Trace   string // guest stack, trimmed
	Output  json.RawMessage
	// OutputText is set when the output was not JSON; Output is then that text as
	// a JSON string.
	OutputText bool
	Usage      automation.Usage
	HostCalls  []automation.HostCall
}

// Caller is what runs a module; *Module implements it.
//
// Call blocks until the guest has ended. It returns an error only when the
// platform could not find out what the guest would have said; everything the
// guest does, traps and limits included, is a Result. Canceling ctx stops the
// guest: the cause context.Canceled gives code "canceled", a deadline "timeout".
type Caller interface {
	Call(ctx context.Context, call Call) (Result, error)
}

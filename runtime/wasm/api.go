package wasm

import (
	"context"
	"encoding/json"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// Kind is how a module is called.
type Kind = automation.ModuleKind

// The kinds of guest; sdk/README.md is their contract.
const (
	Command = automation.ModuleCommand
	Reactor = automation.ModuleReactor
	Extism  = automation.ModuleExtism
)

// Info says what a module is.
type Info = automation.ModuleInfo

// Call is one execution of a module.
type Call struct {
	Export string          // the function, or the action's name for a command
	Input  json.RawMessage // the parameters: one JSON object
	Caller hostfuncs.Caller
	Limits automation.Limits // all set
	// Buffer, when it is large enough, holds the output: a caller that passes it
	// again and again saves an allocation per call.
	Buffer []byte
	// Record asks for a tape of the run.
	Record bool
	// Replay runs the guest from a tape: it is told what another run was told, and
	// nothing of the world is asked. The module must have been loaded with the tape's
	// Start. A host call that is not on the tape ends the run with code "diverged".
	Replay *automation.Tape
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
	// Tape is there if it was asked for, Difference if a replay differs.
	Tape       *automation.Tape
	Difference *Difference
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

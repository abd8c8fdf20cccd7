package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/budget"
	"github.com/squall-dev/squall/runtime/wasm"
)

// Lease is the right to run an action's module once, with what its pack may do.
// The pack's generation stays alive until Release.
type Lease struct {
	Module  wasm.Caller
	Export  string
	Grants  automation.Capabilities
	Config  map[string]any
	Limits  automation.Limits // all set
	Pack    string
	Digest  string
	Release func()
	// Bind makes Grants those of one execution; nil when they depend on no event.
	// Without an occasion a person started it.
	Bind func(o *Occasion, note func(format string, args ...any)) automation.Capabilities
	// Hide takes the values that the job's parameters and the pack's configuration
	// declare as secret out of a text. It is nil, or gives nil, when there are none.
	Hide func(input json.RawMessage) func(string) string
	// Ceiling is what the operator grants the pack; nil leaves it what it asks for.
	Ceiling *automation.Capabilities
}

// Occasion is the event that an execution was started by.
type Occasion struct {
	Payload  json.RawMessage
	Received time.Time
}

// modules lends the module of an action.
type modules interface {
	Acquire(action automation.Ref) (Lease, error)
}

// Wasm runs actions whose code is a Wasm module.
type Wasm struct {
	modules modules
	guard   guard
	vault   vault
}

// vault has secrets, and takes them out of what is said; *vault.Vault implements it.
type vault interface {
	hostfuncs.SecretSource
	Scrub([]byte) []byte
	ScrubText(string) string
}

// guard is asked before a guest changes something; *budget.Guard implements it.
type guard interface {
	Ask(budget.Call) (settle func(error), err error)
}

var _ Runner = (*Wasm)(nil)

// NewWasm makes a runner that borrows modules. Without a guard guests may change
// what their packs may change, as often as they like; without a vault there are no
// secrets.
func NewWasm(m modules, g guard, v vault) *Wasm { return &Wasm{m, g, v} }

// Run runs one job in a sandbox of its own.
func (w *Wasm) Run(ctx context.Context, job Job) (Result, error) {
	lease, err := w.modules.Acquire(job.Action)
	if err != nil {
		return Result{Code: automation.CodeUnknownAction, Message: err.Error(), Hint: automation.HintOf(err)}, nil
	}
	defer lease.Release()
	if lease.Hide != nil {
		if hide := lease.Hide(job.Input); hide != nil {
			w = &Wasm{w.modules, w.guard, hiding{w.vault, hide}}
		}
	}
	job = w.discreet(job)
	if lease.Bind != nil {
		if err := bind(ctx, job, &lease); err != nil {
			return Result{}, fmt.Errorf("run %s: %w", job.Action, err)
		}
	}
	who := w.caller(ctx, job, lease)
	defer keepAppended(job, who.Appends)
	res, err := lease.Module.Call(ctx, wasm.Call{
		Export: lease.Export, Input: job.Input, Limits: lease.Limits,
		Caller: who, Record: true,
	})
	if errors.Is(err, automation.ErrUnavailable) { // people can do something about it
		return Result{Code: automation.CodeInternal, Message: err.Error(), Hint: automation.HintOf(err)}, nil
	}
	if err != nil {
		return Result{}, fmt.Errorf("run %s: %w", job.Action, err)
	}
	res.Usage.PackName, res.Usage.PackDigest, res.Usage.Limits = lease.Pack, lease.Digest, lease.Limits
	return w.scrubbed(Result{
		Code: res.Code, Message: res.Message, Hint: hint(res.Code, lease), Trace: res.Trace, Output: res.Output,
		Usage: res.Usage, HostCalls: res.HostCalls, Tape: res.Tape,
	}), nil
}

// keepAppended keeps what the attempt was still writing. What can not be kept is said
// in the log: the attempt itself has ended.
func keepAppended(job Job, a *hostfuncs.Appends) {
	for name, err := range a.CloseAll() {
		if job.Log != nil {
			job.Log(automation.LevelError, fmt.Sprintf("artifact %s could not be kept: %v", name, err))
		}
	}
}

// bind narrows rights that depend on the job's event.
func bind(ctx context.Context, job Job, lease *Lease) error {
	var o *Occasion
	if job.Event != "" && job.Occasion != nil {
		var err error
		if o, err = job.Occasion(ctx); err != nil {
			return fmt.Errorf("read the event that rights are bound to: %w", err)
		}
	}
	lease.Grants = lease.Bind(o, func(format string, args ...any) {
		if job.Log != nil {
			job.Log(automation.LevelWarning, fmt.Sprintf(format, args...))
		}
	})
	return nil
}

func (w *Wasm) caller(ctx context.Context, job Job, lease Lease) hostfuncs.Caller {
	deadline := time.Now().Add(lease.Limits.Timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	who := hostfuncs.Caller{
		Pack: lease.Pack, Action: job.Action, Execution: job.Execution, Attempt: job.Attempt,
		Rule: job.Rule, Event: job.Event, User: job.User, Origin: job.Origin, Deadline: deadline,
		Grants: lease.Grants, Ceiling: lease.Ceiling, Config: lease.Config, DryRun: job.DryRun, Artifacts: job.Artifacts, Files: job.Files,
		Appends: &hostfuncs.Appends{}, Run: job.Run, Log: job.Log,
	}
	if w.vault != nil {
		who.Secrets, who.Scrub = w.vault, w.vault.Scrub
	}
	if w.guard != nil {
		who.Gate = func(c automation.HostChange) (func(error), error) {
			return w.guard.Ask(budget.Call{Pack: lease.Pack, Action: job.Action, Execution: job.Execution, Change: c})
		}
	}
	return who
}

// hint says which limit to raise when one was met.
func hint(code automation.FailureCode, lease Lease) string {
	key := map[automation.FailureCode]string{
		automation.CodeTimeout: "timeout", automation.CodeOutOfFuel: "cpu", automation.CodeMemoryLimit: "memory",
		automation.CodeOutputLimit: "output", automation.CodeHostCallLimit: "host_calls", automation.CodeStackLimit: "call_depth",
	}[code]
	if key == "" {
		return ""
	}
	return fmt.Sprintf("if the action needs more, raise limits.%s in pack.yaml of %s", key, lease.Pack)
}

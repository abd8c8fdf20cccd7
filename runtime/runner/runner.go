// Package runner is the seam between the engine and how an action is run. The
// engine hands over a job and gets a result; that a guest says no is a result,
// not an error.
package runner

import (
	"context"
	"encoding/json"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// Runner runs jobs of one kind. Run blocks until the job has ended and honours
// ctx: when it is done, the job stops and Run returns promptly. An error means
// that the platform could not find out how the job would have ended.
type Runner interface {
	Run(ctx context.Context, job Job) (Result, error)
}

// Job is one attempt to run an action.
type Job struct {
	Execution string
	Attempt   int
	Action    automation.Ref
	Rule      automation.Ref
	Event     string
	User      string // who started it; empty when a rule did
	// Origin finds the rule that led to it, maybe by way of other executions; nil when
	// there is none.
	Origin func(context.Context) (automation.Ref, error)
	// Occasion reads the event's payload; nil when there is no event.
	Occasion  func(context.Context) (*Occasion, error)
	Input     json.RawMessage
	DryRun    bool
	Artifacts hostfuncs.ArtifactSink
	Files     hostfuncs.ArtifactSource
	Log       func(automation.LogLevel, string)
	// Run runs another action for the job's code; nil when it can not.
	Run func(context.Context, automation.ChildRun) (automation.Execution, error)
}

// Result is how a job ended. Code is empty when it succeeded.
type Result struct {
	Code      automation.FailureCode
	Message   string
	Hint      string
	Trace     string
	Output    json.RawMessage
	Usage     automation.Usage
	HostCalls []automation.HostCall
	Tape      *automation.Tape // nil when no code ran
}

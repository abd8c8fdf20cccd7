package automation

// Status is where an execution stands.
//
//	pending ---> running ---> succeeded
//	   ^  |         |-------> failed       (no attempts left)
//	   |  |         |-------> timed_out    (no attempts left)
//	   |  '---------'-------> canceled
//	   |------ attempt failed, timed out or was lost, attempts left
//	   '------ orderly shutdown: back at once, the attempt is not counted
//
// The same law stands as a CHECK in the store's schema, and storetest proves
// that both agree.
type Status string

// The states of an execution.
const (
	Pending   Status = "pending"
	Running   Status = "running"
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	TimedOut  Status = "timed_out"
	Canceled  Status = "canceled"
)

// Statuses returns all states, in the order of a life.
func Statuses() []Status {
	return []Status{Pending, Running, Succeeded, Failed, TimedOut, Canceled}
}

// Valid reports whether s is one of the states.
func (s Status) Valid() bool {
	for _, known := range Statuses() {
		if s == known {
			return true
		}
	}
	return false
}

// Final reports whether an execution in this state never changes again.
func (s Status) Final() bool {
	return s == Succeeded || s == Failed || s == TimedOut || s == Canceled
}

// CanBecome reports whether the law allows the step from s to next.
func (s Status) CanBecome(next Status) bool {
	switch s {
	case Pending:
		return next == Running || next == Canceled || next == Failed
	case Running:
		return next == Pending || next.Final()
	}
	return false
}

// AttemptStatus is what became of one attempt to run an execution.
type AttemptStatus string

// The states of an attempt. Lost means that the server died under it;
// Interrupted that an orderly shutdown gave the work back.
const (
	AttemptRunning     AttemptStatus = "running"
	AttemptSucceeded   AttemptStatus = "succeeded"
	AttemptFailed      AttemptStatus = "failed"
	AttemptTimedOut    AttemptStatus = "timed_out"
	AttemptCanceled    AttemptStatus = "canceled"
	AttemptLost        AttemptStatus = "lost"
	AttemptInterrupted AttemptStatus = "interrupted"
)

// FailureCode says why an execution did not succeed, for programs; the message
// beside it is for people.
type FailureCode string

// Why an attempt did not succeed.
const (
	CodeTimeout           FailureCode = "timeout"            // wall-clock limit
	CodeOutOfFuel         FailureCode = "out_of_fuel"        // CPU limit
	CodeMemoryLimit       FailureCode = "memory_limit"       // memory cap
	CodeStackLimit        FailureCode = "stack_limit"        // calls nested too deep
	CodeOutputLimit       FailureCode = "output_limit"       // output or log cap
	CodeHostCallLimit     FailureCode = "host_call_limit"    // number of host calls
	CodeTrap              FailureCode = "trap"               // the guest crashed
	CodeExitCode          FailureCode = "exit_code"          // the guest said no
	CodeCanceled          FailureCode = "canceled"           // somebody stopped it
	CodeLost              FailureCode = "lost"               // the server died under it too often
	CodeUnknownAction     FailureCode = "unknown_action"     // no loaded pack has the action
	CodeInvalidParameters FailureCode = "invalid_parameters" // parameters missing, unknown or of the wrong type
	CodeDiverged          FailureCode = "diverged"           // a replay made a host call that is not on its tape
	CodeDamaged           FailureCode = "damaged"            // the disk changed what was to be run
	CodeInternal          FailureCode = "internal"           // a fault of the server
)

package automation

// Status is where an execution stands.
//
//	paused <--> delayed ---.
//	  ^          ^ |       |
//	  |          | v       v
//	  '------> pending --> canceled, failed
//	             | ^
//	             v |------ attempt failed, timed out or was lost, attempts left
//	             | |       (with a pause before the next: delayed)
//	             | '------ orderly shutdown: back at once, the attempt is not counted
//	          running ---> succeeded
//	             | |-----> failed       (no attempts left)
//	             v |-----> timed_out    (no attempts left)
//	         waiting ----> canceled     (or back to pending, for another attempt)
//
// The same law stands as a CHECK and a trigger in the store's schema, and storetest
// proves that all agree.
type Status string

// The states of an execution.
const (
	// Pending waits for a worker, and for nothing else.
	Pending Status = "pending"
	// Delayed waits for a time, for a slot of a policy or for its rate.
	Delayed Status = "delayed"
	// Paused was put aside by a person while it waited.
	Paused  Status = "paused"
	Running Status = "running"
	// Waiting has begun and waits for something outside, such as an answer. No action
	// can ask for that yet.
	Waiting   Status = "waiting"
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	TimedOut  Status = "timed_out"
	Canceled  Status = "canceled"
)

// Statuses returns all states, in the order of a life.
func Statuses() []Status {
	return []Status{Pending, Delayed, Paused, Running, Waiting, Succeeded, Failed, TimedOut, Canceled}
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

// Queued reports whether an execution in this state is to run without anybody's
// doing: it counts for how deep a queue is.
func (s Status) Queued() bool { return s == Pending || s == Delayed }

// CanBecome reports whether the law allows the step from s to next. From delayed to
// delayed an execution waits for something else than before.
func (s Status) CanBecome(next Status) bool {
	switch s {
	case Pending:
		return next == Running || next == Delayed || next == Paused || next == Canceled || next == Failed
	case Delayed:
		return next == Pending || next == Delayed || next == Paused || next == Canceled || next == Failed
	case Paused:
		return next == Pending || next == Delayed || next == Canceled
	case Running:
		return next == Pending || next == Delayed || next == Waiting || next.Final()
	case Waiting:
		return next == Pending || next == Delayed || next.Final()
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
	CodeDamaged           FailureCode = "damaged"            // the disk changed what was to be run, or shown
	CodeInternal          FailureCode = "internal"           // a fault of the server
)

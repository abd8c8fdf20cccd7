package squall

import (
	"encoding/json"

	"github.com/squall-dev/squall/sdk/go/internal/host"
)

// ActionRunRequest asks to run another action.
type ActionRunRequest struct {
	Action         string  `json:"action"` // "core.echo"
	Parameters     any     `json:"parameters,omitempty"`
	Wait           bool    `json:"wait,omitempty"`            // answer when it has ended; it is canceled when the waiting ends before
	TimeoutSeconds float64 `json:"timeout_seconds,omitempty"` // how long to wait; as long as this execution may run when zero
}

// ActionRunReply is what became of the execution.
type ActionRunReply struct {
	Execution string          `json:"execution"` // its id
	Status    string          `json:"status"`    // "succeeded", "failed", "timed_out", "canceled"; without Wait "pending" or "running"
	Output    json.RawMessage `json:"output,omitempty"`
	Large     bool            `json:"output_too_large,omitempty"` // the output is left out, the execution has it
	Code      string          `json:"code,omitempty"`             // why it did not succeed, in one word
	Message   string          `json:"message,omitempty"`          // the same for people
}

// ActionRun runs another action as an execution of its own. That it fails is an
// answer; an error means that it did not run.
//
// The pack needs the action, or a pattern of it, under capabilities.actions.
func ActionRun(r ActionRunRequest) (reply ActionRunReply, err error) {
	err = ask("action_run", host.ActionRun, r, &reply)
	return reply, err
}

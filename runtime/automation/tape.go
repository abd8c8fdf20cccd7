package automation

import (
	"encoding/json"
	"time"
)

// Tape is all that an attempt's code was told from outside: with the same module,
// parameters and limits it can be run again without the world, and says the same.
type Tape struct {
	Module string    `json:"module"` // SHA-256 of its code, hexadecimal
	Export string    `json:"export"` // the function that was called, the action's name for a command
	Start TapeStart `json:"start"`
	// Seed is where the run's random numbers come from (ChaCha8); empty when it asked
	// for none.
	Seed []byte `json:"seed,omitempty"`
	// Clocks are the run's readings of clocks: for each a signed varint, by how many
	// nanoseconds it differs from the reading before of the same clock (wall clock
	// first, then the monotonic one; which one is the parity of the number).
	Clocks []byte     `json:"clocks,omitempty"`
	Calls  []TapeCall `json:"calls,omitempty"`
	// Config are the values of the pack's configuration that an Extism plugin asked for.
	Config map[string]string `json:"config,omitempty"`
	// Incomplete says why the attempt can not be replayed; empty when it can.
	Incomplete string `json:"incomplete,omitempty"`
}

// TapeStart is what the module was told of time and chance when it started, which
// may be long before the attempt.
type TapeStart struct {
	At   time.Time `json:"at,omitzero"`
	Seed []byte    `json:"seed,omitempty"`
}

// TapeCall is a host call as the guest saw it. Its [HostCall] has the same position
// in the attempt's list.
type TapeCall struct {
	Name    string          `json:"name"`
	Request json.RawMessage `json:"request,omitempty"`
	Reply   json.RawMessage `json:"reply"` // the envelope
}

package automation

import (
	"encoding/json"
	"slices"
	"time"
)

// Tape is all that an attempt's code was told from outside: with the same module,
// parameters and limits it can be run again without the world, and says the same.
type Tape struct {
	Module string    `json:"module"` // SHA-256 of its code, hexadecimal
	Export string    `json:"export"` // the function that was called, the action's name for a command
	Start  TapeStart `json:"start"`
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
	Reply   json.RawMessage `json:"reply,omitempty"` // the envelope
	// RequestIn and ReplyIn are where large ones lie instead.
	RequestIn *BodyRef `json:"request_in,omitempty"`
	ReplyIn   *BodyRef `json:"reply_in,omitempty"`
}

// BodyRef is the artifact that holds what was said in a host call.
type BodyRef struct {
	Artifact string `json:"artifact"`
	Size     int64  `json:"size"` // bytes
}

// LargeBody is the number of bytes from which a body of a tape is an artifact.
const LargeBody = 32 << 10

// MediaTypeTapeBody marks an artifact that is a large body of a tape.
const MediaTypeTapeBody = "application/vnd.squall.tape+json"

// Whole returns the tape with all bodies in it; read returns the content of an
// artifact.
func (t Tape) Whole(read func(artifact string) ([]byte, error)) (Tape, error) {
	calls := slices.Clone(t.Calls)
	for i := range calls {
		c := &calls[i]
		for _, part := range []struct {
			body *json.RawMessage
			in   **BodyRef
		}{{&c.Request, &c.RequestIn}, {&c.Reply, &c.ReplyIn}} {
			if *part.in == nil {
				continue
			}
			content, err := read((*part.in).Artifact)
			if err != nil {
				return Tape{}, Conflict("what host call %d said is not there any more", i+1).WithCode("incomplete_tape").Because(err)
			}
			*part.body, *part.in = content, nil
		}
	}
	t.Calls = calls
	return t, nil
}

// TapeEntry is a host call with what was said.
type TapeEntry struct {
	HostCall
	Request json.RawMessage `json:"request,omitempty"`
	Reply   json.RawMessage `json:"reply,omitempty"` // the envelope
	// RequestIn and ReplyIn are where large ones lie instead.
	RequestIn *BodyRef `json:"request_in,omitempty"`
	ReplyIn   *BodyRef `json:"reply_in,omitempty"`
}

// AttemptTape is the tape of an attempt as people read it.
type AttemptTape struct {
	Execution string      `json:"execution"`
	Attempt   int         `json:"attempt"`
	Module    string      `json:"module"`     // SHA-256 of its code, hexadecimal
	StartedAt time.Time   `json:"started_at"` // of the attempt; compare the calls with it
	Items     []TapeEntry `json:"items"`
	// Incomplete says why the attempt can not be replayed; empty when it can.
	Incomplete string `json:"incomplete,omitempty"`
}

// ExecutionReplay is how an attempt ended when its code was told the same again,
// without the world.
type ExecutionReplay struct {
	Execution string `json:"execution"`
	Attempt   int    `json:"attempt"`
	Module    string `json:"module"` // SHA-256 of the code that was replayed
	// SameModule tells that it is the code that was recorded.
	SameModule bool `json:"same_module"`
	// Same tells that the replay made the same host calls and had the same output,
	// byte for byte, and the same end.
	Same     bool          `json:"same"`
	Recorded ReplayedEnd   `json:"recorded"`
	Replayed ReplayedEnd   `json:"replayed"`
	Differs  *ReplayedCall `json:"differs,omitempty"` // the first host call that differs
	Log      []LogLine     `json:"log"`               // of the replay
	// Note says what to keep in mind: that the recorded attempt was stopped from
	// outside, for one.
	Note string `json:"note,omitempty"`
}

// ReplayedEnd is how an attempt or its replay ended.
type ReplayedEnd struct {
	Code    FailureCode     `json:"code,omitempty"`
	Message string          `json:"message,omitempty"`
	Output  json.RawMessage `json:"output,omitempty"`
	Fuel    int64           `json:"fuel"`
}

// ReplayedCall is the first host call in which a replay differs.
type ReplayedCall struct {
	Number   int       `json:"number"`             // from 1
	Recorded *TapeCall `json:"recorded,omitempty"` // absent when the recorded attempt had made all its calls
	Replayed *TapeCall `json:"replayed,omitempty"` // absent when the replay ended without making it
}

// RecordedCase is an attempt as a test of its pack: what its code was told, and what it
// said.
type RecordedCase struct {
	Action     Ref             `json:"action"`
	Execution  string          `json:"execution"` // that it was recorded from
	Parameters json.RawMessage `json:"parameters"`
	Limits     Limits          `json:"limits"`
	Tape       Tape            `json:"tape"`
	Want       ReplayedEnd     `json:"want"`
}

// CaseResult is how a recorded case went.
type CaseResult struct {
	File    string        `json:"file"`
	Action  Ref           `json:"action"`
	OK      bool          `json:"ok"`
	Got     ReplayedEnd   `json:"got"`
	Want    ReplayedEnd   `json:"want"`
	Differs *ReplayedCall `json:"differs,omitempty"`
	Error   string        `json:"error,omitempty"` // why it could not be run
}

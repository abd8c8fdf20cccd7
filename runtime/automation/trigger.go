package automation

import (
	"encoding/json"
	"time"
)

// TriggerType is a kind of event: packs declare theirs in triggers/*.yaml, and
// sensors in their own file.
type TriggerType struct {
	Pack        string `json:"pack"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// ParametersSchema and PayloadSchema are JSON Schemas, nil where none is
	// declared.
	ParametersSchema map[string]any `json:"parameters_schema,omitempty"`
	PayloadSchema    map[string]any `json:"payload_schema,omitempty"`
	// PayloadCheck says what happens to an event whose payload does not fit the
	// schema; empty means reject.
	PayloadCheck PayloadCheck `json:"payload_check,omitempty"`
	Position     Position     `json:"position,omitzero"`
}

// Ref names the trigger type.
func (t *TriggerType) Ref() Ref { return NewRef(t.Pack, t.Name) }

// PayloadCheck is what becomes of payloads that do not fit their schema.
type PayloadCheck string

// The policies. A warning is stored with the event.
const (
	PayloadReject PayloadCheck = "reject"
	PayloadWarn   PayloadCheck = "warn"
)

// Wanted is one trigger that enabled rules ask for: a type with parameters.
type Wanted struct {
	Trigger    Ref            `json:"trigger"`
	Parameters map[string]any `json:"parameters,omitempty"`
	Rules      []Ref          `json:"rules"`
}

// SourceState is how a source of events is doing.
type SourceState string

// The states of a source.
const (
	SourceRunning SourceState = "running"
	SourceFailing SourceState = "failing" // tries again at Next
	SourcePaused  SourceState = "paused"  // by a person
	SourceIdle    SourceState = "idle"    // its pack's configuration gives it nothing to look at
	SourceDone    SourceState = "done"    // will raise nothing any more: a date that has passed
	SourceInvalid SourceState = "invalid" // its parameters can not be used
)

// SourceStatus is one thing that raises events by itself: a timer, a sensor, a
// watch.
type SourceStatus struct {
	// Kind is timer, sensor or watch; ID tells those of one kind apart.
	Kind string `json:"kind"`
	ID   string `json:"id"`
	// Trigger is the type it raises; a sensor may raise several, then it is the
	// first.
	Trigger    Ref            `json:"trigger"`
	Parameters map[string]any `json:"parameters,omitempty"`
	// Description says in words what it does: "every 5 minutes".
	Description string      `json:"description,omitempty"`
	Rules       []Ref       `json:"rules"`
	State       SourceState `json:"state"`
	// Next are the coming runs, soonest first, as far as they are known.
	Next []time.Time `json:"next,omitempty"`
	// LastRun is when it last ran, LastEvent the last event it raised.
	LastRun   *time.Time `json:"last_run,omitempty"`
	LastEvent string     `json:"last_event,omitempty"`
	Events    int64      `json:"events"`   // raised since the server started
	Runs      int64      `json:"runs"`     // since the server started
	Failures  int        `json:"failures"` // in a row
	Error     string     `json:"error,omitempty"`
	Hint      string     `json:"hint,omitempty"`
}

// Mark is how far a source has come. It is stored in the transaction of the events
// that it belongs to, so that a restart neither loses nor repeats any.
type Mark struct {
	Source string          `json:"source"` // "timer"
	Key    string          `json:"key"`
	Value  json.RawMessage `json:"value"`
	At     time.Time       `json:"at"`
}

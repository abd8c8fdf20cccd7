package automation

import (
	"encoding/json"
	"time"
)

// MostTrace bounds what the story of an event is called, in bytes.
const MostTrace = 200

// Event is something that happened: a delivery to a webhook, a tick of a timer, a
// sensor's finding. StackStorm calls it a trigger instance.
type Event struct {
	ID string `json:"id"`
	// Trigger is the type: "core.st2.webhook".
	Trigger Ref `json:"trigger"`
	// Parameters tell triggers of one type apart: {"url": "pprof"}.
	Parameters map[string]any `json:"parameters,omitempty"`
	// Payload is what rules see as "trigger": for a webhook {"body", "headers",
	// "headers_lower"}. Lists leave it out.
	Payload json.RawMessage `json:"payload,omitempty"`
	// PayloadBytes is the size of the payload.
	PayloadBytes int64     `json:"payload_bytes"`
	ReceivedAt   time.Time `json:"received_at"`
	// Matched and Looked count the rules that matched and those that looked.
	Matched int `json:"matched"`
	Looked  int `json:"looked"`
	// Summary is one line that tells people which event this is.
	Summary string `json:"summary,omitempty"`
	// Warning says what is odd about it: a payload that does not fit its schema.
	Warning string `json:"warning,omitempty"`
	// Cause is the execution, if one, that this event is about or was raised by;
	// Depth is how many events in a chain led to it.
	Cause string `json:"cause,omitempty"`
	Depth int    `json:"depth,omitempty"`
	// Trace is what the sender calls the story that the event belongs to
	// (St2-Trace-Tag); empty when it does not say.
	Trace string `json:"trace,omitempty"`
	// TraceID is the story that the event belongs to, also when the sender does not say.
	TraceID string `json:"trace_id,omitempty"`
	// Once is set on the way in, for an event that must not be stored twice.
	Once *Once `json:"-"`
	// Verdicts and Executions stand only in an answer about a single event.
	Verdicts   []Verdict          `json:"verdicts,omitempty"`
	Executions []ExecutionSummary `json:"executions,omitempty"`
}

// Once names an event by a key of its source: of several with the same scope and key
// only the first is stored, until a time.
type Once struct {
	Scope, Key string
	Until      time.Time
}

// Outcome is what a rule decided about an event.
type Outcome string

// The outcomes of a verdict.
const (
	Matched    Outcome = "matched"
	NotMatched Outcome = "not_matched"
	Suppressed Outcome = "suppressed" // all holds, but a control of the rule's flow held it back
	Errored    Outcome = "error"      // a criterion or a template could not be evaluated
)

// Verdict is one rule's decision about one event, with its reasons.
type Verdict struct {
	Event   string  `json:"event"`
	Rule    Ref     `json:"rule"`
	Outcome Outcome `json:"outcome"`
	// Item is the index of the list item that was judged, for a rule with foreach.
	Item *int `json:"item,omitempty"`
	// Criteria are in the order of the rule; those after the first that does not
	// hold are evaluated too, so that a near miss shows how near it was.
	Criteria []CriterionResult `json:"criteria"`
	// Held of Total criteria, a rule's "when" among them, stand as the rule asks:
	// all of them exactly when it matches.
	Held  int `json:"held"`
	Total int `json:"total"`
	// Error says where and why evaluation failed.
	Error string `json:"error,omitempty"`
	// Control held a suppressed verdict back, Reason says why in words.
	Control Control `json:"control,omitempty"`
	Reason  string  `json:"reason,omitempty"`
	// Observed tells that the rule only observes: nothing was started.
	Observed bool `json:"observed,omitempty"`
	// Execution is what the rule started; empty unless it matched, or a person or
	// the end of a debounce let it pass.
	Execution string `json:"execution,omitempty"`
	// ReleasedBy let a suppressed verdict pass: a user, or "debounce".
	ReleasedBy string     `json:"released_by,omitempty"`
	ReleasedAt *time.Time `json:"released_at,omitempty"`
}

// CriterionResult is what one criterion expected and what it saw.
type CriterionResult struct {
	Key      string `json:"key"`
	Operator string `json:"operator"`
	Pattern  any    `json:"pattern"`
	Actual   any    `json:"actual"`
	Matched  bool   `json:"matched"`
	Error    string `json:"error,omitempty"`
	// Members are the results of a group, whose Operator is any, all or not and
	// whose Key is empty. The operator of a rule's "when" is cel.
	Members []CriterionResult `json:"members,omitempty"`
}

// RuleTest is what a rule would decide about a payload, without anything being
// stored or started.
type RuleTest struct {
	Matched  bool              `json:"matched"`
	Criteria []CriterionResult `json:"criteria"`
	// Parameters are the action's, rendered; nil unless the rule matched.
	Parameters map[string]any `json:"parameters"`
	Error      string         `json:"error"`
	// Item is the one that all this is about, for a rule with foreach: the first that
	// matches, or the nearest. Without any, Reason says why.
	Item   *int   `json:"item,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Keys tells how keys of the key-value store were read; empty when none was.
	Keys KeysRead `json:"keys,omitempty"`
}

// KeysRead says which keys a trial of a rule has seen.
type KeysRead string

// What is known of keys when a rule is tried. Those of the past are not kept.
const (
	KeysNow  KeysRead = "now"  // as they are now
	KeysNone KeysRead = "none" // there was no store: every key counted as missing
)

// Accepted is what became of an event that was sent: it is durable, and so is
// everything named here.
type Accepted struct {
	Event      string   `json:"event"`
	Looked     int      `json:"looked"`     // rules that looked at it
	Matched    int      `json:"matched"`    // rules that matched
	Executions []string `json:"executions"` // what they started
}

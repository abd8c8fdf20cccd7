package automation

import (
	"encoding/json"
	"time"
)

// Flow limits how often a rule that matches may act. Nil controls are off. Every
// Key is a template over the event; each of its values is controlled apart.
type Flow struct {
	Dedupe   *Dedupe   `json:"dedupe,omitempty"`
	Throttle *Throttle `json:"throttle,omitempty"`
	Debounce *Debounce `json:"debounce,omitempty"`
	Count    *Count    `json:"count,omitempty"`
}

// Control names one of the ways to limit a rule.
type Control string

// The controls, in the order in which they are asked.
const (
	ControlCount    Control = "count"
	ControlDedupe   Control = "dedupe"
	ControlThrottle Control = "throttle"
	ControlDebounce Control = "debounce"
)

// Dedupe lets the first of equal events pass and suppresses those that follow
// within the window after it.
type Dedupe struct {
	Key    string   `json:"key"`
	Window Duration `json:"window"`
}

// Throttle lets at most Limit events pass in any span of length Per.
type Throttle struct {
	Key   string   `json:"key"`
	Limit int      `json:"limit"`
	Per   Duration `json:"per"`
}

// Debounce acts on the last of a burst, once no further event has come For that
// long, and at the latest Max after the first. A zero Max waits without end.
type Debounce struct {
	Key string   `json:"key"`
	For Duration `json:"for"`
	Max Duration `json:"max,omitempty"`
}

// Count lets an event pass when it is at least the AtLeast-th within the span
// before it, and then begins to count anew.
type Count struct {
	Key     string   `json:"key"`
	AtLeast int      `json:"at_least"`
	Within  Duration `json:"within"`
}

// FlowState is what a control remembers of one rule and key.
type FlowState struct {
	Rule    Ref             `json:"rule"`
	Control Control         `json:"control"`
	Key     string          `json:"key"`
	Value   json.RawMessage `json:"value"` // null: nothing any more
	Expires time.Time       `json:"expires"`
	// Version grows with every change; an older one never replaces a newer one.
	Version int64 `json:"version"`
}

// Duration is a span of time that JSON writes as text: "1m30s".
type Duration time.Duration

func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText writes the span as time.Duration does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return Invalid("%q is not a span of time such as 10m or 1h30m", text)
	}
	*d = Duration(v)
	return nil
}

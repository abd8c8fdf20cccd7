package automation

// Rule is a rule as written in a pack's rules folder. Package rule compiles it.
type Rule struct {
	Pack        string      `json:"pack"`
	Name        string      `json:"name"`
	Description string      `json:"description,omitempty"`
	Enabled     bool        `json:"enabled"`
	Trigger     TriggerSpec `json:"trigger"`
	Criteria    []Criterion `json:"criteria"` // in the order of the document
	Action      ActionCall  `json:"action"`
	Position    Position    `json:"position,omitzero"`
}

// Ref names the rule.
func (r *Rule) Ref() Ref { return NewRef(r.Pack, r.Name) }

// TriggerSpec says which events a rule looks at.
type TriggerSpec struct {
	Type       Ref            `json:"type"`
	Parameters map[string]any `json:"parameters,omitempty"`
}

// Criterion is one condition of a rule. All of them must hold.
type Criterion struct {
	// Key is the path of the value: "trigger.body.alerts[0].labels.alertname",
	// with an optional "#tag" that only makes it unique.
	Key string `json:"key"`
	// Operator is the "type" of the rule file: "startswith".
	Operator string `json:"operator"`
	Pattern  any    `json:"pattern"`
	// Condition belongs to the search operator.
	Condition string   `json:"condition,omitempty"`
	Position  Position `json:"position,omitzero"`
}

// ActionCall is the action that a rule starts, with parameters that may hold
// templates.
type ActionCall struct {
	Ref        Ref            `json:"ref"`
	Parameters map[string]any `json:"parameters,omitempty"`
}

// Position is a place in a file, for messages. Line and Column count from 1.
type Position struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

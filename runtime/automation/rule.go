package automation

// Rule is a rule as written in a pack's rules folder. Package rule compiles it.
type Rule struct {
	Pack        string `json:"pack"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Enabled     bool   `json:"enabled"`
	// Backstop rules are asked only when no other rule of the event matched.
	Backstop bool        `json:"backstop,omitempty"`
	Trigger  TriggerSpec `json:"trigger"`
	Criteria []Criterion `json:"criteria"` // in the order of the document; all must hold
	// Groups are conditions beside the criteria; each of them must hold too.
	Groups []Group `json:"groups,omitempty"`
	// When is an expression in CEL that must be true, in addition to the rest.
	When string `json:"when,omitempty"`
	// Foreach is the path of a list in the event: the rule is judged once for each
	// of its items.
	Foreach string     `json:"foreach,omitempty"`
	Mode    RuleMode   `json:"mode,omitempty"`
	Flow    Flow       `json:"flow,omitzero"`
	Action  ActionCall `json:"action"`
	// WhenPosition is where the expression stands.
	WhenPosition Position `json:"-"`
	Position     Position `json:"position,omitzero"`
}

// RuleMode says whether a rule acts.
type RuleMode string

// The modes. An observing rule is judged and recorded; it starts nothing.
const (
	ModeAct     RuleMode = "" // the default
	ModeObserve RuleMode = "observe"
)

// GroupKind says how many of a group's members must hold.
type GroupKind string

// The kinds of group.
const (
	GroupAll GroupKind = "all"
	GroupAny GroupKind = "any"
	GroupNot GroupKind = "not" // none of them
)

// Group is a condition made of others.
type Group struct {
	Kind     GroupKind `json:"kind"`
	Members  []Member  `json:"members"`
	Position Position  `json:"position,omitzero"`
}

// Member is a criterion or a group: exactly one is set.
type Member struct {
	Criterion *Criterion `json:"criterion,omitempty"`
	Group     *Group     `json:"group,omitempty"`
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
	// Children say where the criteria in the pattern of a search stand, by their
	// keys; nil when nobody knows.
	Children map[string]Place `json:"-"`
}

// Place is where a criterion inside a search stands, and where those in it do.
type Place struct {
	Position Position
	Children map[string]Place
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

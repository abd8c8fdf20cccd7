package automation

import "time"

// RuleReplay is what a rule would have decided about events of the past, without
// anything being stored or started.
type RuleReplay struct {
	Rule Ref `json:"rule"`
	// Tested events of the rule's trigger, Matched by it; Errored could not be judged.
	Tested  int `json:"tested"`
	Matched int `json:"matched"`
	Errored int `json:"errored"`
	// Compared tells that a rule of this name is in service. New counts the events
	// that only this rule matches, Gone those that only the one in service does.
	Compared bool `json:"compared"`
	New      int  `json:"new"`
	Gone     int  `json:"gone"`
	// Partial tells that not all events were searched: there may be more that the rule
	// looks at, further back.
	Partial bool `json:"partial,omitempty"`
	// FlowIgnored tells that the rule has controls, which are not asked here.
	FlowIgnored bool `json:"flow_ignored,omitempty"`
	// Keys tells that a rule asked for keys, and got them as they are now.
	Keys   KeysRead        `json:"keys,omitempty"`
	Events []ReplayedEvent `json:"events"` // newest first
}

// ReplayedEvent is the verdict on one event of the past.
type ReplayedEvent struct {
	Event      string    `json:"event"`
	ReceivedAt time.Time `json:"received_at"`
	Summary    string    `json:"summary,omitempty"`
	Outcome    Outcome   `json:"outcome"`
	// Was is what the rule in service decides; empty when there is none.
	Was   Outcome `json:"was,omitempty"`
	Held  int     `json:"held"`
	Total int     `json:"total"`
	// Items is how many items matched, for a rule with foreach.
	Items    int               `json:"items,omitempty"`
	Criteria []CriterionResult `json:"criteria,omitempty"`
	Error    string            `json:"error,omitempty"`
}

// EventMisses are verdicts on a stored event that were not kept, made anew by the
// rules as they are now, their controls aside.
type EventMisses struct {
	Event string `json:"event"`
	// At is when they were made.
	At time.Time `json:"at"`
	// Total rules look at the event now and left no verdict; of these are the 100
	// nearest, nearest first.
	Total    int       `json:"total"`
	Verdicts []Verdict `json:"verdicts"`
	Keys     KeysRead  `json:"keys,omitempty"`
}

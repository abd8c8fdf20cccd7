package automation

import "time"

// ChangeGuard tells what holds changes of host calls back.
type ChangeGuard struct {
	Stop    *Stop          `json:"stop,omitempty"` // set while all changes are stopped
	Budgets []BudgetState  `json:"budgets"`
	Paused  []PausedChange `json:"paused"` // by the breaker
	Held    []HeldCall     `json:"held"`   // since the server started, newest first, at most 1,000
}

// Stop holds back every change; calls that only read go on.
type Stop struct {
	By     string    `json:"by"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
}

// BudgetState is how much of a budget is used up.
type BudgetState struct {
	Name  string         `json:"name"`
	Limit int            `json:"limit"`
	Per   time.Duration  `json:"per"` // nanoseconds
	By    string         `json:"by"`
	Used  map[string]int `json:"used"` // by what it counts apart
}

// PausedChange is a kind of change that kept failing.
type PausedChange struct {
	What  string    `json:"what"` // "POST hooks.slack.com"
	Until time.Time `json:"until"`
}

// MadeChange is a change that a host call made.
type MadeChange struct {
	Pack      string
	Action    Ref
	Execution string
	Change    HostChange
	At        time.Time
}

// HeldCall is a change that was not made.
type HeldCall struct {
	ID        string     `json:"id"`
	At        time.Time  `json:"at"`
	Execution string     `json:"execution"`
	Action    Ref        `json:"action"`
	Pack      string     `json:"pack"`
	Change    HostChange `json:"change"`
	By        string     `json:"by"` // "stop", "breaker" or "budget NAME"
	Why       string     `json:"why"`
	Released  bool       `json:"released,omitempty"`
}

package automation

import "time"

// RetentionRule bounds the executions that it selects. One that has ended goes, oldest
// first, as soon as some rule says so.
type RetentionRule struct {
	// Statuses are final ones; none means all. Pack is a name or a pattern with "*";
	// empty means all.
	Statuses []Status `json:"statuses,omitempty" yaml:"statuses"`
	Pack     string   `json:"pack,omitempty" yaml:"pack"`
	// Age, Count and Bytes bound what stays; zero does not. Age counts from the creation.
	Age   time.Duration `json:"age,omitempty" yaml:"age"` // nanoseconds
	Count int           `json:"count,omitempty" yaml:"count"`
	Bytes int64         `json:"bytes,omitempty" yaml:"bytes"`
}

// RetentionLimit is a rule and how things stand with it.
type RetentionLimit struct {
	RetentionRule
	// Executions and HeldBytes are what the rule selects; Excess and ExcessBytes what of
	// it is to go.
	Executions  int   `json:"executions"`
	HeldBytes   int64 `json:"held_bytes"`
	Excess      int   `json:"excess"`
	ExcessBytes int64 `json:"excess_bytes"`
}

// Retention is how far the history is kept, and what has gone.
type Retention struct {
	Rules []RetentionLimit `json:"rules"`
	Size  HistorySize      `json:"size"`
	// Busy tells that something is being removed now.
	Busy bool `json:"busy"`
	// LastRun is when the rules were applied last; Error what went wrong then.
	LastRun *time.Time `json:"last_run,omitempty"`
	Error   string     `json:"error,omitempty"`
	// Removed, RemovedEvents, RemovedFiles and RemovedBytes count since the server started.
	Removed       int64 `json:"removed"`
	RemovedEvents int64 `json:"removed_events"`
	RemovedFiles  int64 `json:"removed_files"`
	RemovedBytes  int64 `json:"removed_bytes"`
	// Pinned is how many artifacts are pinned.
	Pinned int `json:"pinned"`
}

// HistorySize is how much room the history takes.
type HistorySize struct {
	Executions int   `json:"executions"`
	Bytes      int64 `json:"bytes"` // of the database
	FreeBytes  int64 `json:"free_bytes"`
	// Shrinks tells that freed room goes back to the disk.
	Shrinks bool `json:"shrinks"`
	// Unindexed is how many executions the search has yet to index. They are found all
	// the same.
	Unindexed int `json:"unindexed"`
	Pinned    int `json:"pinned"`
}

package automation

import (
	"encoding/json"
	"time"
)

// ExecutionSummary is an execution as lists carry it: small, whatever the
// execution read or wrote.
type ExecutionSummary struct {
	ID     string `json:"id"`
	Action Ref    `json:"action"`
	Status Status `json:"status"`
	// Summary is one line that tells executions of one action apart.
	Summary string `json:"summary,omitempty"`
	// Rule and Event are empty when a person started the execution.
	Rule  Ref    `json:"rule,omitempty"`
	Event string `json:"event,omitempty"`
	// Parent is the execution that this one runs again; empty otherwise.
	Parent string `json:"parent,omitempty"`
	// StartedFrom is the execution whose code started this one; empty otherwise.
	StartedFrom string `json:"started_from,omitempty"`
	// DryRun tells that calls which would change the world only say so.
	DryRun bool `json:"dry_run,omitempty"`
	// Priority: of those that wait for a worker the higher one runs first.
	Priority int `json:"priority,omitempty"`
	// RunAfter is the time that a delayed execution waits for; nil when it waits for a
	// policy, or for nothing.
	RunAfter *time.Time `json:"run_after,omitempty"`
	// DelayReason says for people what a delayed or paused execution waits for.
	DelayReason string `json:"delay_reason,omitempty"`
	// TraceID is the story that the execution belongs to: it is the same on the event
	// that began it, on all executions it led to and on the events these raised.
	TraceID string `json:"trace_id,omitempty"`
	// Attempts is how many attempts have begun.
	Attempts   int         `json:"attempts"`
	Code       FailureCode `json:"code,omitempty"`
	CreatedAt  time.Time   `json:"created_at"`
	StartedAt  *time.Time  `json:"started_at,omitempty"`  // of the latest attempt
	FinishedAt *time.Time  `json:"finished_at,omitempty"` // set if and only if the status is final
}

// Execution is one run of an action, with all that is known of it but its log.
type Execution struct {
	ExecutionSummary
	// StartedBy is the user who asked for it; empty when a rule did.
	StartedBy  string          `json:"started_by,omitempty"`
	Parameters json.RawMessage `json:"parameters"`
	Output     json.RawMessage `json:"output,omitempty"`
	// Message says for people why the execution did not succeed, Hint what to do.
	Message string `json:"message,omitempty"`
	Hint    string `json:"hint,omitempty"`
	// Trace is the guest's stack, trimmed.
	Trace    string `json:"trace,omitempty"`
	LogLines int    `json:"log_lines"`
	// Depth is how many executions started one another until this one was started.
	Depth int `json:"depth,omitempty"`
	// Awaited tells that the execution it was started from waits for its end.
	Awaited     bool       `json:"awaited,omitempty"`
	AttemptList []Attempt  `json:"attempt_list"`
	Artifacts   []Artifact `json:"artifacts"`
	MaxAttempts int        `json:"max_attempts"`
	MaxLost     int        `json:"max_lost"`
	// Retry says when and how long it may be tried again; nil: as the server does.
	Retry *RetryPlan `json:"retry,omitempty"`
	// DelayKey names the policy, and the part of it, that a delayed execution waits for.
	DelayKey string `json:"delay_key,omitempty"`
	// Rated tells that its attempts count for the rate of a policy.
	Rated bool `json:"-"`
}

// RetryPlan is how an execution is tried again; it is fixed when the execution is made,
// so that a pack that changes does not change what has begun. Zero fields mean what the
// server does by itself.
type RetryPlan struct {
	// Delay is the pause before the second attempt, in nanoseconds.
	Delay time.Duration `json:"delay,omitempty"`
	// Fixed keeps the pause as it is; otherwise it doubles with each attempt.
	Fixed bool `json:"fixed,omitempty"`
	// MaxDelay is the longest pause, in nanoseconds.
	MaxDelay time.Duration `json:"max_delay,omitempty"`
	// Jitter is the part of the pause, from 0 to 1, that is left to chance.
	Jitter float64 `json:"jitter,omitempty"`
	// On are the ends after which it is tried again: failure, timeout. None: both.
	On []RetryOn `json:"on,omitempty"`
	// TotalTimeout is how long all attempts and the pauses between them may take, in
	// nanoseconds from the start of the first; zero: as long as they need.
	TotalTimeout time.Duration `json:"total_timeout,omitempty"`
}

// RetryOn is an end of an attempt after which there may be another.
type RetryOn string

// The ends that a retry can be about, in StackStorm's words.
const (
	RetryOnFailure RetryOn = "failure"
	RetryOnTimeout RetryOn = "timeout"
)

// Attempt is one try at running an execution.
type Attempt struct {
	Number     int           `json:"number"` // from 1
	Status     AttemptStatus `json:"status"`
	StartedAt  time.Time     `json:"started_at"`
	FinishedAt *time.Time    `json:"finished_at,omitempty"`
	Code       FailureCode   `json:"code,omitempty"`
	Message    string        `json:"message,omitempty"`
	Usage      Usage         `json:"usage"`
	HostCalls  []HostCall    `json:"host_calls,omitempty"`
}

// Usage is what an attempt used of what it was allowed.
type Usage struct {
	Fuel       int64         `json:"fuel"`       // instructions
	Memory     int64         `json:"memory"`     // peak bytes of guest memory
	HostCalls  int           `json:"host_calls"` // number
	HostBytes  int64         `json:"host_bytes"` // bytes of their requests and replies
	GuestTime  time.Duration `json:"guest_time"` // nanoseconds inside the guest
	HostTime   time.Duration `json:"host_time"`  // nanoseconds inside host calls
	PackName   string        `json:"pack,omitempty"`
	PackDigest string        `json:"pack_digest,omitempty"` // which build of the pack ran
	Limits     Limits        `json:"limits,omitzero"`
}

// LogLevel is how much a log line matters.
type LogLevel string

// The levels, numbered 0 to 3 on the wire of the guest ABI.
const (
	LevelDebug   LogLevel = "debug"
	LevelInfo    LogLevel = "info"
	LevelWarning LogLevel = "warning"
	LevelError   LogLevel = "error"
)

// LogLine is one line that a guest wrote.
type LogLine struct {
	Number  int       `json:"number"` // from 1, over all attempts
	Attempt int       `json:"attempt"`
	At      time.Time `json:"at"`
	Level   LogLevel  `json:"level"`
	Text    string    `json:"text"`
}

// Artifact is a file that an execution kept: a heap dump, a report.
type Artifact struct {
	ID        string    `json:"id"`
	Execution string    `json:"execution"`
	Name      string    `json:"name"`       // "heap.pb.gz"
	MediaType string    `json:"media_type"` // "application/vnd.google.pprof"
	Size      int64     `json:"size"`       // bytes
	SHA256    string    `json:"sha256"`     // hexadecimal
	CreatedAt time.Time `json:"created_at"`
	// PinnedBy keeps it, with its execution, whatever retention says; PinnedAt is since
	// when.
	PinnedBy string     `json:"pinned_by,omitempty"`
	PinnedAt *time.Time `json:"pinned_at,omitempty"`
}

// MediaTypePprof marks a profile in pprof's protobuf format.
const MediaTypePprof = "application/vnd.google.pprof"

// Change is one thing that watchers of the server may want to redraw.
type Change struct {
	// Seq increases by one with every change, over restarts too.
	Seq  int64      `json:"seq"`
	Kind ChangeKind `json:"kind"`
	// Exactly one of these is set, after the kind. Log tells how many lines the
	// execution has now.
	Event     *Event            `json:"event,omitempty"`
	Execution *ExecutionSummary `json:"execution,omitempty"`
	Log       *LogGrowth        `json:"log,omitempty"`
	Artifact  *Artifact         `json:"artifact,omitempty"`
	Pack      *PackStatus       `json:"pack,omitempty"`
}

// ChangeKind names what changed; it is the event name on the live stream.
type ChangeKind string

// The kinds of change.
const (
	EventCreated     ChangeKind = "event.created"
	ExecutionUpdated ChangeKind = "execution.updated"
	LogAppended      ChangeKind = "log.appended"
	ArtifactCreated  ChangeKind = "artifact.created"
	PackUpdated      ChangeKind = "pack.updated"
)

// LogGrowth says how long an execution's log has become.
type LogGrowth struct {
	Execution string `json:"execution"`
	Lines     int    `json:"lines"`
}

// ChildRun is the wish of an execution's code to run another action.
type ChildRun struct {
	Action     Ref
	Parameters map[string]any
	// Wait asks for the end; the child is canceled when nobody waits any more.
	Wait bool
}

// RunRequest is a person's wish to run an action.
type RunRequest struct {
	Action     Ref            `json:"action"`
	Parameters map[string]any `json:"parameters"`
	// DryRun asks to read the world, and to say what would be changed in it.
	DryRun bool `json:"dry_run,omitempty"`
	// RunAt is when it is to run; nil or past: now.
	RunAt *time.Time `json:"run_at,omitempty"`
	// Priority replaces the action's.
	Priority *int `json:"priority,omitempty"`
	// TraceID is the story that it belongs to; empty: a new one.
	TraceID string `json:"trace_id,omitempty"`
	// User asks; Parent is the execution that is run again. Both are set by the
	// server.
	User   string `json:"-"`
	Parent string `json:"-"`
}

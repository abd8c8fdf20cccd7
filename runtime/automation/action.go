package automation

import "time"

// Action is something that can be run, as declared in a pack's actions folder.
type Action struct {
	Pack        string `json:"pack"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Enabled     bool   `json:"enabled"`
	// Runner is the kind of code: "wasm".
	Runner string `json:"runner_type"`
	// EntryPoint is the module's file inside the pack; Export is the function.
	EntryPoint string               `json:"entry_point,omitempty"`
	Export     string               `json:"export,omitempty"`
	Parameters map[string]Parameter `json:"parameters"`
	// Summary is a template over the parameters: one line that tells executions
	// of this action apart.
	Summary string `json:"summary,omitempty"`
	Retry   Retry  `json:"retry,omitzero"`
	// TotalTimeout is how long all attempts and the pauses between them may take, in
	// nanoseconds; zero: as long as they need.
	TotalTimeout time.Duration `json:"total_timeout,omitempty"`
	// Priority of its executions, unless somebody says otherwise.
	Priority int `json:"priority,omitempty"`
	// Limits narrow the pack's; zero fields inherit.
	Limits   Limits   `json:"limits,omitzero"`
	Position Position `json:"position,omitzero"`
}

// Ref names the action.
func (a *Action) Ref() Ref { return NewRef(a.Pack, a.Name) }

// Parameter is the schema of one parameter: JSON Schema in StackStorm's dialect
// (draft 4 with "required" on the property itself).
type Parameter struct {
	Type        string         `json:"type,omitempty"`
	Description string         `json:"description,omitempty"`
	Default     any            `json:"default,omitempty"`
	HasDefault  bool           `json:"-"` // tells "default: null" from no default
	Required    bool           `json:"required,omitempty"`
	Secret      bool           `json:"secret,omitempty"`
	Immutable   bool           `json:"immutable,omitempty"`
	Enum        []any          `json:"enum,omitempty"`
	Position    *float64       `json:"position,omitempty"`
	Schema      map[string]any `json:"schema,omitempty"` // every key as written, for validation and forms
}

// Retry says how often an execution may be attempted.
type Retry struct {
	// MaxAttempts counts attempts that ran to an end; zero means 1.
	MaxAttempts int `json:"max_attempts,omitempty"`
	// MaxLost counts attempts that died with the server before the execution
	// fails; zero means 3.
	MaxLost int `json:"max_lost,omitempty"`
	// Delay is the pause before the second attempt, in nanoseconds; zero: the server's.
	Delay time.Duration `json:"delay,omitempty"`
	// Fixed keeps the pause as it is; otherwise it doubles with each attempt.
	Fixed bool `json:"fixed,omitempty"`
	// MaxDelay is the longest pause, in nanoseconds; zero: the server's.
	MaxDelay time.Duration `json:"max_delay,omitempty"`
	// Jitter is the part of the pause, from 0 to 1, that is left to chance.
	Jitter float64 `json:"jitter,omitempty"`
	// On are the ends after which there is another attempt; none: all.
	On []RetryOn `json:"on,omitempty"`
}

// The bounds of priorities.
const (
	LeastPriority = -1000
	MostPriority  = 1000
)

// Limits bound one execution. Zero means the default of the layer above.
type Limits struct {
	Timeout   time.Duration `json:"timeout,omitempty"`    // wall clock, nanoseconds
	Memory    int64         `json:"memory,omitempty"`     // bytes of guest memory
	Output    int64         `json:"output,omitempty"`     // bytes
	Log       int64         `json:"log,omitempty"`        // bytes
	HostCalls int           `json:"host_calls,omitempty"` // number
	HostBytes int64         `json:"host_bytes,omitempty"` // bytes of their requests and replies
	Fuel      int64         `json:"fuel,omitempty"`       // instructions
	CallDepth int           `json:"call_depth,omitempty"` // nested calls
}

// Or returns l with every zero field taken from other.
func (l Limits) Or(other Limits) Limits {
	l.Timeout = or(l.Timeout, other.Timeout)
	l.Memory = or(l.Memory, other.Memory)
	l.Output = or(l.Output, other.Output)
	l.Log = or(l.Log, other.Log)
	l.HostCalls = or(l.HostCalls, other.HostCalls)
	l.HostBytes = or(l.HostBytes, other.HostBytes)
	l.Fuel = or(l.Fuel, other.Fuel)
	l.CallDepth = or(l.CallDepth, other.CallDepth)
	return l
}

func or[T comparable](v, other T) T {
	var zero T
	if v == zero {
		return other
	}
	return v
}

// DefaultLimits are what an execution may use when neither the pack nor the
// action says otherwise.
func DefaultLimits() Limits {
	return Limits{
		Timeout:   time.Minute,
		Memory:    64 << 20,
		Output:    1 << 20,
		Log:       1 << 20,
		HostCalls: 1000,
		HostBytes: 64 << 20,
		Fuel:      150_000_000_000, // at least 10 s of one core
		CallDepth: 10_000,
	}
}

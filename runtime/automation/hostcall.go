package automation

import "time"

// HostCall is one request of a guest to the world.
type HostCall struct {
	Name      string        `json:"name"`
	StartedAt time.Time     `json:"started_at"`
	Duration  time.Duration `json:"duration"` // nanoseconds
	// Detail says in one line what was asked: "exec in dm-demo-app/leaky".
	Detail string `json:"detail,omitempty"`
	// Change is what the call was to change in the world; nil for one that reads.
	Change *HostChange `json:"change,omitempty"`
	// WouldDo tells that nothing was changed, because the run was a dry run.
	WouldDo bool `json:"would_do,omitempty"`
	// Held tells that a budget, the breaker or the stop switch held the call back.
	Held bool `json:"held,omitempty"`
	// Error is the kind of refusal or failure; empty means ok.
	Error   string `json:"error,omitempty"`
	Message string `json:"message,omitempty"`
	// RequestBytes and ReplyBytes crossed the guest's border.
	RequestBytes int `json:"request_bytes"`
	ReplyBytes   int `json:"reply_bytes"`
}

// HostChange is what a host call changes: a verb and where. Budgets count by these
// fields, dry runs show them.
type HostChange struct {
	Verb string `json:"verb"` // "exec", "patch", "POST"
	// Target names the thing: "pods/dm-demo-app/leaky", "hooks.slack.com".
	Target    string `json:"target"`
	Cluster   string `json:"cluster,omitempty"` // kubeconfig context; empty: the server's own
	Namespace string `json:"namespace,omitempty"`
	Host      string `json:"host,omitempty"`
	// Diff shows in a dry run what would become of the target, as unified text.
	Diff string `json:"diff,omitempty"`
}

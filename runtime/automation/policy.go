package automation

import "time"

// Policy bounds how executions of one action run, as declared in a pack's policies
// folder.
type Policy struct {
	Pack        string     `json:"pack"`
	Name        string     `json:"name"`
	Description string     `json:"description,omitempty"`
	Enabled     bool       `json:"enabled"`
	Resource    Ref        `json:"resource_ref"` // the action
	Type        PolicyType `json:"policy_type"`
	// Action is what becomes of an execution that must not run now.
	Action PolicyAction `json:"action,omitempty"`
	// Threshold is how many may run at the same time.
	Threshold int `json:"threshold,omitempty"`
	// Attributes are the parameters of which executions must have the same values to be
	// counted together.
	Attributes []string `json:"attributes,omitempty"`
	// Limit is how many attempts may begin in a window.
	Limit  int           `json:"limit,omitempty"`
	Window time.Duration `json:"window,omitempty"` // nanoseconds
	// MaxDepth is how many executions may wait.
	MaxDepth int `json:"max_depth,omitempty"`
	// RetryOn, MaxRetryCount and Delay belong to action.retry.
	RetryOn       RetryOn       `json:"retry_on,omitempty"`
	MaxRetryCount int           `json:"max_retry_count,omitempty"`
	Delay         time.Duration `json:"delay,omitempty"` // nanoseconds
	Position      Position      `json:"position,omitzero"`
}

// Ref names the policy.
func (p *Policy) Ref() Ref { return NewRef(p.Pack, p.Name) }

// PolicyType is what a policy is about.
type PolicyType string

// The types of policies. The first three are StackStorm's.
const (
	PolicyConcurrency     PolicyType = "action.concurrency"
	PolicyConcurrencyAttr PolicyType = "action.concurrency.attr"
	PolicyRetry           PolicyType = "action.retry"
	PolicyRate            PolicyType = "rate"
	PolicyQueue           PolicyType = "queue"
)

// PolicyTypes returns all types.
func PolicyTypes() []PolicyType {
	return []PolicyType{PolicyConcurrency, PolicyConcurrencyAttr, PolicyRetry, PolicyRate, PolicyQueue}
}

// PolicyAction is what a policy does with an execution that it does not let run.
type PolicyAction string

// What a policy can do.
const (
	PolicyDelay  PolicyAction = "delay"
	PolicyCancel PolicyAction = "cancel"
)

// PolicyStatus is a policy with what it does at the moment.
type PolicyStatus struct {
	Policy
	Ref Ref `json:"ref"`
	// Running is how many executions of the action run; Waiting, how many wait for the
	// policy; Queued, how many of the action wait for whatever reason.
	Running int `json:"running"`
	Waiting int `json:"waiting"`
	Queued  int `json:"queued"`
}

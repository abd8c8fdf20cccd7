package automation

import "time"

// Grants are what a pack asks for and what the operator grants it. What holds is what
// both allow.
type Grants struct {
	Pack      string       `json:"pack"`
	Requested Capabilities `json:"requested"`
	// Granted is absent when the pack is left what it asks for.
	Granted *Capabilities `json:"granted,omitempty"`
	Source  GrantSource   `json:"source"`
}

// GrantSource is who says what a pack is granted.
type GrantSource string

// The sources of grants, the first that says something wins.
const (
	GrantConfig GrantSource = "config"    // the server's configuration
	GrantStored GrantSource = "stored"    // somebody, at run time
	GrantAsked  GrantSource = "requested" // nobody: the pack has what it asks for
)

// UsedFunction is how often a pack's code called a host function.
type UsedFunction struct {
	Name string `json:"name"`
	// Host tells calls of http_send apart: "hooks.example.com", with the port if one was
	// named.
	Host    string    `json:"host,omitempty"`
	Calls   int       `json:"calls"`
	Refused int       `json:"refused"` // of them
	LastAt  time.Time `json:"last_at"`
}

// PackUsage is what a pack has used of what it may do.
type PackUsage struct {
	Pack  string         `json:"pack"`
	Since time.Time      `json:"since"`
	Used  []UsedFunction `json:"used"`
	// Partial tells that not all attempts were looked at: there were too many.
	Partial bool `json:"partial,omitempty"`
	// Narrowed is what the pack asks for, without what it has not used.
	Narrowed Capabilities `json:"narrowed"`
}

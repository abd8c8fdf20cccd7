package automation

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

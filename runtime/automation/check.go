package automation

// CheckStatus is what a check found.
type CheckStatus string

// What a check may find. Warning means that it works, and not as well as it could.
const (
	CheckOK      CheckStatus = "ok"
	CheckWarning CheckStatus = "warning"
	CheckFailed  CheckStatus = "failed"
)

// Check is one thing that was looked at to see whether the server is well.
type Check struct {
	Name   string      `json:"name"`
	Status CheckStatus `json:"status"`
	Detail string      `json:"detail"`         // what was found
	Hint   string      `json:"hint,omitempty"` // what to do about it
}

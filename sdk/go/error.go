package squall

// Kind says in what way a host call did not succeed. The constants are errors
// themselves, for errors.Is:
//
//	if errors.Is(err, squall.ErrNotFound) { ... }
type Kind string

// The kinds. More may be added; treat an unknown one as ErrUnavailable.
const (
	ErrInvalid     Kind = "invalid"     // the request can not be done as it is written
	ErrNotFound    Kind = "not_found"   // the thing named does not exist
	ErrConflict    Kind = "conflict"    // the thing is in another state than the request supposes
	ErrDenied      Kind = "denied"      // the pack may not, or the cluster says no
	ErrUnavailable Kind = "unavailable" // it may work later: something is down, full or not configured
	ErrTimeout     Kind = "timeout"     // there was no answer in time
	ErrCanceled    Kind = "canceled"    // the execution is being canceled
)

func (k Kind) Error() string { return string(k) }

// HostError is a host call that did not succeed.
type HostError struct {
	Kind    Kind   `json:"kind"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // what to run or change; may be empty
}

func (e *HostError) Error() string { return e.Message }

// Unwrap lets errors.Is see the kind.
func (e *HostError) Unwrap() error { return e.Kind }

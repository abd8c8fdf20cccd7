package automation

import (
	"context"
	"errors"
	"fmt"
)

// The five kinds of error. Match them with errors.Is; an error of no kind is a
// fault of the server, whose text goes to the log and not to the caller.
var (
	ErrInvalid     = errors.New("invalid")     // what was asked can not be done as it is written
	ErrNotFound    = errors.New("not found")   // the thing named does not exist
	ErrConflict    = errors.New("conflict")    // the thing is in another state than the request supposes
	ErrDenied      = errors.New("denied")      // the caller may not
	ErrUnavailable = errors.New("unavailable") // it may work later: something needed is down, full or not configured
)

// Error is an error for people: what happened, and what to do next.
type Error struct {
	Kind    error  // one of the five kinds; nil means a fault of the server
	Code    string // stable snake_case identifier, such as "unknown_action"; may be empty
	Message string // what happened, in one sentence without a full stop
	Hint    string // what to run or change; may be empty
	Err     error  // the cause; may be nil
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap lets errors.Is see both the kind and the cause.
func (e *Error) Unwrap() []error {
	var errs []error
	if e.Kind != nil {
		errs = append(errs, e.Kind)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}

// WithHint returns a copy of e that says what to do next.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// WithCode returns a copy of e that carries a stable identifier.
func (e *Error) WithCode(code string) *Error {
	c := *e
	c.Code = code
	return &c
}

// Because returns a copy of e with a cause.
func (e *Error) Because(err error) *Error {
	c := *e
	c.Err = err
	return &c
}

// Invalid makes an error of kind ErrInvalid.
func Invalid(format string, args ...any) *Error { return newError(ErrInvalid, format, args) }

// NotFound makes an error of kind ErrNotFound.
func NotFound(format string, args ...any) *Error { return newError(ErrNotFound, format, args) }

// Conflict makes an error of kind ErrConflict.
func Conflict(format string, args ...any) *Error { return newError(ErrConflict, format, args) }

// Denied makes an error of kind ErrDenied.
func Denied(format string, args ...any) *Error { return newError(ErrDenied, format, args) }

// Unavailable makes an error of kind ErrUnavailable.
func Unavailable(format string, args ...any) *Error { return newError(ErrUnavailable, format, args) }

func newError(kind error, format string, args []any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// HintOf returns the first hint in err's chain, or "".
func HintOf(err error) string {
	for e := (*Error)(nil); errors.As(err, &e); err = e.Err {
		if e.Hint != "" || e.Err == nil {
			return e.Hint
		}
	}
	return ""
}

// KindOf names err's kind as it stands on the wire: "invalid", "not_found",
// "conflict", "denied", "unavailable", "timeout", "canceled" or, for anything
// else, "internal".
func KindOf(err error) string {
	switch {
	case errors.Is(err, ErrInvalid):
		return "invalid"
	case errors.Is(err, ErrNotFound):
		return "not_found"
	case errors.Is(err, ErrConflict):
		return "conflict"
	case errors.Is(err, ErrDenied):
		return "denied"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, ErrUnavailable):
		return "unavailable"
	}
	return "internal"
}

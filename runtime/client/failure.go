package client

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/squall-dev/squall/runtime/automation"
)

// Failure is a refusal of the server: an [automation.Error] and what only HTTP
// knows about it.
type Failure struct {
	Problem *automation.Error
	Status  int // of the HTTP answer
	// RequestID finds the refusal in the server's log; it may be empty.
	RequestID string
}

func (f *Failure) Error() string { return f.Problem.Error() }

// Unwrap lets errors.Is and errors.As see the problem.
func (f *Failure) Unwrap() error { return f.Problem }

// RequestID returns the number under which the server's log knows err, or "".
func RequestID(err error) string {
	if f := (*Failure)(nil); errors.As(err, &f) {
		return f.RequestID
	}
	return ""
}

// problem is what the server says with application/problem+json.
type problem struct {
	Title     string `json:"title"`
	Detail    string `json:"detail"`
	Code      string `json:"code"`
	Hint      string `json:"hint"`
	RequestID string `json:"request_id"`
}

// refusal reads what the server, or a proxy before it, says about a failure.
func refusal(resp *http.Response) error {
	const enough = 1 << 20
	text, _ := io.ReadAll(io.LimitReader(resp.Body, enough)) // what was read is all there is to show
	var p problem
	if json.Unmarshal(text, &p) != nil {
		p = problem{}
	}
	if p.RequestID == "" {
		p.RequestID = resp.Header.Get("X-Request-Id")
	}
	e := &automation.Error{Kind: kindOf(resp.StatusCode), Code: p.Code, Message: messageOf(p, resp), Hint: hintOf(p, resp)}
	return &Failure{Problem: e, Status: resp.StatusCode, RequestID: p.RequestID}
}

func messageOf(p problem, resp *http.Response) string {
	switch {
	case p.Detail != "":
		return p.Detail
	case p.Title != "":
		return p.Title
	}
	return "the server answered " + resp.Status
}

func hintOf(p problem, resp *http.Response) string {
	if p.Hint == "" && resp.StatusCode == http.StatusUnauthorized {
		return "log in with: squall login; or set SQUALL_TOKEN"
	}
	return p.Hint
}

// kindOf is the reverse of what the server does with kinds. Nil means a fault
// of the server.
func kindOf(status int) error {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return automation.ErrDenied
	case http.StatusNotFound, http.StatusGone:
		return automation.ErrNotFound
	case http.StatusConflict, http.StatusPreconditionFailed:
		return automation.ErrConflict
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return automation.ErrUnavailable
	}
	if status/100 == 4 {
		return automation.ErrInvalid
	}
	return nil
}

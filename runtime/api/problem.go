package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/access"
	"github.com/squall-dev/squall/runtime/automation"
)

// Problem is an error as RFC 9457 writes it, with a stable code and a hint.
type Problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail"`
	Code      string `json:"code"`
	Hint      string `json:"hint,omitempty"`
	RequestID string `json:"request_id"`
}

func errTooLarge(limit int64) error {
	return echo.NewHTTPError(http.StatusRequestEntityTooLarge,
		automation.Invalid("the body is larger than %d bytes", limit).WithCode("too_large"))
}

// statusOf maps the kinds of error to HTTP, in this one place.
func statusOf(err error) int {
	var known *automation.Error
	errors.As(err, &known)
	switch {
	case known != nil && known.Code == "unauthenticated", known != nil && known.Code == "invalid_login":
		return http.StatusUnauthorized
	case known != nil && known.Code == "malformed":
		return http.StatusBadRequest
	case known != nil && (known.Code == access.CodeTooManyLogins || known.Code == codeActionQueueFull):
		return http.StatusTooManyRequests
	case errors.Is(err, automation.ErrInvalid):
		return http.StatusUnprocessableEntity
	case errors.Is(err, automation.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, automation.ErrConflict):
		return http.StatusConflict
	case errors.Is(err, automation.ErrDenied):
		return http.StatusForbidden
	case errors.Is(err, automation.ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// writeError answers with a problem. The text of an error of no kind goes to the
// log only.
func (s *Server) writeError(err error, c echo.Context) {
	id := c.Response().Header().Get(echo.HeaderXRequestID)
	if c.Response().Committed {
		return // the answer has begun
	}
	// Also when the caller seems to have gone: one that has only finished sending
	// still reads, and without an answer net/http would tell it 200.
	p := problemOf(err)
	p.RequestID = id
	switch {
	case errors.Is(c.Request().Context().Err(), context.Canceled): // nothing to tell an operator
	case p.Status == http.StatusServiceUnavailable:
		s.Logger.Warn("request refused for now", "method", c.Request().Method, "path", brief(c.Request().URL.Path), "request", id, "err", err)
	case p.Status >= http.StatusInternalServerError:
		s.Logger.Error("request failed", "method", c.Request().Method, "path", brief(c.Request().URL.Path), "request", id, "err", err)
	}
	if after := retryAfter(p); after > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(after))
	}
	c.Response().Header().Set(echo.HeaderContentType, "application/problem+json")
	c.Response().WriteHeader(p.Status)
	if err := json.NewEncoder(c.Response()).Encode(p); err != nil {
		s.Logger.Debug("answer not delivered", "request", id, "err", err)
	}
}

// codeQueueFull and codeActionQueueFull are the engine's words for a queue that is full,
// its own or that of one action.
const (
	codeQueueFull       = "queue_full"
	codeActionQueueFull = "action_queue_full"
)

// retryAfter is for how many seconds a caller should stay away; zero when it is not to
// be told. A queue does not empty within one.
func retryAfter(p Problem) int {
	const queue = 10
	switch {
	case p.Code == codeQueueFull, p.Code == codeActionQueueFull:
		return queue
	case p.Status == http.StatusTooManyRequests:
		return int(access.LoginWindow.Seconds())
	case p.Status == http.StatusServiceUnavailable:
		return 1
	}
	return 0
}

func problemOf(err error) Problem {
	status := 0
	if he := (*echo.HTTPError)(nil); errors.As(err, &he) { // from the router, or a status of our own
		status = he.Code
		if inner, ok := he.Message.(error); ok {
			err = inner
		} else {
			err = &automation.Error{Message: fmt.Sprint(he.Message), Code: codeOfStatus(status)}
		}
	}
	if status == 0 {
		status = statusOf(err)
	}
	p := Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Hint: automation.HintOf(err)}
	var known *automation.Error
	if errors.As(err, &known) && known.Code != "" {
		p.Code = known.Code
	} else {
		p.Code = codeOfStatus(status)
	}
	p.Detail = detailOf(known, status)
	if status == http.StatusInternalServerError {
		p.Hint = ""
	}
	return p
}

// detailOf leaves out what the server was doing when it found an error: that is
// for its log. The cause of a fault may name files of the server, and callers may
// be anonymous, so that only what a caller did wrong is told with its cause.
func detailOf(known *automation.Error, status int) string {
	switch {
	case status == http.StatusInternalServerError:
		return "a fault of the server; its log says more under this request id"
	case known == nil:
		return "the server could not answer in time; try again in a moment"
	case status == http.StatusServiceUnavailable:
		return known.Message
	}
	return known.Error()
}

func codeOfStatus(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "malformed"
	case http.StatusNotFound:
		return "not_found"
	case http.StatusMethodNotAllowed:
		return "method_not_allowed"
	case http.StatusConflict:
		return "conflict"
	case http.StatusForbidden:
		return "denied"
	case http.StatusUnprocessableEntity:
		return "invalid"
	case http.StatusServiceUnavailable:
		return "unavailable"
	}
	return "internal"
}

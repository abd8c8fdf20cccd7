package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

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
	case errors.Is(err, automation.ErrInvalid):
		return http.StatusUnprocessableEntity
	case errors.Is(err, automation.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, automation.ErrConflict):
		return http.StatusConflict
	case errors.Is(err, automation.ErrDenied):
		return http.StatusForbidden
	case errors.Is(err, automation.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// writeError answers with a problem. The text of an error of no kind goes to the
// log only.
func (s *Server) writeError(err error, c echo.Context) {
	id := c.Response().Header().Get(echo.HeaderXRequestID)
	if c.Response().Committed || errors.Is(c.Request().Context().Err(), context.Canceled) {
		return // the answer has begun, or nobody listens any more
	}
	p := problemOf(err)
	p.RequestID = id
	if p.Status >= http.StatusInternalServerError && p.Status != http.StatusServiceUnavailable {
		s.Logger.Error("request failed", "method", c.Request().Method, "path", c.Request().URL.Path, "request", id, "err", err)
	}
	if p.Status == http.StatusServiceUnavailable {
		c.Response().Header().Set("Retry-After", "1")
	}
	c.Response().Header().Set(echo.HeaderContentType, "application/problem+json")
	c.Response().WriteHeader(p.Status)
	if err := json.NewEncoder(c.Response()).Encode(p); err != nil {
		s.Logger.Debug("answer not delivered", "request", id, "err", err)
	}
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
	p := Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: err.Error(), Hint: automation.HintOf(err)}
	if status == http.StatusInternalServerError {
		p.Detail, p.Hint = "a fault of the server; its log says more under this request id", ""
	}
	var known *automation.Error
	if errors.As(err, &known) && known.Code != "" {
		p.Code = known.Code
	} else {
		p.Code = codeOfStatus(status)
	}
	return p
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

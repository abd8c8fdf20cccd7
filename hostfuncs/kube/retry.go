package kube

import (
	"context"
	"errors"
	"io"
	"net/http"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// attempts is how often a request is sent at most. One that did not even reach the
// API server is sent more often, which bridges an outage of thirteen seconds: a dump
// that comes late is better than none, and a second request can do no harm.
const (
	attempts           = 4
	attemptsUnreached  = 10
	longestPauseFactor = 10 // of the first pause
)

// final marks an error after which a second try could do harm or no good.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// retry calls fn until it succeeds, fails for good or the time is up.
func (c *Client) retry(ctx context.Context, fn func() error) error {
	pause := c.options.Backoff
	for attempt := 1; ; attempt++ {
		err := fn()
		most := attempts
		if unreached(err) {
			most = attemptsUnreached
		}
		if attempt >= most || !passing(err) || !wait(ctx, pause) {
			return err
		}
		c.logger.Debug("request to the API server is retried", "attempt", attempt, "err", err)
		pause = min(2*pause, longestPauseFactor*c.options.Backoff)
	}
}

// wait pauses, and reports whether ctx is still good.
func wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// passing reports whether err is of those that go away by themselves: the API
// server starts, is overloaded or closed an idle connection.
func passing(err error) bool {
	if err == nil || errors.As(err, new(final)) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if status := apierrors.APIStatus(nil); errors.As(err, &status) {
		code := status.Status().Code
		return code == http.StatusTooManyRequests || code >= 500 ||
			code == http.StatusGone // a list took too long to page through: begin again
	}
	return unreached(err) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// unreached reports whether there was nobody to send the request to.
func unreached(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EHOSTUNREACH)
}

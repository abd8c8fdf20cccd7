package fetch

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/textproto"
	"strconv"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

const (
	// maxRetries is how often a request may be sent again.
	maxRetries = 5
	// The first pause is at most shortest long, each further one twice that, none
	// more than longest.
	shortest, longest = 500 * time.Millisecond, 8 * time.Second
)

// checkRetries refuses a number that is out of range, and methods whose second
// time may be another change (RFC 9110, 9.2.2), unless the receiver was given
// what it needs to recognise it.
func (r Request) checkRetries() error {
	if r.Retries < 0 || r.Retries > maxRetries {
		return automation.Invalid("retries is %d", r.Retries).WithHint("give a number from 0 to %d", maxRetries)
	}
	if r.Retries == 0 {
		return nil
	}
	switch r.method() {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return nil
	}
	for name, value := range r.Headers {
		if textproto.CanonicalMIMEHeaderKey(name) == "Idempotency-Key" && value != "" {
			return nil
		}
	}
	return automation.Invalid("a %s request is not sent twice", r.method()).
		WithHint("if the receiver recognises a repeated one, say how with a header Idempotency-Key")
}

// persist sends the request and, as often as it asks for, again.
func (c *Client) persist(ctx context.Context, who hostfuncs.Caller, h hop, req Request) (answer, error) {
	follow := req.FollowRedirects == nil || *req.FollowRedirects
	for attempt := 1; ; attempt++ {
		got, err := c.follow(ctx, who, h, follow)
		got.attempts = attempt
		if attempt > req.Retries || !passing(got.Response, err) {
			return got, err
		}
		pause := pauseAfter(attempt, got.Response)
		if d, ok := ctx.Deadline(); ok && time.Until(d) <= pause {
			return got, err // what there is says more than that time is up
		}
		if got.Response != nil {
			_ = got.Body.Close()
		}
		c.logger.DebugContext(ctx, "send a request again", "host", h.name(), "attempt", attempt+1, "in", pause)
		if err := c.wait(ctx, pause); err != nil {
			return answer{}, err
		}
	}
}

// passing tells whether the cause may be gone the next time.
func passing(resp *http.Response, err error) bool {
	if err != nil {
		return automation.KindOf(err) == "unavailable"
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// pauseAfter is what the answer asks for with Retry-After in seconds or as a date
// (RFC 9110, 10.2.3), or a random part of a limit that doubles: senders that
// failed together do not come back together.
func pauseAfter(attempt int, resp *http.Response) time.Duration {
	limit := min(shortest<<(attempt-1), longest)
	if resp != nil {
		value := resp.Header.Get("Retry-After")
		if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
			return time.Duration(seconds) * time.Second
		}
		if at, err := http.ParseTime(value); err == nil {
			return max(time.Until(at), 0)
		}
	}
	return rand.N(limit) + 1
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return hostfuncs.Interrupted(ctx, "wait to send the request again")
	}
}

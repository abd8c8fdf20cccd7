package hostfuncs

import (
	"context"
	"errors"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// Interrupted is the error of a host function whose ctx is done: its kind is
// "timeout" or "canceled", whatever cause the engine gave, and the cause stays
// in the chain for [errors.Is].
func Interrupted(ctx context.Context, doing string) error {
	kind, message := context.Canceled, doing+": canceled"
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		kind, message = context.DeadlineExceeded, doing+": time is up"
	}
	e := &automation.Error{Kind: kind, Message: message}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, kind) {
		e = e.Because(cause)
	}
	return e
}

// Over tells whether ctx is done, or will be at once: a connection may notice a
// deadline before the context does.
func Over(ctx context.Context) bool {
	if d, ok := ctx.Deadline(); ok && !time.Now().Before(d) {
		<-ctx.Done()
	}
	return ctx.Err() != nil
}

// WithTimeout bounds ctx by the seconds that a request asks for, by standard when
// it asks for none. The execution's own deadline holds in any case.
func WithTimeout(ctx context.Context, seconds float64, standard time.Duration) (context.Context, context.CancelFunc, error) {
	if seconds == 0 {
		bounded, cancel := context.WithTimeout(ctx, standard)
		return bounded, cancel, nil
	}
	const most = 24 * time.Hour
	if !(seconds > 0 && seconds <= most.Seconds()) { // also refuses NaN
		return nil, nil, automation.Invalid("timeout_seconds is %v", seconds).
			WithHint("give a number of seconds above 0, at most %v", most.Seconds())
	}
	bounded, cancel := context.WithTimeout(ctx, time.Duration(seconds*float64(time.Second)))
	return bounded, cancel, nil
}

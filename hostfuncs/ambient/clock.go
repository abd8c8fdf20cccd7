package ambient

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// SleepRequest is how long to wait.
type SleepRequest struct {
	Seconds float64 `json:"seconds"`
}

// SleepResponse says nothing.
type SleepResponse struct{}

// Sleep waits. It counts as waiting and not as computing, and ends at once when the
// execution does.
func (c *Client) Sleep(ctx context.Context, _ hostfuncs.Caller, req SleepRequest) (SleepResponse, error) {
	const longest = 24 * 60 * 60
	if req.Seconds < 0 || req.Seconds > longest {
		return SleepResponse{}, automation.Invalid("seconds is %v; it may be from 0 to %d", req.Seconds, longest)
	}
	timer := time.NewTimer(time.Duration(req.Seconds * float64(time.Second)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return SleepResponse{}, nil
	case <-ctx.Done():
		return SleepResponse{}, hostfuncs.Interrupted(ctx, "sleep")
	}
}

// TimeRequest asks for the time.
type TimeRequest struct{}

// TimeResponse is the time, twice.
type TimeResponse struct {
	Now       time.Time `json:"now" doc:"UTC"`
	UnixNanos int64     `json:"unix_nanos"`
}

// Time tells the time of the server.
func (c *Client) Time(context.Context, hostfuncs.Caller, TimeRequest) (TimeResponse, error) {
	now := c.now().UTC()
	return TimeResponse{now, now.UnixNano()}, nil
}

// RandomRequest is how many bytes are wanted.
type RandomRequest struct {
	Bytes int `json:"bytes" doc:"1 to 65536"`
}

// RandomResponse has bytes that nobody can guess.
type RandomResponse struct {
	Base64 []byte `json:"base64"`
}

// Random gives random bytes of the system's generator.
func (c *Client) Random(_ context.Context, _ hostfuncs.Caller, req RandomRequest) (RandomResponse, error) {
	const most = 64 << 10
	if req.Bytes < 1 || req.Bytes > most {
		return RandomResponse{}, automation.Invalid("bytes is %d; it may be from 1 to %d", req.Bytes, most)
	}
	b := make([]byte, req.Bytes)
	_, _ = rand.Read(b) // it never fails
	return RandomResponse{b}, nil
}

package fetch

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// patient is a client whose pauses take no time and are counted.
func patient(t *testing.T) (*Client, *[]time.Duration) {
	c, pauses := newClient(t, Options{}), &[]time.Duration{}
	c.wait = func(_ context.Context, d time.Duration) error {
		*pauses = append(*pauses, d)
		return nil
	}
	return c, pauses
}

// failing answers with the statuses in turn, then with 200; 0 breaks the connection.
func failing(t *testing.T, header map[string]string, statuses ...int) (url string, bodies func() []string) {
	var mu sync.Mutex
	var all []string
	bodies = func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
	s, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		all = append(all, string(body))
		turn := len(all) - 1
		mu.Unlock()
		if turn >= len(statuses) {
			return
		}
		for name, value := range header {
			w.Header().Set(name, value)
		}
		status := statuses[turn]
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(status)
	})
	return s.URL, bodies
}

func TestSendTriesAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name             string
		statuses         []int
		req              Request
		status, attempts int
		kind             string
	}{
		{"not unless it is asked to", []int{503}, Request{}, 503, 1, ""},
		{"until an answer is good", []int{429, 502, 503, 504}, Request{Retries: 5}, 200, 5, ""},
		{"after a connection that broke", []int{0}, Request{Retries: 1, Method: "PUT", Body: "all of it"}, 200, 2, ""},
		{"and gives the last answer when none was", []int{503, 503, 503}, Request{Retries: 2}, 503, 3, ""},
		{"and the last error", []int{503, 0, 0}, Request{Retries: 1, Method: "PUT"}, 0, 2, "unavailable"},
		{"but not after an error of the request", []int{400}, Request{Retries: 5}, 400, 1, ""},
		{"nor after the server's own", []int{500}, Request{Retries: 5}, 500, 1, ""},
		{"with POST when the receiver can tell", []int{503}, Request{Retries: 1, Method: "POST", Body: "x", Headers: map[string]string{"idempotency-key": "1"}}, 200, 2, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, pauses := patient(t)
			url, bodies := failing(t, nil, tt.statuses...)
			tt.req.URL = url
			got, err := c.Send(t.Context(), allowed(true, "127.0.0.1:*"), tt.req)
			if got.Status != tt.status || automation.KindOf(err) != tt.kind && (err != nil || tt.kind != "") {
				t.Errorf("%+v, %v", got, err)
			}
			if len(bodies()) != tt.attempts || len(*pauses) != tt.attempts-1 || err == nil && tt.req.Retries > 0 && got.Attempts != tt.attempts {
				t.Errorf("sent %d times with %d pauses, says %d", len(bodies()), len(*pauses), got.Attempts)
			}
			for _, body := range bodies() {
				if body != tt.req.Body {
					t.Errorf("sent %q", body)
				}
			}
		})
	}
}

func TestPausesGrow(t *testing.T) {
	t.Parallel()
	limits := []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 8 * time.Second}
	for i, limit := range limits {
		longest := time.Duration(0)
		for range 200 {
			longest = max(longest, pauseAfter(i+1, nil))
		}
		if longest > limit || longest < limit/2 {
			t.Errorf("pause %d: the longest of 200 is %s, the limit %s", i+1, longest, limit)
		}
	}
}

func TestThePauseIsWhatTheAnswerAsksFor(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	tests := []struct {
		name, value string
		least, most time.Duration
	}{
		{"seconds", "7", 7 * time.Second, 7 * time.Second},
		{"a date", at(time.Hour), 50 * time.Minute, time.Hour},
		{"a date that is over", at(-time.Hour), 0, 0},
		{"nonsense", "soon", 1, shortest},
		{"less than none", "-1", 1, shortest},
	}
	for _, tt := range tests {
		got := pauseAfter(1, &http.Response{Header: http.Header{"Retry-After": {tt.value}}})
		if got < tt.least || got > tt.most {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}

func TestSendDoesNotWaitForWhatComesTooLate(t *testing.T) {
	t.Parallel()
	c, pauses := patient(t)
	url, bodies := failing(t, map[string]string{"Retry-After": strconv.Itoa(3600)}, 503)
	got, err := c.Send(t.Context(), allowed(true, "127.0.0.1:*"), Request{URL: url, Retries: 3})
	if err != nil || got.Status != 503 || len(bodies()) != 1 || len(*pauses) != 0 {
		t.Errorf("%+v, %v, %d pauses", got, err, len(*pauses))
	}
}

func TestAPauseEndsWithItsExecution(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := wait(ctx, time.Hour); automation.KindOf(err) != "canceled" {
		t.Errorf("got %v", err)
	}
	if err := wait(t.Context(), time.Nanosecond); err != nil {
		t.Error(err)
	}
}

func TestRetriesThatAreRefused(t *testing.T) {
	t.Parallel()
	c, _ := patient(t)
	tests := []struct {
		name, hint string
		req        Request
	}{
		{"fewer than none", "0 to 5", Request{Retries: -1}},
		{"too many", "0 to 5", Request{Retries: 6}},
		{"a POST whose receiver can not tell", "Idempotency-Key", Request{Retries: 1, Method: "post"}},
		{"a key that is empty", "Idempotency-Key", Request{Retries: 1, Method: "PATCH", Headers: map[string]string{"Idempotency-Key": ""}}},
	}
	for _, tt := range tests {
		tt.req.URL = "http://127.0.0.1:1/"
		for _, call := range []func() error{
			func() error { _, err := c.Send(t.Context(), allowed(true, "127.0.0.1:*"), tt.req); return err },
			func() error { _, _, err := c.preview(t.Context(), hostfuncs.Caller{}, tt.req); return err },
		} {
			if err := call(); automation.KindOf(err) != "invalid" || !strings.Contains(automation.HintOf(err), tt.hint) {
				t.Errorf("%s: %v, %q", tt.name, err, automation.HintOf(err))
			}
		}
	}
}

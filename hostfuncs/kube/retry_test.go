package kube

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

func TestHowOftenARequestIsSent(t *testing.T) {
	t.Parallel()
	busy := apierrors.NewServiceUnavailable("starting")
	tests := []struct {
		name string
		err  error
		sent int
	}{
		{"once when it succeeds", nil, 1},
		{"once when the answer will not change", apierrors.NewBadRequest("no"), 1},
		{"a few times when the server is busy", busy, attempts},
		{"once when a second try could do harm", final{busy}, 1},
		{"more often when nobody listens", fmt.Errorf("dial: %w", syscall.ECONNREFUSED), attemptsUnreached},
		{"more often when there is no way to the network", fmt.Errorf("dial: %w", syscall.ENETUNREACH), attemptsUnreached},
		{"more often when there is no way to the host", fmt.Errorf("dial: %w", syscall.EHOSTUNREACH), attemptsUnreached},
		{"a few times when the connection broke", fmt.Errorf("read: %w", syscall.ECONNRESET), attempts},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := New(Options{Backoff: time.Microsecond})
			if err != nil {
				t.Fatal(err)
			}
			sent := 0
			err = c.retry(t.Context(), func() error { sent++; return tt.err })
			if sent != tt.sent || err == nil != (tt.err == nil) {
				t.Errorf("sent %d times, want %d; %v", sent, tt.sent, err)
			}
		})
	}
}

// Thirteen seconds are what a restart of an API server takes.
func TestTheRetriesBridgeAnOutage(t *testing.T) {
	t.Parallel()
	c, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	bridged, pause := time.Duration(0), c.options.Backoff
	for range attemptsUnreached - 1 {
		bridged += pause
		pause = min(2*pause, longestPauseFactor*c.options.Backoff)
	}
	if bridged != 13*time.Second {
		t.Errorf("the pauses are %v together", bridged)
	}
}

package live

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
)

func changes(from, to int64) []automation.Change {
	var out []automation.Change
	for seq := from; seq <= to; seq++ {
		out = append(out, automation.Change{Seq: seq})
	}
	return out
}

func TestNextContinuesWhereTheWatcherWas(t *testing.T) {
	t.Parallel()
	h := New(10, 41)
	h.Publish(changes(42, 44))
	tests := []struct {
		name    string
		after   int64
		limit   int
		first   int64
		n       int
		wantErr error
	}{
		{"from the start of this process", 41, 100, 42, 3, nil},
		{"from the middle", 43, 100, 44, 1, nil},
		{"no more than the limit", 41, 2, 42, 2, nil},
		{"older than is remembered", 40, 100, 0, 0, ErrResync},
		{"from the future, as after a restored backup", 45, 100, 0, 0, ErrResync},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := h.Next(t.Context(), tt.after, tt.limit)
			if !errors.Is(err, tt.wantErr) {
				t.Fatalf("err = %v, want %v", err, tt.wantErr)
			}
			if len(got) != tt.n || tt.n > 0 && got[0].Seq != tt.first {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestForgottenChangesAskForResync(t *testing.T) {
	t.Parallel()
	h := New(4, 0)
	for seq := int64(1); seq <= 100; seq++ {
		h.Publish(changes(seq, seq))
	}
	if _, err := h.Next(t.Context(), 1, 10); !errors.Is(err, ErrResync) {
		t.Errorf("err = %v, want ErrResync", err)
	}
	if got, err := h.Next(t.Context(), 96, 10); err != nil || len(got) != 4 || got[0].Seq != 97 {
		t.Errorf("the newest four: %v, %v", got, err)
	}
	if len(h.ring) > 5 {
		t.Errorf("ring holds %d changes, want at most a quarter more than its size", len(h.ring))
	}
}

func TestCloseAndCancelEndAWait(t *testing.T) {
	t.Parallel()
	h := New(4, 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Next(ctx, 0, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want canceled", err)
	}
	done := make(chan error)
	go func() { _, err := h.Next(context.Background(), 0, 1); done <- err }()
	h.Close()
	if err := <-done; !errors.Is(err, ErrClosed) {
		t.Errorf("err = %v, want ErrClosed", err)
	}
	h.Close() // twice does nothing
	<-h.Closed()
}

// Many watchers see every change once and in order while others publish.
func TestHammer(t *testing.T) {
	t.Parallel()
	const total = 2000
	h := New(total, 0)
	var watchers sync.WaitGroup
	for range 8 {
		watchers.Go(func() {
			for after := int64(0); after < total; {
				got, err := h.Next(context.Background(), after, 7)
				if err != nil {
					t.Error(err)
					return
				}
				for _, c := range got {
					if c.Seq != after+1 {
						t.Errorf("after %d came %d", after, c.Seq)
						return
					}
					after = c.Seq
				}
			}
		})
	}
	for seq := int64(1); seq <= total; seq += 10 {
		h.Publish(changes(seq, seq+9))
	}
	watchers.Wait()
}

// All watchers share one writing of a change.
func TestAChangeIsWrittenOnce(t *testing.T) {
	t.Parallel()
	h := New(4, 0)
	h.Publish(changes(1, 1))
	written := 0
	write := func(c automation.Change) ([]byte, error) {
		written++
		return []byte{byte('0' + c.Seq)}, nil
	}
	for range 3 {
		got, err := h.Next(t.Context(), 0, 10)
		if err != nil || len(got) != 1 {
			t.Fatalf("%v, %v", got, err)
		}
		if text, err := got[0].Text(write); string(text) != "1" || err != nil {
			t.Errorf("%s, %v", text, err)
		}
	}
	if written != 1 {
		t.Errorf("written %d times", written)
	}
}

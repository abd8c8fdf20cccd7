package engine

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/squall-dev/squall/runtime/store"
)

func TestAWorkerIsFreeWhileTheEndOfItsAttemptIsStored(t *testing.T) {
	t.Parallel()
	let := make(chan struct{})
	var stored atomic.Int32
	db := &gated{Store: openStore(t), onFinish: func(store.Finish) error {
		<-let
		stored.Add(1)
		return nil
	}}
	b := startOn(t, db, answer(`{}`), func(o *Options) { o.Workers = 1 })
	first, second := b.ingest("echo", "one").Executions[0], b.ingest("echo", "two").Executions[0]
	eventuallyIn(t, func() bool { return b.running.attempting(second) })
	if n := stored.Load(); n != 0 {
		t.Errorf("%d ends were stored before the second execution began, want 0", n)
	}
	close(let)
	for _, id := range []string{first, second} {
		b.final(id)
	}
}

// attempting reports whether a worker has taken up an execution.
func (r *runningSet) attempting(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	h, known := r.all[id]
	return known && h.stop != nil
}

func TestWorkersArePromisedOnlyWhileExecutionsAreShort(t *testing.T) {
	t.Parallel()
	const workers = 2
	for name, c := range map[string]struct {
		took []time.Duration
		want int // that can be reserved while all workers are busy
	}{
		"nothing has run yet":          {nil, 0},
		"executions of a moment":       {[]time.Duration{time.Microsecond}, workers * mostPromises},
		"executions of 5 ms":           {[]time.Duration{5 * time.Millisecond}, 4},
		"executions of a second":       {[]time.Duration{time.Second}, 0},
		"one of a second among others": {[]time.Duration{time.Microsecond, time.Microsecond, time.Second}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLine(workers, 10)
			for range workers {
				l.reserve()
			}
			for _, took := range c.took {
				l.release(took)
				l.reserve()
			}
			got := 0
			for l.reserve() {
				got++
			}
			if got != c.want {
				t.Errorf("%d more could be reserved, want %d", got, c.want)
			}
		})
	}
}

func TestNothingIsPromisedWhileLongExecutionsHoldAllWorkers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(2, 10)
		l.reserve()
		l.release(time.Microsecond)
		time.Sleep(time.Hour) // long ago all were short
		if !l.reserve() || !l.reserve() || !l.reserve() {
			t.Fatal("two idle workers and a promise are wanted at first")
		}
		time.Sleep(standstill + time.Millisecond)
		if l.reserve() {
			t.Error("a worker was promised although none has come back")
		}
		l.release(time.Second)
		l.release(time.Microsecond)
		l.release(time.Microsecond)
		if !l.reserve() {
			t.Error("an idle worker was refused")
		}
	})
}

func TestSendersWaitAMomentWhileShortExecutionsPileUp(t *testing.T) {
	t.Parallel()
	full := func(pace time.Duration) *line {
		l := newLine(1, 10)
		l.reserve()
		if pace > 0 {
			l.release(pace)
		}
		for l.reserve() {
		}
		return l
	}
	waits := func(t *testing.T, l *line, meanwhile func()) time.Duration {
		t.Helper()
		began := time.Now()
		done := make(chan struct{})
		go func() { l.throttle(t.Context()); close(done) }()
		synctest.Wait()
		meanwhile()
		<-done
		return time.Since(began)
	}
	for _, tt := range []struct {
		name      string
		pace      time.Duration
		meanwhile func(*line)
		want      time.Duration
	}{
		{"nothing is known of them", 0, func(*line) {}, 0},
		{"they are long", time.Second, func(*line) {}, 0},
		{"they are short, and none ends", time.Microsecond, func(*line) {}, longestThrottle},
		{"they are short, and one ends", time.Microsecond, func(l *line) { time.Sleep(time.Millisecond); l.release(time.Microsecond) }, time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := full(tt.pace)
				if got := waits(t, l, func() { tt.meanwhile(l) }); got != tt.want {
					t.Errorf("the sender waited %v, want %v", got, tt.want)
				}
				if len(l.senders) != 0 {
					t.Errorf("%d senders are still noted", len(l.senders))
				}
			})
		})
	}
}

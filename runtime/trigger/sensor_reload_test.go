package trigger_test

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/trigger"
	"github.com/squall-dev/squall/runtime/trigger/triggertest"
)

// slowly counts on, and takes a minute for it even when it is told to stop: a guest
// that has answered may be storing its answer.
func slowly(running, most *atomic.Int32) func(context.Context, automation.Sensor, json.RawMessage, func(automation.LogLevel, string)) (json.RawMessage, error) {
	return func(_ context.Context, s automation.Sensor, input json.RawMessage, log func(automation.LogLevel, string)) (json.RawMessage, error) {
		most.Store(max(most.Load(), running.Add(1)))
		defer running.Add(-1)
		time.Sleep(time.Minute)
		return countOn(context.Background(), s, input, log)
	}
}

// TestVersionsOfASensorNeverOverlap: the pack changes, or goes and comes back, and
// people ask, while a poll is under way.
func TestVersionsOfASensorNeverOverlap(t *testing.T) {
	t.Parallel()
	next := eye()
	next.Description = "another version"
	for _, tt := range []struct {
		name  string
		steps [][]automation.Sensor
	}{
		{"a new version", [][]automation.Sensor{{next}}},
		{"it goes and comes back", [][]automation.Sensor{{}, one()}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := triggertest.NewLedger()
				var running, most atomic.Int32
				var now atomic.Value
				now.Store(one())
				watching(t, l, func() []automation.Sensor { return now.Load().([]automation.Sensor) }, slowly(&running, &most), func(s *trigger.Sensors) {
					time.Sleep(time.Second) // the first poll is under way
					for _, step := range tt.steps {
						now.Store(step)
						s.Sync(nil)
						synctest.Wait()
					}
					if err := s.Poll(t.Context(), "test.eye"); err != nil {
						t.Error(err)
					}
					if err := s.Pause(t.Context(), "test.eye", true); err != nil {
						t.Error(err)
					}
					time.Sleep(10 * time.Minute)
					if st := s.Status()[0].State; st != automation.SourcePaused {
						t.Errorf("it is %s; what a person said was undone", st)
					}
				})
				if n := most.Load(); n != 1 {
					t.Errorf("%d polls of one sensor at the same time", n)
				}
				for i, ev := range l.Events() {
					if string(ev.Payload) != string(rune('1'+i)) {
						t.Fatalf("events %s", payloads(l))
					}
				}
			})
		})
	}
}

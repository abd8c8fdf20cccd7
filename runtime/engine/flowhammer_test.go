package engine

import (
	"sync"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// Events of one key that come at the same time pass as if they had come one by one.
func TestControlsHoldWhenManyEventsComeAtOnce(t *testing.T) {
	t.Parallel()
	const events = 60
	hour := automation.Duration(time.Hour)
	for _, tt := range []struct {
		name string
		flow automation.Flow
		pass int
	}{
		{"dedupe lets one pass", automation.Flow{Dedupe: &automation.Dedupe{Key: byText, Window: hour}}, 1},
		{"throttle lets its limit pass", automation.Flow{Throttle: &automation.Throttle{Key: byText, Limit: 7, Per: hour}}, 7},
		{"count lets every tenth pass", automation.Flow{Count: &automation.Count{Key: byText, AtLeast: 10, Within: hour}}, 6},
		{"debounce lets none pass before it is over", automation.Flow{Debounce: &automation.Debounce{For: hour}}, 0},
		{"count comes before throttle", automation.Flow{
			Count: &automation.Count{Key: byText, AtLeast: 10, Within: hour}, Throttle: &automation.Throttle{Key: byText, Limit: 2, Per: hour},
		}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := limited(t, openStore(t), tt.flow)
			var mu sync.Mutex // guards passed
			passed := 0
			var senders sync.WaitGroup
			for range events {
				senders.Go(func() {
					a, err := b.Ingest(t.Context(), webhook("echo", "x"))
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					defer mu.Unlock()
					passed += len(a.Executions)
				})
			}
			senders.Wait()
			if passed != tt.pass {
				t.Errorf("%d of %d events passed, want %d", passed, events, tt.pass)
			}
		})
	}
}

package engine

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/flow"
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

// forgetful counts what was forgotten.
type forgetful struct {
	noMeter
	n int
}

func (f *forgetful) FlowStatesForgotten(n int) { f.n += n }

func TestStatesForgottenEarlyAreCounted(t *testing.T) {
	t.Parallel()
	meter := &forgetful{}
	keeper, err := flow.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	e := &Engine{Options: Options{Store: openStore(t), Meter: meter, Now: time.Now}, flow: keeper}
	r := ruleFor("test.echo")
	r.Flow = dedupeByText()
	const states, most = 100_007, 100_000
	for n := range states {
		e.flow.Decide(flow.Event{Rule: &r, Keys: map[automation.Control]string{automation.ControlDedupe: strconv.Itoa(n)}, Item: -1, At: time.Now()})
	}
	for range 2 { // the second time there is nothing new
		e.forget(t.Context())
		if meter.n != states-most {
			t.Errorf("%d states were counted, want %d", meter.n, states-most)
		}
	}
}

package trigger_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/trigger"
	"github.com/squall-dev/squall/runtime/trigger/triggertest"
)

// TestTimersAreASource: bubbles begin at a full hour, so both timers fire hourly.
func TestTimersAreASource(t *testing.T) {
	t.Parallel()
	rules := []automation.Ref{"test.r"}
	triggertest.Run(t, func(*testing.T) triggertest.Subject {
		return triggertest.Subject{
			New: func(l *triggertest.Ledger) trigger.Source {
				return trigger.NewTimers(trigger.TimerOptions{Ingester: l, Marks: l})
			},
			Wanted: []automation.Wanted{
				{Trigger: trigger.IntervalTimer, Parameters: map[string]any{"unit": "hours", "delta": 1}, Rules: rules},
				{Trigger: trigger.CronTimer, Parameters: map[string]any{"minute": 0, "timezone": "Asia/Tokyo"}, Rules: rules},
			},
			Raise: func() { time.Sleep(time.Hour) },
		}
	})
}

// sensorsOfPacks shows sensors as packs do whose triggers are wanted: what a sensor
// finds becomes events whether a rule wants them or not, as long as its pack is in
// service.
type sensorsOfPacks struct {
	*trigger.Sensors
	inService *atomic.Value // []automation.Sensor
}

func (s sensorsOfPacks) Sync(wanted []automation.Wanted) {
	var all []automation.Sensor
	for _, w := range wanted {
		if w.Trigger.Pack() == "test" {
			all = append(all, automation.Sensor{Pack: "test", Name: w.Trigger.Name(), Enabled: true, Interval: automation.Duration(time.Minute), Triggers: []automation.Ref{w.Trigger}})
		}
	}
	s.inService.Store(all)
	s.Sensors.Sync(wanted)
}

// TestSensorsAreASource: a sensor finds what the world has had since its cursor.
func TestSensorsAreASource(t *testing.T) {
	t.Parallel()
	triggertest.Run(t, func(*testing.T) triggertest.Subject {
		var world atomic.Int64
		poll := func(_ context.Context, s automation.Sensor, input json.RawMessage, _ func(automation.LogLevel, string)) (json.RawMessage, error) {
			var in struct{ Cursor *int64 }
			if err := json.Unmarshal(input, &in); err != nil {
				return nil, err
			}
			now := world.Load()
			if in.Cursor == nil {
				in.Cursor = &now // what was before is nobody's news
			}
			events := []string{}
			for n := *in.Cursor; n < now; n++ {
				events = append(events, fmt.Sprintf(`{"trigger":%q,"payload":%d,"key":"%d"}`, s.Triggers[0], n, n))
			}
			return json.RawMessage(fmt.Sprintf(`{"events":[%s],"cursor":%d}`, strings.Join(events, ","), now)), nil
		}
		return triggertest.Subject{
			New: func(l *triggertest.Ledger) trigger.Source {
				s := sensorsOfPacks{inService: &atomic.Value{}}
				s.inService.Store([]automation.Sensor{})
				s.Sensors = trigger.NewSensors(trigger.SensorOptions{Ingester: l, Marks: l, Poll: poll,
					Sensors: func() []automation.Sensor { return s.inService.Load().([]automation.Sensor) }})
				return s
			},
			Wanted: []automation.Wanted{{Trigger: "test.one", Rules: []automation.Ref{"test.r"}}, {Trigger: "test.two", Rules: []automation.Ref{"test.r"}}},
			Raise: func() {
				world.Add(1)
				time.Sleep(time.Minute)
			},
		}
	})
}

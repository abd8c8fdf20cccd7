package trigger_test

import (
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

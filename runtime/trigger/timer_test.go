package trigger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// ledger is an ingester that keeps everything, and refuses when told to.
type ledger struct {
	events []automation.Event
	marks  map[string]automation.Mark
	fail   error
}

func (l *ledger) IngestAll(_ context.Context, events []automation.Event, marks ...automation.Mark) ([]automation.Accepted, error) {
	if l.fail != nil {
		return nil, l.fail
	}
	var out []automation.Accepted
	for _, ev := range events {
		l.events = append(l.events, ev)
		out = append(out, automation.Accepted{Event: fmt.Sprint("event", len(l.events))})
	}
	for _, m := range marks {
		l.marks[m.Key] = m
	}
	return out, nil
}

func (l *ledger) Marks(context.Context, string) ([]automation.Mark, error) {
	var all []automation.Mark
	for _, m := range l.marks {
		all = append(all, m)
	}
	return all, nil
}

// clockwork is timers with a clock that tests move.
type clockwork struct {
	*ledger
	*Timers
	t       *testing.T
	now     time.Time
	running bool
	wanted  []automation.Wanted
}

func newClockwork(t *testing.T, trigger automation.Ref, parameters map[string]any) *clockwork {
	c := &clockwork{
		ledger: &ledger{marks: map[string]automation.Mark{}}, t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		wanted: []automation.Wanted{{Trigger: trigger, Parameters: parameters, Rules: []automation.Ref{"test.r"}}},
	}
	c.restart()
	return c
}

// restart is a new process on what is stored.
func (c *clockwork) restart() {
	c.Timers = NewTimers(TimerOptions{
		Ingester: c.ledger, Marks: c.ledger, Now: func() time.Time { return c.now },
		Running: func(context.Context, string) bool { return c.running },
	})
	c.Sync(c.wanted)
	c.fire(c.t.Context())
}

// pass lets time pass as the timers would see it: they wake when they asked to.
func (c *clockwork) pass(d time.Duration) {
	for end := c.now.Add(d); ; {
		wait := c.fire(c.t.Context())
		if c.now.Add(wait).After(end) {
			c.now = end
			c.fire(c.t.Context())
			return
		}
		c.now = c.now.Add(max(wait, time.Nanosecond))
	}
}

// down lets time pass without a server.
func (c *clockwork) down(d time.Duration) {
	c.now = c.now.Add(d)
	c.restart()
}

func every(seconds int, more ...any) map[string]any {
	p := map[string]any{"unit": "seconds", "delta": seconds}
	for i := 0; i+1 < len(more); i += 2 {
		p[more[i].(string)] = more[i+1]
	}
	return p
}

func TestTimersFire(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		trigger automation.Ref
		p       map[string]any
		do      func(*clockwork)
		want    int
	}{
		{"an interval fires again and again", IntervalTimer, every(10), func(c *clockwork) { c.pass(35 * time.Second) }, 3},
		{"a restart neither repeats nor loses a time", IntervalTimer, every(10), func(c *clockwork) {
			c.pass(15 * time.Second)
			c.restart()
			c.pass(4 * time.Second)
			c.restart()
			c.pass(time.Second)
		}, 2},
		{"an interval longer than the server lives fires in the end", IntervalTimer, every(3600), func(c *clockwork) {
			for range 7 {
				c.pass(10 * time.Minute)
				c.restart()
			}
		}, 1},
		{"what was missed is skipped", IntervalTimer, every(3600), func(c *clockwork) { c.down(10*time.Hour + 30*time.Minute) }, 0},
		{"what was missed is made up for once", IntervalTimer, every(3600, "missed", "once"), func(c *clockwork) { c.down(10*time.Hour + 30*time.Minute) }, 1},
		{"what was missed is made up for", IntervalTimer, every(3600, "missed", "all"), func(c *clockwork) { c.down(10*time.Hour + 30*time.Minute) }, 10},
		{"but not without end", IntervalTimer, every(1, "missed", "all"), func(c *clockwork) { c.down(10 * time.Hour) }, mostMissed},
		{"a long absence is made up for once", IntervalTimer, every(1, "missed", "once"), func(c *clockwork) {
			c.down(90 * 24 * time.Hour)
			for range 100 {
				c.fire(c.t.Context())
			}
		}, 1},
		{"a date fires once", DateTimer, map[string]any{"date": "2026-03-01 12:30:00"}, func(c *clockwork) {
			c.pass(time.Hour)
			c.restart()
			c.pass(time.Hour)
		}, 1},
		{"a date that is over never fires", DateTimer, map[string]any{"date": "2026-03-01 11:30:00", "missed": "all"}, func(c *clockwork) { c.pass(time.Hour) }, 0},
		{"a cron timer fires", CronTimer, map[string]any{"minute": "*/15"}, func(c *clockwork) { c.pass(time.Hour) }, 4},
		{"a timer that must not overlap waits", IntervalTimer, every(10, "overlap", "skip"), func(c *clockwork) {
			c.pass(10 * time.Second)
			c.running = true
			c.pass(20 * time.Second)
			c.running = false
			c.pass(10 * time.Second)
		}, 2},
		{"a store that fails costs no time and repeats none", IntervalTimer, every(10), func(c *clockwork) {
			c.fail = errors.New("disk full")
			c.pass(11 * time.Second)
			c.fail = nil
			c.pass(3 * time.Second)
		}, 1},
		{"a timer that nobody wants does not fire", IntervalTimer, every(10), func(c *clockwork) {
			c.Sync(nil)
			c.pass(time.Minute)
		}, 0},
		{"parameters that mean nothing fire nothing", IntervalTimer, every(0), func(c *clockwork) { c.pass(time.Minute) }, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newClockwork(t, tt.trigger, tt.p)
			tt.do(c)
			if len(c.events) != tt.want {
				t.Errorf("%d events, want %d", len(c.events), tt.want)
			}
		})
	}
}

func TestAFiringTellsWhen(t *testing.T) {
	t.Parallel()
	c := newClockwork(t, IntervalTimer, every(10))
	c.pass(10 * time.Second)
	var payload map[string]any
	if err := json.Unmarshal(c.events[0].Payload, &payload); err != nil {
		t.Fatal(err)
	}
	if payload["scheduled_at"] != "2026-03-01T12:00:10Z" || payload["executed_at"] != "2026-03-01T12:00:10Z" {
		t.Errorf("payload = %v", payload)
	}
	if _, there := payload["schedule"]; !there {
		t.Error("no schedule in the payload")
	}
}

func TestTheStatusOfTimers(t *testing.T) {
	t.Parallel()
	c := newClockwork(t, IntervalTimer, every(10))
	c.pass(25 * time.Second)
	status := c.Status()
	if len(status) != 1 || status[0].State != automation.SourceRunning || status[0].Events != 2 || status[0].LastEvent != "event2" ||
		status[0].Description != "every 10 seconds" || len(status[0].Next) != nextShown || !status[0].Next[0].Equal(c.now.Add(5*time.Second)) {
		t.Errorf("status = %+v", status)
	}
	c.fail = errors.New("disk full")
	c.pass(6 * time.Second)
	if s := c.Status()[0]; s.State != automation.SourceFailing || s.Error != "disk full" || s.Failures == 0 {
		t.Errorf("failing: %+v", s)
	}
	bad := newClockwork(t, CronTimer, map[string]any{"hour": 99})
	if s := bad.Status()[0]; s.State != automation.SourceInvalid || s.Error == "" || s.Hint == "" {
		t.Errorf("invalid: %+v", s)
	}
}

func TestTimersStopWhenTold(t *testing.T) {
	t.Parallel()
	c := newClockwork(t, IntervalTimer, every(10))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

package torture

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/trigger"
)

// clockCase is a timer, and when it should have fired in a stretch of time, by a
// reckoning that has nothing in common with the timer's own.
type clockCase struct {
	name       string
	trigger    automation.Ref
	parameters map[string]any
	from       string // in UTC
	days       int
	fires      func(at time.Time) bool // of each minute
}

func clockCases(berlin *time.Location) []clockCase {
	type m = map[string]any
	at := func(hour, minute int) func(time.Time) bool {
		return func(t time.Time) bool { return t.Hour() == hour && t.Minute() == minute }
	}
	return []clockCase{
		{"every 5 minutes", trigger.IntervalTimer, m{"unit": "minutes", "delta": 5}, "2026-03-01 00:00:00", 3,
			func(t time.Time) bool { return t.Minute()%5 == 0 }},
		{"daily at 14:30", trigger.CronTimer, m{"hour": 14, "minute": 30}, "2026-03-01 00:00:00", 40, at(14, 30)},
		{"daily at 12:00 in Berlin, over the change to summer", trigger.CronTimer, m{"timezone": "Europe/Berlin", "hour": 12, "minute": 0}, "2026-03-20 00:00:00", 20,
			func(t time.Time) bool { return at(12, 0)(t.In(berlin)) }},
		{"daily at 2:30 in Berlin, which is not there on one day", trigger.CronTimer, m{"timezone": "Europe/Berlin", "hour": 2, "minute": 30}, "2026-03-20 00:00:00", 20,
			func(t time.Time) bool {
				return at(2, 30)(t.In(berlin)) || t.Equal(time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)) // at the change
			}},
		{"daily at 2:30 in Berlin, which is there twice on one day", trigger.CronTimer, m{"timezone": "Europe/Berlin", "hour": 2, "minute": 30}, "2026-10-20 00:00:00", 12,
			func(t time.Time) bool {
				return at(2, 30)(t.In(berlin)) && !t.Equal(time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC)) // the second one
			}},
		{"on the 29th of February", trigger.CronTimer, m{"month": 2, "day": 29, "hour": 0, "minute": 0}, "2028-02-20 00:00:00", 20,
			func(t time.Time) bool { return t.Month() == time.February && t.Day() == 29 && at(0, 0)(t) }},
		{"on the 29th of February, in a year without", trigger.CronTimer, m{"month": 2, "day": 29, "hour": 0, "minute": 0}, "2027-02-20 00:00:00", 20,
			func(time.Time) bool { return false }},
		{"once", trigger.DateTimer, m{"date": "2026-03-02 10:00"}, "2026-03-01 00:00:00", 3,
			func(t time.Time) bool { return t.Equal(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)) }},
	}
}

// clock moves the clock by an hour both ways, over changes of summer time and over
// leap days, and restarts the timers in between: each time fires once. Nothing else
// of the server goes by the time of day: there are no leases, and time limits are
// measured, not looked up.
func clock(ctx context.Context, r *run) error {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return fmt.Errorf("load a time zone: %w", err)
	}
	for range r.Rounds {
		for _, c := range clockCases(berlin) {
			for _, missed := range []string{"all", "once", "skip"} {
				if err := r.runClock(ctx, c, missed); err != nil {
					return fmt.Errorf("timer %s: %w", c.name, err)
				}
			}
		}
	}
	return nil
}

// runClock lets a stretch of time pass with random jumps.
func (r *run) runClock(ctx context.Context, c clockCase, missed string) error {
	now, err := time.Parse(time.DateTime, c.from)
	if err != nil {
		return err
	}
	start, end := now, now.AddDate(0, 0, c.days)
	l := &ledger{marks: map[string]automation.Mark{}, fired: map[time.Time]int{}}
	parameters := map[string]any{"missed": missed}
	for k, v := range c.parameters {
		parameters[k] = v
	}
	restart := func() *trigger.Timers {
		t := trigger.NewTimers(trigger.TimerOptions{Ingester: l, Marks: l, Now: func() time.Time { return now }})
		t.Sync([]automation.Wanted{{Trigger: c.trigger, Parameters: parameters, Rules: []automation.Ref{"torture.timer"}}})
		return t
	}
	timers, latest, jumped := restart(), now, false
	for ; now.Before(end); now = now.Add(time.Minute) {
		timers.Fire(ctx)
		if l.err != nil {
			return l.err
		}
		if now.After(latest) {
			latest = now
		}
		switch r.random.IntN(24 * 60) { // each about once a day
		case 0:
			now, jumped = now.Add(time.Hour), true
		case 1:
			now, jumped = now.Add(-time.Hour), true
		case 2:
			timers = restart()
		}
	}
	timers.Fire(ctx)
	if now.After(latest) {
		latest = now
	}
	r.judgeClock(c, missed, l.fired, start, latest, jumped)
	return nil
}

// judgeClock compares with the reckoning.
func (r *run) judgeClock(c clockCase, missed string, fired map[time.Time]int, start, end time.Time, jumped bool) {
	twice := r.promise("firings", "a timer fires at its times, and once, whatever the clock does")
	never := r.promise("times", "with missed: all, no time is left out")
	for at, n := range fired {
		r.check(twice, n == 1 && c.fires(at), "%s (missed: %s) fired %d times for %s", c.name, missed, n, at)
	}
	if missed != "all" && jumped {
		return // what a jump leaps over was missed, and is not made up for
	}
	for at := start.Add(time.Minute); at.Before(end); at = at.Add(time.Minute) {
		if c.fires(at) {
			r.check(never, fired[at] > 0, "%s (missed: %s) did not fire for %s", c.name, missed, at)
		}
	}
}

// ledger is where the timers' events and marks end, in one step.
type ledger struct {
	marks map[string]automation.Mark
	fired map[time.Time]int // by the time that the firing was for
	err   error
}

// IngestAll takes events in.
func (l *ledger) IngestAll(_ context.Context, events []automation.Event, marks ...automation.Mark) ([]automation.Accepted, error) {
	out := make([]automation.Accepted, len(events))
	for _, ev := range events {
		var payload struct {
			At time.Time `json:"scheduled_at"`
		}
		if err := json.Unmarshal(ev.Payload, &payload); err != nil {
			l.err = fmt.Errorf("read a firing: %w", err)
		}
		l.fired[payload.At.UTC()]++
	}
	for _, m := range marks {
		l.marks[m.Key] = m
	}
	return out, nil
}

// Marks gives back what was stored.
func (l *ledger) Marks(context.Context, string) (all []automation.Mark, err error) {
	for _, m := range l.marks {
		all = append(all, m)
	}
	return all, nil
}

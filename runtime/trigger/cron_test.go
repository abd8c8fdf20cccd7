package trigger

import (
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

func TestCronFiresWhenItShould(t *testing.T) {
	t.Parallel()
	type m = map[string]any
	tests := []struct {
		name, after string
		fields      m
		want        string // local times with a comma between
	}{
		{"a minute fires every hour", "2026-03-01 10:20:00", m{"minute": 30}, "2026-03-01 10:30:00,2026-03-01 11:30:00"},
		{"smaller fields are at their least", "2026-03-01 10:20:00", m{"hour": "*"}, "2026-03-01 11:00:00,2026-03-01 12:00:00"},
		{"larger fields match everything", "2026-03-01 10:20:00", m{"hour": 2, "minute": 30}, "2026-03-02 02:30:00,2026-03-03 02:30:00"},
		{"a step counts from the least", "2026-03-01 10:01:00", m{"minute": "*/20"}, "2026-03-01 10:20:00,2026-03-01 10:40:00,2026-03-01 11:00:00"},
		{"a step of a span", "2026-03-01 10:00:00", m{"minute": "5-20/10"}, "2026-03-01 10:05:00,2026-03-01 10:15:00,2026-03-01 11:05:00"},
		{"a step from a value on", "2026-03-01 10:00:00", m{"minute": "5/25"}, "2026-03-01 10:05:00,2026-03-01 10:30:00,2026-03-01 10:55:00,2026-03-01 11:05:00"},
		{"names of weekdays; 2026-03-01 is a Sunday", "2026-03-01 10:00:00", m{"day_of_week": "mon-fri", "hour": 9}, "2026-03-02 09:00:00,2026-03-03 09:00:00"},
		{"weekday 0 is Monday", "2026-03-01 10:00:00", m{"day_of_week": 0}, "2026-03-02 00:00:00,2026-03-09 00:00:00"},
		{"names of months", "2026-03-01 00:00:00", m{"month": "feb,apr"}, "2026-04-01 00:00:00,2027-02-01 00:00:00"},
		{"the last day of a month", "2026-02-01 00:00:00", m{"day": "last"}, "2026-02-28 00:00:00,2026-03-31 00:00:00"},
		{"the second Friday", "2026-03-01 00:00:00", m{"day": "2nd fri"}, "2026-03-13 00:00:00,2026-04-10 00:00:00"},
		{"the last Sunday", "2026-03-01 00:00:00", m{"day": "last sun", "hour": 4}, "2026-03-29 04:00:00,2026-04-26 04:00:00"},
		{"day and weekday must both fit", "2026-03-01 00:00:00", m{"day": 13, "day_of_week": "fri"}, "2026-03-13 00:00:00,2026-11-13 00:00:00"},
		{"a week of the year", "2026-03-01 00:00:00", m{"week": 20, "day_of_week": "mon"}, "2026-05-11 00:00:00,2027-05-17 00:00:00"},
		{"a leap day", "2026-03-01 00:00:00", m{"month": 2, "day": 29}, "2028-02-29 00:00:00,2032-02-29 00:00:00"},
		{"seconds", "2026-03-01 10:00:00", m{"second": "*/30"}, "2026-03-01 10:00:30,2026-03-01 10:01:00"},
		{"a year that is over never comes", "2026-03-01 10:00:00", m{"year": 2025}, ""},
		{"a clock put forward: a time that is not there fires at the change", "2026-03-28 12:00:00", m{"timezone": "Europe/Berlin", "hour": 2, "minute": 30},
			"2026-03-29 03:00:00,2026-03-30 02:30:00"},
		{"a clock put back: a time that is there twice fires once", "2026-10-24 12:00:00", m{"timezone": "Europe/Berlin", "hour": 2, "minute": 30},
			"2026-10-25 02:30:00,2026-10-26 02:30:00"},
		{"a clock put back: what runs every hour runs in both", "2026-10-25 01:30:00", m{"timezone": "Europe/Berlin", "minute": 30},
			"2026-10-25 02:30:00,2026-10-25 02:30:00,2026-10-25 03:30:00"},
		{"a clock put forward: what runs every hour skips what is not there", "2026-03-29 00:45:00", m{"timezone": "Europe/Berlin", "minute": 30},
			"2026-03-29 01:30:00,2026-03-29 03:00:00,2026-03-29 03:30:00"},
		{"a clock put back: the second time around goes on where it is", "2026-10-25 01:50:00", m{"timezone": "Europe/Berlin", "minute": "*/20"},
			"2026-10-25 02:00:00,2026-10-25 02:20:00,2026-10-25 02:40:00,2026-10-25 02:00:00,2026-10-25 02:20:00,2026-10-25 02:40:00,2026-10-25 03:00:00"},
		{"half an hour put back", "2026-04-05 01:20:00", m{"timezone": "Australia/Lord_Howe", "minute": "*/15"},
			"2026-04-05 01:30:00,2026-04-05 01:45:00,2026-04-05 01:30:00,2026-04-05 01:45:00,2026-04-05 02:00:00"},
		{"a change at midnight", "2026-09-04 12:00:00", m{"timezone": "America/Santiago", "hour": 0, "minute": 30}, "2026-09-05 00:30:00,2026-09-06 01:00:00,2026-09-07 00:30:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := parsePlan(CronTimer, tt.fields, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			zone, err := zoneOf(tt.fields)
			if err != nil {
				t.Fatal(err)
			}
			at, err := time.ParseInLocation(time.DateTime, tt.after, zone)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for range strings.Split(tt.want, ",") {
				next, ok := p.next(at)
				if !ok {
					break
				}
				if !next.After(at) {
					t.Fatalf("%s does not come after %s", next, at)
				}
				got = append(got, next.In(zone).Format(time.DateTime))
				at = next
			}
			if all := strings.Join(got, ","); all != tt.want {
				t.Errorf("got  %s\nwant %s", all, tt.want)
			}
		})
	}
}

func TestTimersThatMeanNothingAreRefused(t *testing.T) {
	t.Parallel()
	type m = map[string]any
	tests := []struct {
		name    string
		trigger automation.Ref
		p       m
		want    string
	}{
		{"an hour that is none", CronTimer, m{"hour": 24}, "hour"},
		{"a span that runs backwards", CronTimer, m{"hour": "5-2"}, "backwards"},
		{"a step of nothing", CronTimer, m{"minute": "*/0"}, "step"},
		{"a step of an open span", CronTimer, m{"minute": "5-/10"}, "minute"},
		{"a weekday that is none", CronTimer, m{"day_of_week": "mo"}, "day_of_week"},
		{"no field at all", CronTimer, m{}, "needs one of"},
		{"a zone that is none", CronTimer, m{"hour": 1, "timezone": "Mars/Base"}, "timezone"},
		{"a parameter of another type", CronTimer, m{"hour": 1, "delta": 3}, "delta"},
		{"an interval of nothing", IntervalTimer, m{"unit": "hours", "delta": 0}, "delta"},
		{"an interval that overflows", IntervalTimer, m{"unit": "weeks", "delta": int64(1) << 62}, "delta"},
		{"a unit that is none", IntervalTimer, m{"unit": "years", "delta": 1}, "unit"},
		{"a date that is none", DateTimer, m{"date": "tomorrow"}, "date"},
		{"a policy that is none", DateTimer, m{"date": "2026-01-01", "missed": "maybe"}, "missed"},
	}
	for _, tt := range tests {
		if err := CheckTimer(tt.trigger, tt.p); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: err = %v, want one about %q", tt.name, err, tt.want)
		}
	}
	if err := CheckTimer("core.st2.webhook", m{"url": "x"}); err != nil {
		t.Errorf("another trigger: %v", err)
	}
}

// TestNextIsCheap: what was missed is counted time by time after a restart.
func TestNextIsCheap(t *testing.T) {
	t.Parallel()
	p, err := parsePlan(CronTimer, map[string]any{"second": "*"}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	last := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	began := time.Now()
	if all := p.since(last, last.Add(10*time.Hour)); len(all) != mostMissed || !all[mostMissed-1].Equal(last.Add(10*time.Hour)) {
		t.Errorf("%d times, want the last %d", len(all), mostMissed)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("36,000 times took %v", took)
	}
}

func FuzzCron(f *testing.F) {
	for _, s := range []string{"*", "*/5", "1-5", "mon-fri", "last", "2nd fri", "last sun", "1,2,3-9/2", "-", "/", "5/", ",", "99999999999999999999"} {
		f.Add(s, s, int64(1767225600))
	}
	f.Fuzz(func(t *testing.T, day, minute string, unix int64) {
		c, err := parseCron(map[string]any{"day": day, "minute": minute}, time.UTC)
		if err != nil {
			return
		}
		after := time.Unix(unix%4e9, 0)
		if next, ok := c.next(after); ok && !next.After(after) {
			t.Errorf("%q %q: %s does not come after %s", day, minute, next, after)
		}
	})
}

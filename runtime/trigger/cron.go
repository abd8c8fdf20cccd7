package trigger

import (
	"fmt"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// cron is a schedule of wall-clock times.
//
// Where a clock is put forward, a time that does not exist fires once, at the moment
// of the change. Where it is put back, a time that exists twice fires the first time
// only, unless the schedule runs in every hour of the day.
type cron struct {
	zone      *time.Location
	fields    [fieldCount]matcher
	texts     [fieldCount]string // as written; empty where nothing is
	everyHour bool
	hours     []int
	minutes   []int
	seconds   []int
}

// parseCron reads the fields that a rule gives. Those below the smallest that is
// given are at their least; the others that are missing match everything.
func parseCron(p map[string]any, zone *time.Location) (*cron, error) {
	c := &cron{zone: zone}
	smallest := -1
	for i, f := range cronFields() {
		if v, ok := p[f.name]; ok && v != nil {
			c.texts[i], smallest = fmt.Sprint(v), i
		}
	}
	if smallest < 0 {
		return nil, automation.Invalid("a cron timer needs one of year, month, day, week, day_of_week, hour, minute and second").
			WithHint(`every night at 02:30: {hour: 2, minute: 30}`)
	}
	for i, f := range cronFields() {
		text := c.texts[i]
		switch {
		case text != "":
		case i > smallest:
			text = f.fallback
		default:
			text = "*"
		}
		m, err := parseField(f, text)
		if err != nil {
			return nil, err
		}
		c.fields[i] = m
	}
	c.hours, c.minutes, c.seconds = c.values(fieldHour), c.values(fieldMinute), c.values(fieldSecond)
	c.everyHour = len(c.hours) == 24
	if len(c.hours)*len(c.minutes)*len(c.seconds) == 0 {
		return nil, automation.Invalid("the timer never fires: no time of day fits it")
	}
	return c, nil
}

// values are those of a field that does not depend on the day.
func (c *cron) values(field int) []int {
	f := cronFields()[field]
	var all []int
	for v := f.least; v <= f.most; v++ {
		if c.fields[field](v, time.Time{}) {
			all = append(all, v)
		}
	}
	return all
}

// farthest is how far ahead a time is looked for: the calendar repeats itself after
// 400 years, but who waits that long waits in vain.
const farthest = 40 * 366

// next is the first time after a moment.
func (c *cron) next(after time.Time) (time.Time, bool) {
	best, found := c.nextFirst(after)
	if c.everyHour {
		start, end := after.In(c.zone).ZoneBounds()
		for _, change := range []time.Time{start, end} {
			if t, ok := c.nextAgain(change, after); ok && (!found || t.Before(best)) {
				best, found = t, true
			}
		}
	}
	return best, found
}

// nextFirst leaves out what clocks show for the second time. What they show for the
// first time never runs backwards, so the first that is late enough is the next.
func (c *cron) nextFirst(after time.Time) (time.Time, bool) {
	wall, ok := c.nextWall(wallOf(after.In(c.zone)))
	for ok {
		if t := c.instant(wall); t.After(after) {
			return t, true
		}
		wall, ok = c.nextWall(wall.Add(time.Second))
	}
	return time.Time{}, false
}

// nextAgain is the next time that clocks show for the second time because they are
// put back at a change.
func (c *cron) nextAgain(change, after time.Time) (time.Time, bool) {
	back := putBack(change)
	if back <= 0 {
		return time.Time{}, false
	}
	from, begin := wallOf(change), wallOf(change)
	if !after.Before(change) {
		from = wallOf(after.In(c.zone)).Add(time.Second)
	}
	wall, ok := c.nextWall(from)
	return change.Add(wall.Sub(begin)), ok && wall.Sub(begin) < back
}

// putBack is how far clocks are put back at a change; nothing where they are put
// forward or there is no change.
func putBack(change time.Time) time.Duration {
	if change.IsZero() {
		return 0
	}
	_, before := change.Add(-time.Nanosecond).Zone()
	_, later := change.Zone()
	return time.Duration(before-later) * time.Second
}

// wallOf is what a clock shows, written as if it were UTC: in that form times of the
// day can be reckoned with, whether or not they exist.
func wallOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// nextWall is the first that fits from a wall-clock time on.
func (c *cron) nextWall(from time.Time) (time.Time, bool) {
	day := from.Truncate(24 * time.Hour)
	least := int(from.Sub(day) / time.Second)
	for range farthest {
		if c.onDay(day) {
			if s, ok := c.timeOfDay(least); ok {
				return day.Add(time.Duration(s) * time.Second), true
			}
		}
		day, least = day.AddDate(0, 0, 1), 0
	}
	return time.Time{}, false
}

// timeOfDay is the first that fits from a second of the day on.
func (c *cron) timeOfDay(least int) (int, bool) {
	for _, h := range c.hours {
		if h*3600+3599 < least {
			continue
		}
		for _, m := range c.minutes {
			if h*3600+m*60+59 < least {
				continue
			}
			for _, s := range c.seconds {
				if t := h*3600 + m*60 + s; t >= least {
					return t, true
				}
			}
		}
	}
	return 0, false
}

func (c *cron) onDay(day time.Time) bool {
	_, week := day.ISOWeek()
	return c.fields[fieldYear](day.Year(), day) && c.fields[fieldMonth](int(day.Month()), day) &&
		c.fields[fieldDay](day.Day(), day) && c.fields[fieldWeek](week, day) && c.fields[fieldWeekday](weekdayOf(day), day)
}

// instant is the moment at which clocks of the zone show a time, for the first time;
// where none ever does, the moment of the change that leaves it out.
func (c *cron) instant(wall time.Time) time.Time {
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, c.zone)
	start, end := t.ZoneBounds()
	switch shown := wallOf(t); {
	case shown.Before(wall):
		return end
	case shown.After(wall):
		return start
	}
	if back := putBack(start); back > 0 && t.Add(-back).Before(start) {
		return t.Add(-back)
	}
	return t
}

// describe names the fields that are given.
func (c *cron) describe() string {
	var parts []string
	for i, f := range cronFields() {
		if c.texts[i] != "" {
			parts = append(parts, f.name+" "+c.texts[i])
		}
	}
	return fmt.Sprintf("at %s, %s", strings.Join(parts, ", "), c.zone)
}

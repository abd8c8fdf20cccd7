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
	local := after.In(c.zone)
	// A clock that is put back can bring a time of the day before.
	day := time.Date(local.Year(), local.Month(), local.Day()-1, 12, 0, 0, 0, time.UTC)
	for range farthest {
		if c.onDay(day) {
			if t, ok := c.nextOn(day, after); ok {
				return t, true
			}
		}
		day = day.AddDate(0, 0, 1)
	}
	return time.Time{}, false
}

func (c *cron) onDay(day time.Time) bool {
	_, week := day.ISOWeek()
	return c.fields[fieldYear](day.Year(), day) && c.fields[fieldMonth](int(day.Month()), day) &&
		c.fields[fieldDay](day.Day(), day) && c.fields[fieldWeek](week, day) && c.fields[fieldWeekday](weekdayOf(day), day)
}

// nextOn is the first time of a day after a moment. Hours that are over are passed
// over as a whole; a change of the clock moves times by a few hours at most.
func (c *cron) nextOn(day time.Time, after time.Time) (best time.Time, found bool) {
	const shift = 3 * time.Hour
	for _, h := range c.hours {
		begin := time.Date(day.Year(), day.Month(), day.Day(), h, 0, 0, 0, c.zone)
		if begin.Add(time.Hour + shift).Before(after) {
			continue
		}
		if found && begin.Add(-shift).After(best) {
			return best, true
		}
		for _, m := range c.minutes {
			for _, s := range c.seconds {
				for _, t := range c.instants(day, h, m, s) {
					if t.After(after) && (!found || t.Before(best)) {
						best, found = t, true
					}
				}
			}
		}
	}
	return best, found
}

// instants are the moments at which clocks of the zone show a time of a day.
func (c *cron) instants(day time.Time, hour, minute, second int) []time.Time {
	t := time.Date(day.Year(), day.Month(), day.Day(), hour, minute, second, 0, c.zone)
	start, end := t.ZoneBounds()
	wanted := time.Date(day.Year(), day.Month(), day.Day(), hour, minute, second, 0, time.UTC)
	shown := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	switch { // no clock shows it: the zone changes in between
	case shown.Before(wanted):
		return []time.Time{end}
	case shown.After(wanted):
		return []time.Time{start}
	}
	first, again := t, t
	for _, change := range []time.Time{start, end} {
		if change.IsZero() {
			continue
		}
		_, before := change.Add(-time.Nanosecond).Zone()
		_, later := change.Zone()
		back := time.Duration(before-later) * time.Second // how far clocks are put back
		switch {
		case back <= 0:
		case change.Equal(start) && t.Add(-back).Before(start):
			first = t.Add(-back)
		case change.Equal(end) && !t.Add(back).Before(end):
			again = t.Add(back)
		}
	}
	if first.Equal(again) || !c.everyHour {
		return []time.Time{first}
	}
	return []time.Time{first, again}
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

package trigger

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // time zones also where the machine has none

	"github.com/squall-dev/squall/runtime/automation"
)

// The types of timers, under StackStorm's names.
const (
	IntervalTimer automation.Ref = "core.st2.IntervalTimer"
	DateTimer     automation.Ref = "core.st2.DateTimer"
	CronTimer     automation.Ref = "core.st2.CronTimer"
)

// schedule tells when a timer fires.
type schedule interface {
	// next is the first time after a moment; false when there is none.
	next(after time.Time) (time.Time, bool)
	describe() string
}

// plan is a timer's parameters, read.
type plan struct {
	schedule
	missed  string // skip, once or all
	overlap string // allow or skip
}

// CheckTimer tells what is wrong with the parameters of a timer. It accepts those of
// any other trigger.
func CheckTimer(trigger automation.Ref, parameters map[string]any) error {
	if !isTimer(trigger) {
		return nil
	}
	_, err := parsePlan(trigger, parameters, time.Time{})
	return err
}

func isTimer(trigger automation.Ref) bool {
	return trigger == IntervalTimer || trigger == DateTimer || trigger == CronTimer
}

// parsePlan reads parameters. An interval counts from the moment given.
func parsePlan(trigger automation.Ref, p map[string]any, from time.Time) (plan, error) {
	out := plan{missed: "skip", overlap: "allow"}
	zone, err := zoneOf(p)
	if err != nil {
		return out, err
	}
	if out.missed, err = choice(p, "missed", "skip", "once", "all"); err != nil {
		return out, err
	}
	if out.overlap, err = choice(p, "overlap", "allow", "skip"); err != nil {
		return out, err
	}
	if err := onlyKnown(trigger, p); err != nil {
		return out, err
	}
	switch trigger {
	case IntervalTimer:
		out.schedule, err = parseInterval(p, from)
	case DateTimer:
		out.schedule, err = parseDate(p, zone)
	default:
		out.schedule, err = parseCron(p, zone)
	}
	return out, err
}

// onlyKnown refuses parameters that would have no effect.
func onlyKnown(trigger automation.Ref, p map[string]any) error {
	known := []string{"timezone", "missed", "overlap"}
	switch trigger {
	case IntervalTimer:
		known = append(known, "unit", "delta")
	case DateTimer:
		known = append(known, "date")
	default:
		for _, f := range cronFields() {
			known = append(known, f.name)
		}
	}
	for name := range p {
		if !slices.Contains(known, name) {
			return automation.Invalid("a timer of type %s has no parameter %q", trigger, name).WithHint("it has: %s", strings.Join(known, ", "))
		}
	}
	return nil
}

func zoneOf(p map[string]any) (*time.Location, error) {
	name, ok := p["timezone"]
	if !ok || name == nil || name == "" {
		return time.UTC, nil
	}
	zone, err := time.LoadLocation(fmt.Sprint(name))
	if err != nil || name == "Local" {
		return nil, automation.Invalid("timezone: there is no time zone %q", fmt.Sprint(name)).WithHint("write a name such as Europe/Berlin or UTC")
	}
	return zone, nil
}

// choice reads one of some words; the first is the default.
func choice(p map[string]any, name string, words ...string) (string, error) {
	v, ok := p[name]
	if !ok || v == nil {
		return words[0], nil
	}
	word := fmt.Sprint(v)
	if !slices.Contains(words, word) {
		return "", automation.Invalid("%s: %q is none of %s", name, word, strings.Join(words, ", "))
	}
	return word, nil
}

// interval fires every so often, counted from a moment.
type interval struct {
	from  time.Time
	every time.Duration
	text  string
}

func parseInterval(p map[string]any, from time.Time) (interval, error) {
	units := map[string]time.Duration{
		"weeks": 7 * 24 * time.Hour, "days": 24 * time.Hour, "hours": time.Hour, "minutes": time.Minute, "seconds": time.Second,
	}
	unit, ok := units[fmt.Sprint(p["unit"])]
	if !ok {
		return interval{}, automation.Invalid("unit: %q is none of weeks, days, hours, minutes, seconds", fmt.Sprint(p["unit"]))
	}
	delta, err := strconv.ParseInt(strings.TrimSpace(fmt.Sprint(p["delta"])), 10, 64)
	if err != nil || delta < 1 || delta > math.MaxInt64/int64(unit) {
		return interval{}, automation.Invalid("delta: %q is not a whole number from 1 on", fmt.Sprint(p["delta"]))
	}
	text := fmt.Sprintf("every %d %v", delta, p["unit"])
	if delta == 1 {
		text = "every " + strings.TrimSuffix(fmt.Sprint(p["unit"]), "s")
	}
	return interval{from: from, every: time.Duration(delta) * unit, text: text}, nil
}

func (i interval) next(after time.Time) (time.Time, bool) {
	if after.Before(i.from) {
		return i.from.Add(i.every), true
	}
	passed := after.Sub(i.from) / i.every
	return i.from.Add((passed + 1) * i.every), true
}

func (i interval) describe() string { return i.text }

// date fires once.
type date struct{ at time.Time }

func parseDate(p map[string]any, zone *time.Location) (date, error) {
	if t, ok := p["date"].(time.Time); ok { // YAML reads some dates by itself
		return date{t}, nil
	}
	text := strings.TrimSpace(fmt.Sprint(p["date"]))
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return date{t}, nil
		}
	}
	return date{}, automation.Invalid("date: %q is not a date such as 2026-11-22 15:04:05", text)
}

func (d date) next(after time.Time) (time.Time, bool) {
	if !d.at.After(after) {
		return time.Time{}, false
	}
	return d.at, true
}

func (d date) describe() string { return "once, at " + d.at.Format(time.RFC3339) }

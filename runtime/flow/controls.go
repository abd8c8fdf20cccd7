package flow

import (
	"fmt"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

func (d *Decision) hold(control automation.Control, format string, args ...any) {
	d.Pass, d.Control, d.Reason = false, control, fmt.Sprintf(format, args...)
}

// count adds the event and lets it pass when there are enough; then it begins anew.
func (k *Keeper) count(d *Decision, ev Event, c *automation.Count) bool {
	at := id{ev.Rule.Ref(), automation.ControlCount, ev.Keys[automation.ControlCount]}
	within := time.Duration(c.Within)
	var times []time.Time
	if e := k.live(at, ev.At); e != nil {
		times = since(e.times, ev.At.Add(-within))
	}
	times = append(times, ev.At)
	if len(times) >= c.AtLeast {
		k.set(d, at, &entry{expires: ev.At.Add(time.Nanosecond)})
		return true
	}
	k.set(d, at, &entry{times: times, expires: ev.At.Add(within)})
	d.hold(automation.ControlCount, "it is number %d of the %d that are needed within %s%s", len(times), c.AtLeast, within, keyed(at))
	return false
}

func (k *Keeper) dedupe(d *Decision, ev Event, c *automation.Dedupe) {
	at := id{ev.Rule.Ref(), automation.ControlDedupe, ev.Keys[automation.ControlDedupe]}
	window := time.Duration(c.Window)
	if e := k.live(at, ev.At); e != nil && len(e.times) > 0 {
		d.hold(automation.ControlDedupe, "an equal event, %s, passed %s before; one passes in %s%s",
			e.event, ev.At.Sub(e.times[0]).Round(time.Millisecond), window, keyed(at))
		return
	}
	k.set(d, at, &entry{times: []time.Time{ev.At}, event: ev.ID, expires: ev.At.Add(window)})
}

func (k *Keeper) throttle(d *Decision, ev Event, c *automation.Throttle) {
	at := id{ev.Rule.Ref(), automation.ControlThrottle, ev.Keys[automation.ControlThrottle]}
	per := time.Duration(c.Per)
	var times []time.Time
	if e := k.live(at, ev.At); e != nil {
		times = since(e.times, ev.At.Add(-per))
	}
	if len(times) >= c.Limit {
		d.hold(automation.ControlThrottle, "%d passed within %s, and no more may; the next can in %s%s",
			len(times), per, times[0].Add(per).Sub(ev.At).Round(time.Millisecond), keyed(at))
		return
	}
	k.set(d, at, &entry{times: append(times, ev.At), expires: ev.At.Add(per)})
}

// forGood is when the state of a debounce may be forgotten: long after it is due,
// because it must outlive a server that is down.
const forGood = 30 * 24 * time.Hour

// debounce holds every event back; the last of a burst is released when it is due.
func (k *Keeper) debounce(d *Decision, ev Event, c *automation.Debounce) {
	at := id{ev.Rule.Ref(), automation.ControlDebounce, ev.Keys[automation.ControlDebounce]}
	first := ev.At
	if e := k.entries[at]; e != nil {
		first = e.first
	}
	due := ev.At.Add(time.Duration(c.For))
	if latest := first.Add(time.Duration(c.Max)); c.Max > 0 && latest.Before(due) {
		due = latest
	}
	k.set(d, at, &entry{event: ev.ID, item: ev.Item, first: first, due: due, expires: due.Add(forGood)})
	d.hold(automation.ControlDebounce, "it acts at %s, unless another event comes before%s", due.UTC().Format(time.RFC3339), keyed(at))
}

// Due returns the debounced matches that are to act by now, and when the next one
// is; zero when none waits. They stay pending until [Keeper.Release].
func (k *Keeper) Due(now time.Time) (due []Pending, next time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for at, e := range k.entries {
		switch {
		case at.control != automation.ControlDebounce:
		case !e.due.After(now):
			due = append(due, Pending{Rule: at.rule, Key: at.key, Event: e.event, Item: e.item, First: e.first, Due: e.due})
		case next.IsZero() || e.due.Before(next):
			next = e.due
		}
	}
	return due, next
}

// Release takes a match out of its debounce and returns what to store. It returns
// false when another event has come since, which is then the one to wait for.
func (k *Keeper) Release(p Pending) (automation.FlowState, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	at := id{p.Rule, automation.ControlDebounce, p.Key}
	e := k.entries[at]
	if e == nil || e.event != p.Event || e.item != p.Item || !e.due.Equal(p.Due) {
		return automation.FlowState{}, false
	}
	k.version++
	delete(k.entries, at)
	return automation.FlowState{
		Rule: at.rule, Control: at.control, Key: at.key, Value: []byte("null"), Expires: p.Due.Add(forGood), Version: k.version,
	}, true
}

// Restore puts back a match whose release could not be stored, unless another event
// has come since.
func (k *Keeper) Restore(p Pending) {
	k.mu.Lock()
	defer k.mu.Unlock()
	at := id{p.Rule, automation.ControlDebounce, p.Key}
	if _, there := k.entries[at]; there {
		return
	}
	k.version++
	k.entries[at] = &entry{version: k.version, event: p.Event, item: p.Item, first: p.First, due: p.Due, expires: p.Due.Add(forGood)}
}

// since leaves out the times up to a moment.
func since(times []time.Time, moment time.Time) []time.Time {
	var kept []time.Time
	for _, t := range times {
		if t.After(moment) {
			kept = append(kept, t)
		}
	}
	return kept
}

func keyed(at id) string {
	if at.key == "" {
		return ""
	}
	return fmt.Sprintf(" (key %s)", at.key)
}

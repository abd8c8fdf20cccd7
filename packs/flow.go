package packs

import (
	"math"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
)

const (
	// maxFlowCount bounds the events that a control remembers for each key.
	maxFlowCount = 10_000
	minSpan      = time.Millisecond
	maxSpan      = 366 * 24 * time.Hour
)

// flowFields are the keys that limit how often a rule acts.
func (d *document) flowFields(f *automation.Flow) fields {
	return fields{
		"dedupe":   func(v *yaml.Node) { f.Dedupe = d.dedupe(v) },
		"throttle": func(v *yaml.Node) { f.Throttle = d.throttle(v) },
		"debounce": func(v *yaml.Node) { f.Debounce = d.debounce(v) },
		"count":    func(v *yaml.Node) { f.Count = d.count(v) },
	}
}

func (d *document) dedupe(n *yaml.Node) *automation.Dedupe {
	var c automation.Dedupe
	d.control(n, "dedupe", &c.Key, fields{"window": d.spanOf(&c.Window)}, "window")
	return &c
}

func (d *document) throttle(n *yaml.Node) *automation.Throttle {
	var c automation.Throttle
	d.control(n, "throttle", &c.Key, fields{"limit": d.countOf(&c.Limit), "per": d.spanOf(&c.Per)}, "limit", "per")
	return &c
}

func (d *document) debounce(n *yaml.Node) *automation.Debounce {
	var c automation.Debounce
	d.control(n, "debounce", &c.Key, fields{"for": d.spanOf(&c.For), "max": d.spanOf(&c.Max)}, "for")
	if c.Max != 0 && c.Max < c.For {
		d.hinted(n, "max counts from the first event, for from the last", "debounce: max is shorter than for")
	}
	return &c
}

func (d *document) count(n *yaml.Node) *automation.Count {
	var c automation.Count
	d.control(n, "count", &c.Key, fields{"at_least": d.countOf(&c.AtLeast), "within": d.spanOf(&c.Within)}, "at_least", "within")
	return &c
}

// control reads what all controls have, and the fields of one.
func (d *document) control(n *yaml.Node, what string, key *string, known fields, needed ...string) {
	known["key"] = func(v *yaml.Node) { *key = d.template(v) }
	seen := d.read(n, what, known)
	for _, name := range needed {
		d.needs(n, what, name, seen[name])
	}
}

func (d *document) spanOf(into *automation.Duration) func(*yaml.Node) {
	return func(v *yaml.Node) { *into = d.span(v) }
}

func (d *document) countOf(into *int) func(*yaml.Node) {
	return func(v *yaml.Node) { *into = int(d.whole(v, 1, maxFlowCount)) }
}

// template reads a text that is rendered for every event.
func (d *document) template(n *yaml.Node) string {
	s := d.text(n)
	if _, err := expr.Compile(s); err != nil {
		d.hinted(n, automation.HintOf(err), "%v", err)
	}
	return s
}

// span reads a span of time: "10m", or a number of seconds.
func (d *document) span(n *yaml.Node) automation.Duration {
	span, ok := readSpan(d.value(n))
	switch {
	case !ok:
		d.hinted(n, "write it as 30s, 10m or 1h30m, or as a number of seconds", "must be a span of time, not %s", kindName(target(n)))
	case span < minSpan || span > maxSpan:
		d.problem(n, "must be from %s to %s, not %s", minSpan, maxSpan, kindName(target(n)))
	default:
		return automation.Duration(span)
	}
	return 0
}

func readSpan(v any) (time.Duration, bool) {
	if s, ok := v.(string); ok {
		span, err := time.ParseDuration(s)
		return span, err == nil
	}
	if _, isBool := v.(bool); isBool {
		return 0, false
	}
	seconds, ok := expr.Float(v)
	if !ok {
		return 0, false
	}
	if math.Abs(seconds) > maxSpan.Seconds() { // far beyond what a Duration holds
		return maxSpan + 1, true
	}
	return time.Duration(math.Round(seconds * float64(time.Second))), true
}

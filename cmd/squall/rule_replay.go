package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// replayRule tries a rule on events of the past.
func (c *cli) replayRule(ctx context.Context, t trial) error {
	q := client.RuleReplayQuery{Ref: automation.Ref(t.ref), Last: t.last}
	if t.rule != "" {
		text, err := c.readInput(t.rule)
		if err != nil {
			return err
		}
		q.Rule = string(text)
	}
	api, err := c.client()
	if err != nil {
		return err
	}
	r, err := api.ReplayRule(ctx, q)
	if err != nil {
		return err
	}
	return c.print(thing(r, string(r.Rule), func(w io.Writer, screen terminal, _ bool) error {
		p := &page{w: w, t: screen}
		c.replayText(p, t, r)
		return p.err
	}))
}

func (c *cli) replayText(p *page, t trial, r automation.RuleReplay) {
	if r.Tested == 0 {
		p.line("no event has come that %s looks at", r.Rule)
		return
	}
	p.line("would have matched %d of %d%s", r.Matched, r.Tested, replayChanges(r))
	if !r.Compared && t.rule != "" {
		p.line("no rule %s is in service to compare it with; name one: squall rule test RULE -f FILE --last N", r.Rule)
	}
	if r.Partial {
		p.line("there may be more events further back")
	}
	if r.FlowIgnored {
		p.line("its controls (dedupe, throttle, debounce, count) were not asked")
	}
	p.keysRead(r.Keys)
	near, more := nearestMisses(r.Events)
	for i, e := range r.Events {
		p.line("%s %s  %s  %d of %d held%s%s  %s", styled(p.t.held(e.Outcome == automation.Matched)), e.Event, c.when(p.t, e.ReceivedAt),
			e.Held, e.Total, replayItems(e), replayMark(r, e), e.Summary)
		if e.Error != "" {
			p.line("    %s", e.Error)
		}
		if near[i] {
			p.criteria(e.Criteria, "    ")
		}
	}
	if more > 0 {
		p.line("the %d nearest misses say why; for %d more ask for -o json, or squall rule test RULE --event ID", missesShown, more)
	}
}

// missesShown bounds the misses whose criteria are listed.
const missesShown = 20

// nearestMisses picks the misses that lack the fewest criteria, of equal ones the
// newest; more is how many are left out.
func nearestMisses(events []automation.ReplayedEvent) (near map[int]bool, more int) {
	var misses []int
	for i, e := range events {
		if e.Outcome != automation.Matched && len(e.Criteria) > 0 {
			misses = append(misses, i)
		}
	}
	slices.SortStableFunc(misses, func(a, b int) int {
		return cmp.Compare(events[a].Total-events[a].Held, events[b].Total-events[b].Held)
	})
	near = map[int]bool{}
	for _, i := range misses[:min(len(misses), missesShown)] {
		near[i] = true
	}
	return near, len(misses) - len(near)
}

func replayChanges(r automation.RuleReplay) string {
	text := ""
	if r.Errored > 0 {
		text = fmt.Sprintf("; %d could not be judged", r.Errored)
	}
	if r.Compared {
		text += fmt.Sprintf("; %d new, %d gone against the rule in service", r.New, r.Gone)
	}
	return text
}

func replayItems(e automation.ReplayedEvent) string {
	if e.Items == 0 {
		return ""
	}
	return fmt.Sprintf(", %d items match", e.Items)
}

// replayMark says how the verdict differs from that of the rule in service.
func replayMark(r automation.RuleReplay, e automation.ReplayedEvent) string {
	matches, matched := e.Outcome == automation.Matched, e.Was == automation.Matched
	switch {
	case r.Compared && matches && !matched:
		return "  new"
	case r.Compared && matched && !matches:
		return "  gone"
	}
	return ""
}

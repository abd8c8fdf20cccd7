package main

import (
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
)

func TestOfManyMissesTheNearestSayWhy(t *testing.T) {
	t.Parallel()
	var events []automation.ReplayedEvent
	for i := range 2 * missesShown {
		e := automation.ReplayedEvent{Outcome: automation.NotMatched, Total: 4, Criteria: make([]automation.CriterionResult, 4)}
		if e.Held = 1; i%2 == 1 {
			e.Held = 3
		}
		events = append(events, e)
	}
	events = append(events, automation.ReplayedEvent{Outcome: automation.Matched, Held: 4, Total: 4, Criteria: make([]automation.CriterionResult, 4)})
	near, more := nearestMisses(events)
	if len(near) != missesShown || more != missesShown {
		t.Errorf("%d are shown and %d are not", len(near), more)
	}
	for i := range near {
		if events[i].Held != 3 {
			t.Errorf("event %d holds %d of 4", i, events[i].Held)
		}
	}
}

package storetest

import (
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func testRecent(t *testing.T, open func(*testing.T) store.Store) {
	cases{
		{"the newest events of a trigger come with their payloads", func(t *testing.T, b *bench) {
			var want []automation.Event
			for i := range 5 {
				ev := b.event()
				if i == 2 {
					ev.Trigger = "other.thing"
				}
				must(t, b.Accept(t.Context(), store.Acceptance{Event: &ev}))
				if i != 2 {
					want = append(want, ev)
				}
			}
			got, err := b.RecentEvents(t.Context(), "core.st2.webhook", "", 3)
			must(t, err)
			same(t, "events", got, newestFirst(want)[:3])
			got, err = b.RecentEvents(t.Context(), "core.st2.webhook", want[1].ID, 3)
			must(t, err)
			same(t, "events before the second", got, want[:1])
		}},
		{"an event without a payload has null", func(t *testing.T, b *bench) {
			ev := b.event()
			ev.Payload, ev.PayloadBytes = nil, 0
			must(t, b.Accept(t.Context(), store.Acceptance{Event: &ev}))
			got, err := b.RecentEvents(t.Context(), ev.Trigger, "", 3)
			must(t, err)
			if len(got) != 1 || string(got[0].Payload) != "null" {
				t.Errorf("events = %+v", got)
			}
		}},
	}.run(t, open)
}

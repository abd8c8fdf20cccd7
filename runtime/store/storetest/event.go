package storetest

import (
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func testEvent(t *testing.T, open func(*testing.T) store.Store) {
	cases{
		{"an unknown event is not found", func(t *testing.T, b *bench) {
			_, err := b.Event(t.Context(), b.ids.New())
			wantKind(t, err, automation.ErrNotFound)
		}},
		{"a list is newest first, without payloads", eventList},
		{"a list is empty and not nil when there is nothing", func(t *testing.T, b *bench) {
			list, err := b.Events(t.Context(), store.EventQuery{})
			must(t, err)
			if list == nil || len(list) != 0 {
				t.Errorf("list is %#v", list)
			}
		}},
		{"pages join without gap or overlap", eventPages},
		{"every filter selects what it says", eventFilters},
	}.run(t, open)
}

func (b *bench) putEvent(t *testing.T, e automation.Event) automation.Event {
	t.Helper()
	must(t, b.Accept(t.Context(), store.Acceptance{Event: &e}))
	e.Payload = nil
	return e
}

func eventList(t *testing.T, b *bench) {
	var put []automation.Event
	for range 3 {
		put = append(put, b.putEvent(t, b.event()))
	}
	list, err := b.Events(t.Context(), store.EventQuery{})
	must(t, err)
	same(t, "list", list, newestFirst(put))
}

func eventPages(t *testing.T, b *bench) {
	var want []string
	for range 25 {
		want = append(want, b.putEvent(t, b.event()).ID)
	}
	got := pages(t, func(after string) []string {
		list, err := b.Events(t.Context(), store.EventQuery{After: after, Limit: 10})
		must(t, err)
		return eventIDs(list)
	})
	same(t, "pages", got, newestFirst(want))
}

// pages follows a list to its end.
func pages(t *testing.T, read func(after string) []string) (all []string) {
	t.Helper()
	for after := ""; ; after = all[len(all)-1] {
		page := read(after)
		all = append(all, page...)
		if len(page) == 0 || len(all) > 1000 {
			return all
		}
	}
}

func eventIDs(list []automation.Event) []string {
	ids := []string{}
	for _, e := range list {
		ids = append(ids, e.ID)
	}
	return ids
}

func eventFilters(t *testing.T, b *bench) {
	start := b.time()
	hook := b.event()
	hook.Matched, hook.Looked = 1, 3
	b.pass(time.Minute)
	timer := b.event()
	timer.Trigger, timer.Summary, timer.Looked = "core.st2.IntervalTimer", "100% of_x", 2
	b.pass(time.Minute)
	sensor := b.event()
	sensor.Trigger, sensor.Summary = "kube.pod_event", "100 of x"
	for _, e := range []automation.Event{hook, timer, sensor} {
		b.putEvent(t, e)
	}
	yes, no := true, false
	for _, tt := range []struct {
		name  string
		query store.EventQuery
		want  []string
	}{
		{"a trigger by name", store.EventQuery{Trigger: "core.st2.webhook"}, []string{hook.ID}},
		{"triggers by pattern", store.EventQuery{Trigger: "core.*"}, []string{timer.ID, hook.ID}},
		{"a pattern in the middle", store.EventQuery{Trigger: "*.pod_*"}, []string{sensor.ID}},
		{"only the star is special", store.EventQuery{Trigger: "kube.pod?event*"}, []string{}},
		{"some rule matched", store.EventQuery{Matched: &yes}, []string{hook.ID}},
		{"no rule matched", store.EventQuery{Matched: &no}, []string{sensor.ID, timer.ID}},
		{"text in the summary, in any case", store.EventQuery{Text: "pod memory"}, []string{hook.ID}},
		{"text in the id", store.EventQuery{Text: timer.ID[10:]}, []string{timer.ID}},
		{"text is not a pattern", store.EventQuery{Text: "100% of_"}, []string{timer.ID}},
		{"since is inclusive", store.EventQuery{Since: start.Add(time.Minute)}, []string{sensor.ID, timer.ID}},
		{"until is exclusive", store.EventQuery{Until: start.Add(time.Minute)}, []string{hook.ID}},
		{"filters join", store.EventQuery{Trigger: "core.*", Matched: &no}, []string{timer.ID}},
		{"nothing", store.EventQuery{Trigger: "core.nothing"}, []string{}},
	} {
		list, err := b.Events(t.Context(), tt.query)
		must(t, err)
		same(t, tt.name, eventIDs(list), tt.want)
	}
}

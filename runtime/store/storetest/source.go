package storetest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func testSource(t *testing.T, open func(*testing.T) store.Store) {
	cases{
		{"a mark comes with its event and is replaced", markReplace},
		{"a mark whose event is refused stays as it was", markRefused},
		{"several acceptances are all or nothing", acceptSeveral},
		{"an event's key is taken once", keyOnce},
		{"webhooks do not share keys", keyApart},
		{"a key that has expired can be taken again", keyExpiry},
		{"a key needs an event", keyOrphan},
		{"deliveries come back, newest first", deliveryList},
		{"deliveries are selected and paged", deliveryFilters},
		{"a delivery that is no delivery is refused", deliveryWrong},
		{"the newest deliveries of each webhook are kept", forgetDeliveries},
		{"what has expired is forgotten, and nothing else", forgetExpired},
	}.run(t, open)
}

func (b *bench) mark(source, key, value string) automation.Mark {
	return automation.Mark{Source: source, Key: key, Value: json.RawMessage(value), At: b.time()}
}

func (b *bench) marks(t *testing.T, source string) []automation.Mark {
	t.Helper()
	marks, err := b.Marks(t.Context(), source)
	must(t, err)
	return marks
}

func markReplace(t *testing.T, b *bench) {
	if marks := b.marks(t, "timer"); marks == nil || len(marks) != 0 {
		t.Errorf("a new store has the marks %#v", marks)
	}
	event, b1, other := b.event(), b.mark("timer", "b", `{"n":1}`), b.mark("queue", "b", `9`)
	must(t, b.Accept(t.Context(), store.Acceptance{Event: &event, Marks: []automation.Mark{b1, other}}))
	b.pass(time.Second)
	a, b2 := b.mark("timer", strange, `"now"`), b.mark("timer", "b", `{"n":2}`)
	must(t, b.Accept(t.Context(), store.Acceptance{Marks: []automation.Mark{b2, a}}))
	same(t, "marks", b.marks(t, "timer"), []automation.Mark{a, b2})
	same(t, "marks of the other source", b.marks(t, "queue"), []automation.Mark{other})
}

func markRefused(t *testing.T, b *bench) {
	event, first := b.event(), b.mark("timer", "k", `1`)
	must(t, b.Accept(t.Context(), store.Acceptance{Event: &event, Marks: []automation.Mark{first}}))
	err := b.Accept(t.Context(), store.Acceptance{Event: &event, Marks: []automation.Mark{b.mark("timer", "k", `2`)}})
	wantKind(t, err, automation.ErrConflict)
	same(t, "marks", b.marks(t, "timer"), []automation.Mark{first})
}

func acceptSeveral(t *testing.T, b *bench) {
	first, second := b.acceptance(), b.acceptance()
	must(t, b.Accept(t.Context(), first, second))
	before, err := b.LastSeq(t.Context())
	must(t, err)
	third := b.acceptance()
	state := b.state("k", 1, `1`)
	third.Flow, third.Marks = []automation.FlowState{state}, []automation.Mark{b.mark("timer", "k", `1`)}
	third.Key = &store.EventKey{Webhook: "pprof", Key: "k", Expires: b.time().Add(time.Hour)}
	wantKind(t, b.Accept(t.Context(), third, second), automation.ErrConflict)
	list, err := b.Events(t.Context(), store.EventQuery{})
	must(t, err)
	same(t, "events", eventIDs(list), []string{second.Event.ID, first.Event.ID})
	same(t, "states and marks", []any{b.states(t), b.marks(t, "timer")}, []any{[]any{}, []any{}})
	_, err = b.KeyedEvent(t.Context(), "pprof", "k", b.time())
	wantKind(t, err, automation.ErrNotFound)
	after, err := b.LastSeq(t.Context())
	must(t, err)
	same(t, "sequence after a refusal", after, before)
	must(t, b.Accept(t.Context())) // nothing at all is nothing wrong
}

// keyed makes an event that came with a key for an hour.
func (b *bench) keyed(webhook, key string) store.Acceptance {
	a := b.acceptance()
	a.Key = &store.EventKey{Webhook: webhook, Key: key, Expires: b.time().Add(time.Hour)}
	return a
}

func keyOnce(t *testing.T, b *bench) {
	_, err := b.KeyedEvent(t.Context(), "pprof", strange, b.time())
	wantKind(t, err, automation.ErrNotFound)
	first, second := b.keyed("pprof", strange), b.keyed("pprof", strange)
	must(t, b.Accept(t.Context(), first))
	wantCode(t, b.Accept(t.Context(), second), automation.ErrConflict, "duplicate_event")
	_, err = b.Event(t.Context(), second.Event.ID)
	wantKind(t, err, automation.ErrNotFound)
	_, err = b.Execution(t.Context(), second.Executions[0].ID)
	wantKind(t, err, automation.ErrNotFound)
	got, err := b.KeyedEvent(t.Context(), "pprof", strange, b.time())
	must(t, err)
	same(t, "event of the key", got, first.Event.ID)
}

func keyApart(t *testing.T, b *bench) {
	first, second, third := b.keyed("pprof", "1"), b.keyed("alerts", "1"), b.keyed("pprof", "2")
	must(t, b.Accept(t.Context(), first, second, third))
	wantCode(t, b.Accept(t.Context(), b.keyed("alerts", "3"), b.keyed("alerts", "3")), automation.ErrConflict, "duplicate_event")
	for _, a := range []store.Acceptance{first, second, third} {
		got, err := b.KeyedEvent(t.Context(), a.Key.Webhook, a.Key.Key, b.time())
		must(t, err)
		same(t, "event of the key", got, a.Event.ID)
	}
}

func keyExpiry(t *testing.T, b *bench) {
	must(t, b.Accept(t.Context(), b.keyed("pprof", "k")))
	b.pass(time.Hour - time.Nanosecond)
	wantCode(t, b.Accept(t.Context(), b.keyed("pprof", "k")), automation.ErrConflict, "duplicate_event")
	b.pass(time.Nanosecond)
	_, err := b.KeyedEvent(t.Context(), "pprof", "k", b.time())
	wantKind(t, err, automation.ErrNotFound)
	again := b.keyed("pprof", "k")
	must(t, b.Accept(t.Context(), again))
	got, err := b.KeyedEvent(t.Context(), "pprof", "k", b.time())
	must(t, err)
	same(t, "event of the key", got, again.Event.ID)
	wantCode(t, b.Accept(t.Context(), b.keyed("pprof", "k")), automation.ErrConflict, "duplicate_event")
}

func keyOrphan(t *testing.T, b *bench) {
	a := b.keyed("pprof", "k")
	a.Event, a.Verdicts = nil, nil
	wantKind(t, b.Accept(t.Context(), a), automation.ErrInvalid)
}

func (b *bench) delivery(webhook string, outcome automation.DeliveryOutcome) automation.Delivery {
	return automation.Delivery{
		ID: b.ids.New(), Webhook: webhook, At: b.time(), Outcome: outcome, Code: "bad_signature", Message: strange, Status: 401,
		Remote: "192.0.2.1:4711", Headers: json.RawMessage(`{"X-Sent":["yes"]}`), Body: strange, BodyBytes: 12345,
	}
}

func (b *bench) deliver(t *testing.T, webhook string, outcome automation.DeliveryOutcome) automation.Delivery {
	t.Helper()
	d := b.delivery(webhook, outcome)
	must(t, b.PutDelivery(t.Context(), d))
	return d
}

func (b *bench) deliveryIDs(t *testing.T, q store.DeliveryQuery) []string {
	t.Helper()
	list, err := b.Deliveries(t.Context(), q)
	must(t, err)
	ids := []string{}
	for _, d := range list {
		ids = append(ids, d.ID)
	}
	return ids
}

func deliveryList(t *testing.T, b *bench) {
	if list, err := b.Deliveries(t.Context(), store.DeliveryQuery{}); err != nil || list == nil || len(list) != 0 {
		t.Errorf("a new store has the deliveries %#v, %v", list, err)
	}
	want := []automation.Delivery{b.deliver(t, "pprof", automation.DeliveryRejected)}
	b.pass(time.Second)
	d := b.delivery("pprof", automation.DeliveryAccepted)
	d.Event, d.Headers = b.ids.New(), nil
	must(t, b.PutDelivery(t.Context(), d))
	d.Headers = json.RawMessage(`{}`)
	list, err := b.Deliveries(t.Context(), store.DeliveryQuery{})
	must(t, err)
	same(t, "deliveries", list, newestFirst(append(want, d)))
}

func deliveryFilters(t *testing.T, b *bench) {
	no := b.deliver(t, "pprof", automation.DeliveryRejected).ID
	twice := b.deliver(t, "pprof", automation.DeliveryDuplicate).ID
	other := b.deliver(t, "alerts", automation.DeliveryRejected).ID
	for _, tt := range []struct {
		name  string
		query store.DeliveryQuery
		want  []string
	}{
		{"a webhook", store.DeliveryQuery{Webhook: "pprof"}, []string{twice, no}},
		{"an outcome", store.DeliveryQuery{Outcomes: []automation.DeliveryOutcome{automation.DeliveryRejected}}, []string{other, no}},
		{"both", store.DeliveryQuery{Webhook: "pprof", Outcomes: []automation.DeliveryOutcome{automation.DeliveryDuplicate}}, []string{twice}},
		{"the first page", store.DeliveryQuery{Limit: 2}, []string{other, twice}},
		{"the second page", store.DeliveryQuery{Limit: 2, After: twice}, []string{no}},
		{"nothing", store.DeliveryQuery{Webhook: "unheard_of"}, []string{}},
	} {
		same(t, tt.name, b.deliveryIDs(t, tt.query), tt.want)
	}
}

func deliveryWrong(t *testing.T, b *bench) {
	d := b.deliver(t, "pprof", automation.DeliveryAccepted)
	wantKind(t, b.PutDelivery(t.Context(), d), automation.ErrConflict)
	same(t, "deliveries", b.deliveryIDs(t, store.DeliveryQuery{}), []string{d.ID})
}

func forgetDeliveries(t *testing.T, b *bench) {
	var want []string
	for n := range 5 {
		for _, webhook := range []string{"pprof", "alerts"} {
			d := b.deliver(t, webhook, automation.DeliveryAccepted)
			if n >= 3 {
				want = append(want, d.ID)
			}
		}
	}
	want = append(want, b.deliver(t, "seldom", automation.DeliveryAccepted).ID)
	removed, err := b.Forget(t.Context(), b.time(), 2)
	must(t, err)
	same(t, "removed", removed, 6)
	same(t, "deliveries", b.deliveryIDs(t, store.DeliveryQuery{}), newestFirst(want))
	removed, err = b.Forget(t.Context(), b.time(), 2)
	must(t, err)
	same(t, "removed by a second call", removed, 0)
	_, err = b.Forget(t.Context(), b.time(), 0)
	must(t, err)
	same(t, "deliveries when none are kept", b.deliveryIDs(t, store.DeliveryQuery{}), []string{})
}

func forgetExpired(t *testing.T, b *bench) {
	end := b.time().Add(time.Hour)
	for n := range 3 { // one of each expires now and then, one stays
		b.putStates(t, b.state(fmt.Sprint("s", n), int64(n+1), `1`))
		must(t, b.Accept(t.Context(), b.keyed("pprof", fmt.Sprint("k", n))))
		e := b.entry(automation.ScopeSystem, fmt.Sprint("e", n), "v")
		if n < 2 {
			e.ExpiresAt = &end
		}
		b.put(t, e)
		b.pass(time.Minute)
	}
	b.pass(end.Add(time.Minute).Sub(b.time()))
	removed, err := b.Forget(t.Context(), b.time(), 10)
	must(t, err)
	same(t, "removed", removed, 2+2+2)
	same(t, "states", len(b.states(t)), 1)
	b.key(t, automation.ScopeSystem, "e2")
	_, err = b.KeyedEvent(t.Context(), "pprof", "k2", b.time())
	must(t, err)
	list, err := b.Events(t.Context(), store.EventQuery{})
	must(t, err)
	same(t, "events", len(list), 3)
}

package storetest

import (
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func testVerdict(t *testing.T, open func(*testing.T) store.Store) {
	cases{
		{"a rule's newest verdicts come first", verdictNewest},
		{"a rule that never looked has none", func(t *testing.T, b *bench) {
			list, err := b.Verdicts(t.Context(), store.VerdictQuery{Rule: "labs_sre.unheard_of", Limit: 10})
			must(t, err)
			if list == nil || len(list) != 0 {
				t.Errorf("list is %#v", list)
			}
		}},
		{"an event keeps the order of its verdicts", verdictOrder},
		{"large numbers keep all their digits", verdictDigits},
		{"a rule decides about an event once", verdictTwice},
	}.run(t, open)
}

func verdictNewest(t *testing.T, b *bench) {
	var want []automation.Verdict
	for range 5 {
		a := b.acceptance()
		must(t, b.Accept(t.Context(), a))
		want = append(want, a.Verdicts[0])
	}
	got, err := b.Verdicts(t.Context(), store.VerdictQuery{Rule: "labs_sre.on_alert", Limit: 3})
	must(t, err)
	same(t, "verdicts", got, newestFirst(want)[:3])
}

func verdictOrder(t *testing.T, b *bench) {
	event := b.event()
	a := store.Acceptance{Event: &event}
	for _, rule := range []automation.Ref{"z.last", "a.first", "m.middle"} {
		a.Verdicts = append(a.Verdicts, automation.Verdict{
			Event: event.ID, Rule: rule, Outcome: automation.Errored, Error: strange, Criteria: []automation.CriterionResult{},
		})
	}
	must(t, b.Accept(t.Context(), a))
	got, err := b.Event(t.Context(), event.ID)
	must(t, err)
	same(t, "verdicts", got.Verdicts, a.Verdicts)
}

func verdictDigits(t *testing.T, b *bench) {
	a := b.acceptance()
	a.Verdicts[0].Criteria[0].Actual = int64(9007199254740993) // no float64 holds it
	must(t, b.Accept(t.Context(), a))
	got, err := b.Verdicts(t.Context(), store.VerdictQuery{Rule: a.Verdicts[0].Rule, Limit: 1})
	must(t, err)
	if text := string(rawJSON(t, got[0].Criteria[0].Actual)); text != "9007199254740993" {
		t.Errorf("actual is %s", text)
	}
}

func verdictTwice(t *testing.T, b *bench) {
	a := b.acceptance()
	a.Verdicts[1].Rule = a.Verdicts[0].Rule
	wantKind(t, b.Accept(t.Context(), a), automation.ErrConflict)
	_, err := b.Event(t.Context(), a.Event.ID)
	wantKind(t, err, automation.ErrNotFound)
}

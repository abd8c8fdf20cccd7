package storetest

import (
	"strings"
	"testing"
	"time"

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
		{"a rule decides about each item once", verdictItems},
		{"every field comes back as it was", verdictFields},
		{"every filter selects what it says", verdictFilters},
		{"a page never ends between two verdicts about one event", verdictPages},
		{"large groups are cut, as single criteria are", verdictLarge},
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

func verdictItems(t *testing.T, b *bench) {
	zero, one := 0, 1
	a := b.held(nil, &zero, &one)
	must(t, b.Accept(t.Context(), a))
	got, err := b.Event(t.Context(), a.Event.ID)
	must(t, err)
	same(t, "verdicts", got.Verdicts, a.Verdicts)
	again := b.held(&one, &one)
	wantKind(t, b.Accept(t.Context(), again), automation.ErrConflict)
}

func verdictFields(t *testing.T, b *bench) {
	event, item, at := b.event(), 3, b.time().Add(time.Minute)
	full := automation.Verdict{
		Event: event.ID, Rule: "labs_sre.on_alert", Item: &item, Outcome: automation.Suppressed, Held: 2, Total: 2,
		Control: automation.ControlThrottle, Reason: strange, Observed: true, Error: strange,
		Execution: b.ids.New(), ReleasedBy: strange, ReleasedAt: &at,
		Criteria: []automation.CriterionResult{{Operator: "any", Matched: true, Members: []automation.CriterionResult{
			{Key: "trigger.a", Operator: "eq", Pattern: "x", Actual: "y", Error: strange},
			{Operator: "not", Matched: true, Members: []automation.CriterionResult{{Key: "trigger.b", Operator: "exists"}}},
		}}},
	}
	must(t, b.Accept(t.Context(), store.Acceptance{Event: &event, Verdicts: []automation.Verdict{full}}))
	got, err := b.Event(t.Context(), event.ID)
	must(t, err)
	same(t, "verdicts", got.Verdicts, []automation.Verdict{full})
}

func verdictFilters(t *testing.T, b *bench) {
	old, held := b.acceptance(), b.held(nil)
	must(t, b.Accept(t.Context(), old, held))
	matched, not, suppressed := old.Verdicts[0], old.Verdicts[1], held.Verdicts[0]
	for _, tt := range []struct {
		name  string
		query store.VerdictQuery
		want  []automation.Verdict
	}{
		{"all", store.VerdictQuery{}, []automation.Verdict{suppressed, matched, not}},
		{"a rule", store.VerdictQuery{Rule: "another.rule"}, []automation.Verdict{not}},
		{"an outcome", store.VerdictQuery{Outcomes: []automation.Outcome{automation.Suppressed}}, []automation.Verdict{suppressed}},
		{"two outcomes", store.VerdictQuery{Outcomes: []automation.Outcome{automation.Matched, automation.NotMatched}}, []automation.Verdict{matched, not}},
		{"held back", store.VerdictQuery{Held: true}, []automation.Verdict{suppressed}},
		{"held back and matched", store.VerdictQuery{Held: true, Outcomes: []automation.Outcome{automation.Matched}}, []automation.Verdict{}},
		{"older than an event", store.VerdictQuery{After: held.Event.ID}, []automation.Verdict{matched, not}},
	} {
		got, err := b.Verdicts(t.Context(), tt.query)
		must(t, err)
		same(t, tt.name, got, tt.want)
	}
}

// verdictPages pages by event: what is cut off would never be seen.
func verdictPages(t *testing.T, b *bench) {
	items := []int{0, 1, 2}
	var want []string
	for range 4 {
		a := b.held(&items[0], &items[1], &items[2])
		must(t, b.Accept(t.Context(), a))
		want = append(want, a.Event.ID, a.Event.ID, a.Event.ID)
	}
	for _, rule := range []automation.Ref{"", "labs_sre.on_alert"} {
		got := pages(t, func(after string) (events []string) {
			list, err := b.Verdicts(t.Context(), store.VerdictQuery{Rule: rule, After: after, Limit: 4})
			must(t, err)
			for _, v := range list {
				events = append(events, v.Event)
			}
			return events
		})
		same(t, "pages of rule "+string(rule), got, newestFirst(want))
	}
}

func verdictLarge(t *testing.T, b *bench) {
	event := b.event()
	member := automation.CriterionResult{Key: "trigger.a", Operator: "eq", Pattern: "x", Actual: strings.Repeat("y", 200_000)}
	v := automation.Verdict{Event: event.ID, Rule: "labs_sre.on_alert", Outcome: automation.NotMatched, Total: 1,
		Criteria: []automation.CriterionResult{{Operator: "all", Members: []automation.CriterionResult{member, member}}}}
	must(t, b.Accept(t.Context(), store.Acceptance{Event: &event, Verdicts: []automation.Verdict{v}}))
	got, err := b.Event(t.Context(), event.ID)
	must(t, err)
	if n := len(rawJSON(t, got.Verdicts)); n > 64<<10 {
		t.Errorf("the verdict takes %d bytes", n)
	}
	if members := got.Verdicts[0].Criteria[0].Members; len(members) != 2 || members[1].Key != "trigger.a" {
		t.Errorf("members are %+v", members)
	}
}

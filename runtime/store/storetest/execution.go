package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func testExecution(t *testing.T, open func(*testing.T) store.Store) {
	cases{
		{"an unknown execution is not found", func(t *testing.T, b *bench) {
			_, err := b.Execution(t.Context(), b.ids.New())
			wantKind(t, err, automation.ErrNotFound)
		}},
		{"a list is newest first", executionList},
		{"pages join without gap or overlap, whatever the filter", executionPages},
		{"every filter selects and counts what it says", executionFilters},
		{"counts ignore status, page and limit", executionCounts},
		{"pending ones come oldest first, with what the next attempt needs", executionPending},
		{"pending pages go forward", executionPendingPages},
		{"absent parameters are an empty object", func(t *testing.T, b *bench) {
			e := b.execution(automation.Pending)
			e.Parameters = nil
			b.accept(t, e)
			same(t, "parameters", b.get(t, e.ID).Parameters, json.RawMessage(`{}`))
		}},
	}.run(t, open)
}

func rawJSON(t *testing.T, v any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(v)
	must(t, err)
	return text
}

func executionList(t *testing.T, b *bench) {
	var want []automation.ExecutionSummary
	for _, status := range automation.Statuses() {
		want = append(want, b.in(t, status).ExecutionSummary)
	}
	list, err := b.Executions(t.Context(), store.ExecutionQuery{})
	must(t, err)
	same(t, "list", list, newestFirst(want))
}

func executionPages(t *testing.T, b *bench) {
	var all, ended []string
	for i := range 30 {
		status := automation.Statuses()[i%len(automation.Statuses())]
		id := b.in(t, status).ID
		all = append(all, id)
		if status == automation.Failed || status == automation.TimedOut {
			ended = append(ended, id)
		}
	}
	read := func(statuses ...automation.Status) []string {
		return pages(t, func(after string) []string {
			list, err := b.Executions(t.Context(), store.ExecutionQuery{Statuses: statuses, After: after, Limit: 4})
			must(t, err)
			return summaryIDs(list)
		})
	}
	same(t, "all", read(), newestFirst(all))
	same(t, "two statuses", read(automation.Failed, automation.TimedOut), newestFirst(ended))
	same(t, "a status named twice", read(automation.Failed, automation.TimedOut, automation.Failed), newestFirst(ended))
}

func executionFilters(t *testing.T, b *bench) {
	start := b.time()
	a := b.execution(automation.Pending)
	a.Action, a.Summary = "core.echo", "50%_off"
	b.pass(time.Minute)
	c := b.execution(automation.Failed)
	c.Rule, c.Event, c.Message, c.Code = "labs_sre.on_alert", b.ids.New(), "no such Pod", automation.CodeExitCode
	b.pass(time.Minute)
	d := b.execution(automation.Running)
	d.StartedFrom, d.Depth, d.Awaited = c.ID, 2, true
	d.Parent, d.Rule, d.Action = a.ID, "labs_sre.other", "labs_sre.list_pods"
	b.accept(t, a, c, d)
	for _, tt := range []struct {
		name  string
		query store.ExecutionQuery
		want  []string
	}{
		{"everything", store.ExecutionQuery{}, []string{d.ID, c.ID, a.ID}},
		{"an action by name", store.ExecutionQuery{Action: "core.echo"}, []string{a.ID}},
		{"actions by pattern", store.ExecutionQuery{Action: "labs_sre.*"}, []string{d.ID, c.ID}},
		{"only the star is special", store.ExecutionQuery{Action: "labs?sre.*"}, []string{}},
		{"brackets are not special", store.ExecutionQuery{Action: "[l]abs_sre.*"}, []string{}},
		{"a rule", store.ExecutionQuery{Rule: c.Rule}, []string{c.ID}},
		{"an event", store.ExecutionQuery{Event: c.Event}, []string{c.ID}},
		{"the one whose code started them", store.ExecutionQuery{From: c.ID}, []string{d.ID}},
		{"a parent", store.ExecutionQuery{Parent: a.ID}, []string{d.ID}},
		{"text at the end of the id", store.ExecutionQuery{Text: d.ID[16:]}, []string{d.ID}},
		{"text in the action", store.ExecutionQuery{Text: "ECHO"}, []string{a.ID}},
		{"words in the summary, and no pattern", store.ExecutionQuery{Text: "50%_o"}, []string{a.ID}},
		{"text in the message", store.ExecutionQuery{Text: "such pod"}, []string{c.ID}},
		{"since is inclusive", store.ExecutionQuery{Since: start.Add(time.Minute)}, []string{d.ID, c.ID}},
		{"until is exclusive", store.ExecutionQuery{Until: start.Add(time.Minute)}, []string{a.ID}},
		{"filters join", store.ExecutionQuery{Action: "labs_sre.*", Rule: c.Rule, Since: start}, []string{c.ID}},
	} {
		list, err := b.Executions(t.Context(), tt.query)
		must(t, err)
		same(t, tt.name, summaryIDs(list), tt.want)
		counts, err := b.CountExecutions(t.Context(), tt.query)
		must(t, err)
		same(t, "count of "+tt.name, counts[automation.Pending]+counts[automation.Failed]+counts[automation.Running], len(tt.want))
	}
}

func executionCounts(t *testing.T, b *bench) {
	var last automation.Execution
	for i, status := range automation.Statuses() {
		for range i + 1 {
			last = b.in(t, status)
		}
	}
	counts, err := b.CountExecutions(t.Context(), store.ExecutionQuery{
		Statuses: []automation.Status{automation.Failed}, After: last.ID, Limit: 1,
	})
	must(t, err)
	want := map[automation.Status]int{}
	for i, status := range automation.Statuses() {
		want[status] = i + 1
	}
	same(t, "counts", counts, want)
}

func executionPending(t *testing.T, b *bench) {
	first := b.execution(automation.Running)
	second := b.execution(automation.Pending)
	b.accept(t, b.execution(automation.Running), first, second)
	must(t, b.Finish(t.Context(), b.end(first.ID, 1, automation.Pending)))
	list, err := b.Pending(t.Context(), store.Place{}, 10)
	must(t, err)
	if len(list) != 2 || list[0].ID != first.ID || list[1].ID != second.ID {
		t.Fatalf("pending: %v", list)
	}
	same(t, "parameters", list[0].Parameters, first.Parameters)
	same(t, "max attempts", list[0].MaxAttempts, first.MaxAttempts)
	same(t, "attempts", list[0].AttemptList, b.get(t, first.ID).AttemptList)
}

func executionPendingPages(t *testing.T, b *bench) {
	var want, got []string
	for range 7 {
		want = append(want, b.in(t, automation.Pending).ID)
		b.in(t, automation.Succeeded)
	}
	got = pages(t, func(after string) (ids []string) {
		list, err := b.Pending(t.Context(), store.Place{ID: after}, 3)
		must(t, err)
		for _, e := range list {
			ids = append(ids, e.ID)
		}
		return ids
	})
	same(t, "pages", got, want)
}

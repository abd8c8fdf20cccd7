package storetest

import (
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func testWaiting(t *testing.T, open func(*testing.T) store.Store) {
	cases{
		{"a new execution keeps what it waits for, its plan and its story", waitingKept},
		{"pending executions of higher priority come first, also over pages", waitingPriority},
		{"delayed executions are due at their time and not before", waitingDue},
		{"an attempt that ends can put off the next one", waitingRetry},
		{"executions that a policy delays are found by its key", waitingHeld},
		{"only what waits for something has a reason", waitingReason},
		{"a paused execution keeps its time", waitingPaused},
		{"of many steps those that the law forbids are left out", waitingSome},
		{"only executions that are to run by themselves are counted as queued", waitingQueued},
		{"a write that fails counts nothing as queued", waitingNotQueued},
		{"the starts of rated executions are remembered", waitingStarts},
		{"executions and events are found by their story", waitingTrace},
		{"a story that an event begins has the event, what came of it and what that led to", waitingOwnStory},
	}.run(t, open)
}

func (b *bench) schedule(t *testing.T, steps ...store.Scheduling) []string {
	t.Helper()
	moved, err := b.Schedule(t.Context(), steps...)
	must(t, err)
	return moved
}

func (b *bench) delayed(t *testing.T, after time.Duration, key string) automation.Execution {
	t.Helper()
	e := b.execution(automation.Delayed)
	e.DelayKey, e.DelayReason = key, strange
	if after != 0 {
		at := b.time().Add(after)
		e.RunAfter = &at
	}
	b.accept(t, e)
	return e
}

func ids(list []automation.Execution) []string {
	out := []string{}
	for _, e := range list {
		out = append(out, e.ID)
	}
	return out
}

func waitingKept(t *testing.T, b *bench) {
	e := b.execution(automation.Delayed)
	at := b.time().Add(time.Minute)
	e.RunAfter, e.DelayKey, e.DelayReason, e.Priority, e.TraceID = &at, strange, strange, -7, strange
	e.Retry = &automation.RetryPlan{Delay: time.Second, Fixed: true, MaxDelay: time.Minute, Jitter: 0.5,
		On: []automation.RetryOn{automation.RetryOnTimeout}, TotalTimeout: time.Hour}
	b.accept(t, e)
	e.AttemptList, e.Artifacts = []automation.Attempt{}, []automation.Artifact{}
	same(t, "execution", b.get(t, e.ID), e)
	list, err := b.Executions(t.Context(), store.ExecutionQuery{})
	must(t, err)
	same(t, "summary", list, []automation.ExecutionSummary{e.ExecutionSummary})
}

func waitingPriority(t *testing.T, b *bench) {
	var want []string
	for _, priority := range []int{-1, 0, 5, 5, 1000} {
		e := b.execution(automation.Pending)
		e.Priority = priority
		b.accept(t, e)
		want = append(want, e.ID)
	}
	want = []string{want[4], want[2], want[3], want[1], want[0]}
	got, after := []string{}, store.Place{}
	for {
		list, err := b.Pending(t.Context(), after, 2)
		must(t, err)
		if len(list) == 0 {
			break
		}
		got = append(got, ids(list)...)
		after = store.Place{Priority: list[len(list)-1].Priority, ID: list[len(list)-1].ID}
	}
	same(t, "order", got, want)
}

func waitingDue(t *testing.T, b *bench) {
	_, some, err := b.NextDue(t.Context())
	must(t, err)
	same(t, "something is due some time", some, false)
	later, sooner := b.delayed(t, time.Hour, ""), b.delayed(t, time.Minute, "")
	b.delayed(t, 0, "a.policy")
	next, _, err := b.NextDue(t.Context())
	must(t, err)
	same(t, "next", next, sooner.RunAfter)
	for _, tt := range []struct {
		pass time.Duration
		want []string
	}{
		{time.Minute - 1, []string{}},
		{1, []string{sooner.ID}},
		{time.Hour, []string{sooner.ID, later.ID}},
	} {
		due, err := b.Due(t.Context(), b.pass(tt.pass), 10)
		must(t, err)
		same(t, "due", ids(due), tt.want)
		if len(due) > 0 {
			same(t, "parameters", due[0].Parameters, sooner.Parameters)
		}
	}
	same(t, "moved", b.schedule(t, store.Scheduling{ID: sooner.ID, Status: automation.Pending}), []string{sooner.ID})
	due, err := b.Due(t.Context(), b.time(), 10)
	must(t, err)
	same(t, "due", ids(due), []string{later.ID})
}

func waitingRetry(t *testing.T, b *bench) {
	e := b.in(t, automation.Running)
	at := b.time().Add(time.Second)
	f := b.end(e.ID, 1, automation.Delayed)
	f.Attempt.Status, f.Attempt.Code = automation.AttemptFailed, automation.CodeTrap
	f.RunAfter, f.DelayReason = &at, "attempt 2 of 3"
	must(t, b.Finish(t.Context(), f))
	got := b.get(t, e.ID)
	same(t, "status", got.Status, automation.Delayed)
	same(t, "time", got.RunAfter, at)
	same(t, "reason", got.DelayReason, "attempt 2 of 3")
	due, err := b.Due(t.Context(), at, 10)
	must(t, err)
	same(t, "attempts", due[0].AttemptList, got.AttemptList)
	b.schedule(t, store.Scheduling{ID: e.ID, Status: automation.Pending})
	n, err := b.Start(t.Context(), e.ID, at)
	must(t, err)
	same(t, "attempt", n, 2)
}

func waitingHeld(t *testing.T, b *bench) {
	first, second := b.delayed(t, 0, "a.policy"), b.execution(automation.Delayed)
	second.DelayKey, second.Priority = "a.policy", 1
	b.accept(t, second)
	other := b.delayed(t, 0, "a.policy "+strange)
	held, err := b.Held(t.Context(), "a.policy", 10)
	must(t, err)
	same(t, "held", ids(held), []string{second.ID, first.ID})
	held, err = b.Held(t.Context(), "", 10)
	must(t, err)
	same(t, "held by nothing", ids(held), []string{})
	keys, err := b.HeldKeys(t.Context())
	must(t, err)
	same(t, "keys", keys, map[string]int{"a.policy": 2, other.DelayKey: 1})
	b.schedule(t, store.Scheduling{ID: first.ID, Status: automation.Delayed, Key: other.DelayKey, Reason: "now this"})
	must(t, b.Cancel(t.Context(), second.ID, "enough", b.time()))
	keys, err = b.HeldKeys(t.Context())
	must(t, err)
	same(t, "keys", keys, map[string]int{other.DelayKey: 2})
}

func waitingReason(t *testing.T, b *bench) {
	for status, reason := range map[automation.Status]string{automation.Pending: "", automation.Paused: "because"} {
		e := b.delayed(t, time.Hour, "a.policy")
		b.schedule(t, store.Scheduling{ID: e.ID, Status: status, Key: "a.policy", Reason: "because"})
		got := b.get(t, e.ID)
		same(t, "key and reason", []string{got.DelayKey, got.DelayReason}, []string{"", reason})
	}
	e := b.delayed(t, time.Hour, "a.policy")
	must(t, b.Cancel(t.Context(), e.ID, "enough", b.time()))
	got := b.get(t, e.ID)
	same(t, "reason and time", []any{got.DelayKey, got.DelayReason, got.RunAfter}, []any{"", "", nil})
}

func waitingPaused(t *testing.T, b *bench) {
	e := b.in(t, automation.Delayed)
	b.schedule(t, store.Scheduling{ID: e.ID, Status: automation.Paused, RunAfter: e.RunAfter})
	same(t, "time", b.get(t, e.ID).RunAfter, e.RunAfter)
	due, err := b.Due(t.Context(), b.time().Add(24*time.Hour), 10)
	must(t, err)
	same(t, "due", ids(due), []string{})
}

func waitingSome(t *testing.T, b *bench) {
	good, ended := b.in(t, automation.Delayed), b.in(t, automation.Succeeded)
	step := func(id string) store.Scheduling { return store.Scheduling{ID: id, Status: automation.Pending} }
	same(t, "moved", b.schedule(t, step(ended.ID), step(good.ID), step(b.ids.New())), []string{good.ID})
	same(t, "the ended one", b.get(t, ended.ID), ended)
	_, err := b.Schedule(t.Context(), step(ended.ID))
	wantKind(t, err, automation.ErrConflict)
	_, err = b.Schedule(t.Context(), step(b.ids.New()))
	wantKind(t, err, automation.ErrNotFound)
	_, err = b.Schedule(t.Context(), store.Scheduling{ID: good.ID, Status: automation.Running})
	wantKind(t, err, automation.ErrInvalid)
	paused := b.in(t, automation.Paused)
	_, err = b.Schedule(t.Context(), store.Scheduling{ID: paused.ID, Status: automation.Pending, From: automation.Delayed})
	wantKind(t, err, automation.ErrConflict)
	same(t, "the paused one", b.get(t, paused.ID), paused)
	b.schedule(t, store.Scheduling{ID: paused.ID, Status: automation.Pending, From: automation.Paused})
	same(t, "moved of nothing", len(b.schedule(t)), 0)
}

func waitingQueued(t *testing.T, b *bench) {
	for _, status := range automation.Statuses() {
		b.in(t, status)
	}
	other := b.execution(automation.Pending)
	other.Action = "core.other"
	b.accept(t, other)
	count := func() []int { return []int{b.Queued("labs_sre.exec_pod"), b.Queued("core.other"), b.Queued("")} }
	same(t, "queued", count(), []int{2, 1, 3})
	_, err := b.Start(t.Context(), other.ID, b.time())
	must(t, err)
	same(t, "queued after a start", count(), []int{2, 0, 2})
	must(t, b.Finish(t.Context(), b.end(other.ID, 1, automation.Pending)))
	same(t, "queued after its return", count(), []int{2, 1, 3})
	_, err = b.Start(t.Context(), other.ID, b.time())
	must(t, err)
	_, _, err = b.Recover(t.Context(), b.time(), nil)
	must(t, err)
	same(t, "queued after a recovery", b.Queued("core.other"), 1)
}

func waitingNotQueued(t *testing.T, b *bench) {
	e := b.in(t, automation.Pending)
	twice := store.Acceptance{Executions: []automation.Execution{b.execution(automation.Pending), e}}
	if err := b.Accept(t.Context(), twice); err == nil {
		t.Fatal("an execution was accepted twice")
	}
	same(t, "queued", b.Queued(""), 1)
}

func waitingStarts(t *testing.T, b *bench) {
	var want []time.Time
	for _, rated := range []bool{true, false, true} {
		e := b.execution(automation.Pending)
		e.Rated = rated
		b.accept(t, e)
		at := b.pass(time.Second)
		_, err := b.Start(t.Context(), e.ID, at)
		must(t, err)
		if rated {
			want = append(want, at)
		}
	}
	for _, tt := range []struct {
		since time.Time
		limit int
		want  []time.Time
	}{
		{want[0], 10, newestFirst(want)},
		{want[0], 1, want[1:]},
		{want[0].Add(1), 10, want[1:]},
	} {
		got, err := b.Starts(t.Context(), "labs_sre.exec_pod", tt.since, tt.limit)
		must(t, err)
		same(t, "starts", got, tt.want)
	}
}

func waitingTrace(t *testing.T, b *bench) {
	ev, e := b.event(), b.execution(automation.Pending)
	ev.TraceID, e.TraceID = "a-story", "a-story"
	must(t, b.Accept(t.Context(), store.Acceptance{Event: &ev, Executions: []automation.Execution{e}}))
	b.in(t, automation.Pending)
	list, err := b.Executions(t.Context(), store.ExecutionQuery{TraceID: "a-story"})
	must(t, err)
	same(t, "executions", summaryIDs(list), []string{e.ID})
	events, err := b.Events(t.Context(), store.EventQuery{TraceID: "a-story"})
	must(t, err)
	if len(events) != 1 || events[0].ID != ev.ID || events[0].TraceID != "a-story" {
		t.Errorf("events: %+v", events)
	}
}

func waitingOwnStory(t *testing.T, b *bench) {
	first, own := b.event(), b.execution(automation.Pending)
	first.TraceID, own.TraceID, own.Event = first.ID, first.ID, first.ID
	second, led := b.event(), b.execution(automation.Pending)
	second.TraceID, led.TraceID, led.Event = first.ID, first.ID, second.ID
	child := b.execution(automation.Pending)
	child.TraceID, child.Event = first.ID, ""
	other, its := b.event(), b.execution(automation.Pending)
	other.TraceID, its.TraceID, its.Event = other.ID, other.ID, other.ID
	odd, its2 := b.event(), b.execution(automation.Pending)
	odd.TraceID, its2.TraceID, its2.Event = other.ID, "another", first.ID // of the event, and not of its story
	must(t, b.Accept(t.Context(),
		store.Acceptance{Event: &first, Executions: []automation.Execution{own}},
		store.Acceptance{Event: &second, Executions: []automation.Execution{led, child}},
		store.Acceptance{Event: &other, Executions: []automation.Execution{its}},
		store.Acceptance{Event: &odd, Executions: []automation.Execution{its2}}))
	for story, want := range map[string]struct{ events, executions []string }{
		first.ID:  {[]string{second.ID, first.ID}, []string{child.ID, led.ID, own.ID}},
		other.ID:  {[]string{odd.ID, other.ID}, []string{its.ID}},
		odd.ID:    {nil, nil},
		"another": {nil, []string{its2.ID}},
	} {
		list, err := b.Executions(t.Context(), store.ExecutionQuery{TraceID: story})
		must(t, err)
		same(t, "executions of "+story, summaryIDs(list), append([]string{}, want.executions...))
		page, err := b.Executions(t.Context(), store.ExecutionQuery{TraceID: story, Limit: 1})
		must(t, err)
		same(t, "the newest execution of "+story, summaryIDs(page), append([]string{}, want.executions[:min(1, len(want.executions))]...))
		events, err := b.Events(t.Context(), store.EventQuery{TraceID: story})
		must(t, err)
		ids := []string{}
		for _, e := range events {
			ids = append(ids, e.ID)
		}
		same(t, "events of "+story, ids, append([]string{}, want.events...))
	}
}

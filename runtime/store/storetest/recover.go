package storetest

import (
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func testRecover(t *testing.T, open func(*testing.T) store.Store) {
	cases{
		{"running executions go back, their attempts are lost", recoverBack},
		{"an execution that was lost too often fails", recoverTooOften},
		{"three losses are too many when nobody says", recoverDefault},
		{"interrupted attempts are not losses", recoverInterrupted},
		{"nothing else changes", recoverOthers},
		{"an empty store has nothing to recover", func(t *testing.T, b *bench) { b.recover(t, 0, 0) }},
	}.run(t, open)
}

func (b *bench) recover(t *testing.T, wantBack, wantFailed int) {
	t.Helper()
	back, failed, err := b.Recover(t.Context(), b.pass(time.Second), nil)
	must(t, err)
	same(t, "back and failed", []int{back, failed}, []int{wantBack, wantFailed})
}

func recoverBack(t *testing.T, b *bench) {
	e := b.in(t, automation.Running)
	b.in(t, automation.Running)
	b.recover(t, 2, 0)
	got := b.get(t, e.ID)
	same(t, "status", got.Status, automation.Pending)
	same(t, "outcome", []string{string(got.Code), got.Message}, []string{"", ""})
	lost := got.AttemptList[0]
	same(t, "attempt", []string{string(lost.Status), string(lost.Code)}, []string{"lost", "lost"})
	same(t, "end of the attempt", lost.FinishedAt, b.time())
	attempt, err := b.Start(t.Context(), e.ID, b.time())
	must(t, err)
	same(t, "next attempt", attempt, 2)
}

func recoverTooOften(t *testing.T, b *bench) {
	e := b.execution(automation.Running)
	e.MaxLost = 1
	b.accept(t, e)
	b.recover(t, 0, 1)
	got := b.get(t, e.ID)
	same(t, "status and code", []string{string(got.Status), string(got.Code)}, []string{"failed", "lost"})
	same(t, "end", got.FinishedAt, b.time())
	if got.Message == "" || got.Hint == "" {
		t.Errorf("message %q and hint %q; want both", got.Message, got.Hint)
	}
}

func recoverDefault(t *testing.T, b *bench) {
	e := b.in(t, automation.Pending)
	for n := 1; n <= 3; n++ {
		_, err := b.Start(t.Context(), e.ID, b.time())
		must(t, err)
		if n < 3 {
			b.recover(t, 1, 0)
		}
	}
	b.recover(t, 0, 1)
	b.recover(t, 0, 0)
}

func recoverInterrupted(t *testing.T, b *bench) {
	e := b.execution(automation.Running)
	e.MaxLost = 2
	b.accept(t, e)
	for n := 1; n <= 4; n++ {
		must(t, b.Finish(t.Context(), b.end(e.ID, n, automation.Pending)))
		_, err := b.Start(t.Context(), e.ID, b.time())
		must(t, err)
	}
	b.recover(t, 1, 0)
}

func recoverOthers(t *testing.T, b *bench) {
	var before []automation.Execution
	for _, status := range automation.Statuses() {
		if status != automation.Running {
			before = append(before, b.in(t, status))
		}
	}
	b.recover(t, 0, 0)
	for _, e := range before {
		same(t, string(e.Status), b.get(t, e.ID), e)
	}
}

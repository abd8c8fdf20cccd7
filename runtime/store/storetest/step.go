package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// testStep tries every method that moves an execution on one in every status. A
// step that the law forbids is a conflict and changes nothing.
func testStep(t *testing.T, open func(*testing.T) store.Store) {
	for _, from := range automation.Statuses() {
		for _, m := range moves() {
			t.Run(string(from)+" by "+m.name, func(t *testing.T) {
				t.Parallel()
				b := newBench(open(t))
				tryMove(t, b, from, m)
			})
		}
	}
	cases{
		{"an unknown execution is not found by any method", stepUnknown},
		{"attempts are numbered from one and keep their times", stepAttempts},
	}.run(t, open)
}

// waiting are the statuses of executions that nobody runs and that have not ended.
var waiting = []automation.Status{automation.Pending, automation.Delayed, automation.Paused, automation.Waiting}

// move is one way to change a status.
type move struct {
	name string
	to   automation.Status
	// from are the statuses that the method itself allows, beside the law.
	from []automation.Status
	do   func(ctx context.Context, b *bench, id string) error
}

func moves() []move {
	list := []move{
		{"start", automation.Running, []automation.Status{automation.Pending},
			func(ctx context.Context, b *bench, id string) error {
				_, err := b.Start(ctx, id, b.time())
				return err
			}},
		{"cancel", automation.Canceled, []automation.Status{automation.Pending, automation.Delayed, automation.Paused, automation.Waiting},
			func(ctx context.Context, b *bench, id string) error { return b.Cancel(ctx, id, "enough", b.time()) }},
	}
	for _, to := range []automation.Status{automation.Pending, automation.Delayed, automation.Paused} {
		list = append(list, move{"schedule as " + string(to), to, waiting,
			func(ctx context.Context, b *bench, id string) error {
				_, err := b.Schedule(ctx, store.Scheduling{ID: id, Status: to})
				return err
			}})
	}
	for _, to := range automation.Statuses() {
		list = append(list, move{"finish as " + string(to), to, []automation.Status{automation.Running},
			func(ctx context.Context, b *bench, id string) error { return b.Finish(ctx, b.end(id, 1, to)) }})
	}
	return list
}

func tryMove(t *testing.T, b *bench, from automation.Status, m move) {
	e := b.in(t, from)
	before := b.get(t, e.ID)
	b.pass(time.Second)
	allowed := from.CanBecome(m.to) && contains(m.from, from)
	err := m.do(t.Context(), b, e.ID)
	after := b.get(t, e.ID)
	if !allowed {
		wantKind(t, err, automation.ErrConflict)
		same(t, "execution after a refusal", after, before)
		return
	}
	must(t, err)
	same(t, "status", after.Status, m.to)
	same(t, "is finished", after.FinishedAt != nil, m.to.Final())
}

func contains(list []automation.Status, s automation.Status) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}

func stepUnknown(t *testing.T, b *bench) {
	for _, m := range moves() {
		wantKind(t, m.do(t.Context(), b, b.ids.New()), automation.ErrNotFound)
	}
	wantKind(t, b.AppendLog(t.Context(), b.ids.New(), lines(1, 1)), automation.ErrNotFound)
}

func stepAttempts(t *testing.T, b *bench) {
	e := b.in(t, automation.Pending)
	want := []automation.Attempt{}
	for n := 1; n <= 3; n++ {
		began := b.pass(time.Second)
		attempt, err := b.Start(t.Context(), e.ID, began)
		must(t, err)
		same(t, "attempt", attempt, n)
		ended := b.pass(time.Second)
		must(t, b.Finish(t.Context(), b.end(e.ID, n, automation.Pending)))
		want = append(want, automation.Attempt{
			Number: n, Status: automation.AttemptInterrupted, StartedAt: began, FinishedAt: &ended,
		})
	}
	got := b.get(t, e.ID)
	same(t, "attempts", got.AttemptList, want)
	same(t, "number of attempts", got.Attempts, 3)
	same(t, "start of the latest", got.StartedAt, want[2].StartedAt)
}

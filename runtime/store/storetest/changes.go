package storetest

import (
	"sync"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// RunChanges runs the part of the suite that watches what a store publishes.
// open returns an empty store that hands its changes to published.
func RunChanges(t *testing.T, open func(t *testing.T, published func([]automation.Change)) store.Store) {
	t.Helper()
	for _, tt := range []struct {
		name string
		test func(*testing.T, *bench, *audience)
	}{
		{"every step of a life is told once, in order", changesOfALife},
		{"a refusal is not told", changesOfARefusal},
		{"an event is told without its payload", changesAreSmall},
		{"numbers grow by one, whoever writes", changesInOrder},
		{"what is told can be read", changesAfterCommit},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := &audience{}
			b := newBench(open(t, a.hear))

			tt.test(t, b, a)
		})
	}
}

// audience hears changes. A backend may tell them after the method has returned,
// so tests close the store, which waits, before they count.
type audience struct {
	mu    sync.Mutex // guards what follows
	heard []automation.Change
	each  func(automation.Change)
}

func (a *audience) hear(changes []automation.Change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range changes {
		a.heard = append(a.heard, c)
		if a.each != nil {
			a.each(c)
		}
	}
}

// all closes the store and returns what was heard.
func (a *audience) all(t *testing.T, b *bench) []automation.Change {
	t.Helper()
	must(t, b.Close())
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.heard
}

func kinds(changes []automation.Change) []automation.ChangeKind {
	list := []automation.ChangeKind{}
	for _, c := range changes {
		list = append(list, c.Kind)
	}
	return list
}

func changesOfALife(t *testing.T, b *bench, a *audience) {
	event, e := b.event(), b.execution(automation.Pending)
	must(t, b.Accept(t.Context(), store.Acceptance{Event: &event, Executions: []automation.Execution{e}}))
	_, err := b.Start(t.Context(), e.ID, b.time())
	must(t, err)
	must(t, b.AppendLog(t.Context(), e.ID, lines(1, 2)))
	f := b.end(e.ID, 1, automation.Succeeded)
	f.Log, f.Artifacts = lines(3, 1), []automation.Artifact{b.artifact(e.ID)}
	must(t, b.Finish(t.Context(), f))
	last := b.get(t, e.ID).ExecutionSummary

	heard := a.all(t, b)
	same(t, "kinds", kinds(heard), []automation.ChangeKind{
		automation.EventCreated, automation.ExecutionUpdated, // accept
		automation.ExecutionUpdated,                                                     // start
		automation.LogAppended,                                                          // append
		automation.LogAppended, automation.ArtifactCreated, automation.ExecutionUpdated, // finish
	})
	same(t, "log", heard[4].Log, automation.LogGrowth{Execution: e.ID, Lines: 3})
	same(t, "artifact", heard[5].Artifact, f.Artifacts[0])
	same(t, "last summary", heard[6].Execution, last)
	same(t, "start", heard[2].Execution.Status, automation.Running)
}

func changesOfARefusal(t *testing.T, b *bench, a *audience) {
	e := b.in(t, automation.Pending)
	event := b.event()
	wantKind(t, b.Accept(t.Context(), store.Acceptance{Event: &event, Executions: []automation.Execution{e}}), automation.ErrConflict)
	wantKind(t, b.Finish(t.Context(), b.end(e.ID, 1, automation.Succeeded)), automation.ErrConflict)
	must(t, b.Cancel(t.Context(), e.ID, "", b.time()))
	heard := a.all(t, b)
	same(t, "kinds", kinds(heard), []automation.ChangeKind{automation.ExecutionUpdated, automation.ExecutionUpdated})
	same(t, "last number", heard[1].Seq, 2)
}

func changesAreSmall(t *testing.T, b *bench, a *audience) {
	acceptance := b.acceptance()
	must(t, b.Accept(t.Context(), acceptance))
	heard := a.all(t, b)[0].Event
	want := *acceptance.Event
	want.Payload = nil
	same(t, "event", heard, want)
}

func changesInOrder(t *testing.T, b *bench, a *audience) {
	together(8, func(int) {
		for range 10 {
			if err := b.live(t.Context()); err != nil {
				t.Errorf("a life: %v", err)
			}
		}
	})
	seq, err := b.LastSeq(t.Context())
	must(t, err)
	heard := a.all(t, b)
	for i, c := range heard {
		if c.Seq != int64(i+1) {
			t.Fatalf("change %d has the number %d", i, c.Seq)
		}
	}
	same(t, "number of the last", seq, len(heard))
	same(t, "changes", len(heard), 8*10*4)
}

// changesAfterCommit reads from inside the announcement, when the change must
// already be there for everybody.
func changesAfterCommit(t *testing.T, b *bench, a *audience) {
	ctx := t.Context()
	a.mu.Lock()
	a.each = func(c automation.Change) {
		if c.Execution == nil {
			return
		}
		if got, err := b.Execution(ctx, c.Execution.ID); err != nil || got.Status != c.Execution.Status {
			t.Errorf("told %s; found %s, %v", c.Execution.Status, got.Status, err)
		}
		if seq, err := b.LastSeq(ctx); err != nil || seq < c.Seq {
			t.Errorf("told number %d; the latest is %d, %v", c.Seq, seq, err)
		}
	}
	a.mu.Unlock()
	must(t, b.live(ctx))
	same(t, "changes", len(a.all(t, b)), 4)
}

package storetest

import (
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func testHistory(t *testing.T, open func(*testing.T) store.Store) {
	cases{
		{"prune removes the oldest that have ended, with all that is theirs", historyPrune},
		{"prune goes by status, pack and age", historySelection},
		{"what has not ended stays, and what started it", historyLive},
		{"what is pinned stays until it is not", historyPinned},
		{"an event goes with the last that came of it", historyEvents},
		{"events that started nothing go by their age", historyIdleEvents},
		{"an unknown artifact can not be pinned", func(t *testing.T, b *bench) {
			_, err := b.PinArtifact(t.Context(), b.ids.New(), "mira", b.time())
			wantKind(t, err, automation.ErrNotFound)
		}},
		{"compacting ends", func(t *testing.T, b *bench) {
			for range 10_000 {
				more, err := b.Compact(t.Context())
				must(t, err)
				if !more {
					return
				}
			}
			t.Error("there is always more")
		}},
	}.run(t, open)
}

// prune removes until nothing is left to look at.
func (b *bench) prune(t *testing.T, s store.Selection) (all store.Pruned) {
	t.Helper()
	for {
		gone, err := b.Prune(t.Context(), s, 2)
		must(t, err)
		all.Executions, all.Events = all.Executions+gone.Executions, all.Events+gone.Events
		all.Contents = append(all.Contents, gone.Contents...)
		if gone.Last == "" {
			return all
		}
		s.After = gone.Last
	}
}

func (b *bench) left(t *testing.T) []string {
	t.Helper()
	ids, total := b.filtered(t, "")
	same(t, "total", total, len(ids))
	return ids
}

func historyPrune(t *testing.T, b *bench) {
	failed, running, done := b.three(t)
	held, err := b.Weigh(t.Context(), store.Selection{})
	must(t, err)
	same(t, "held", held.Executions, 2)
	must(t, b.Finish(t.Context(), b.end(running.ID, 1, automation.Canceled)))
	gone, err := b.Prune(t.Context(), store.Selection{}, 1)
	must(t, err)
	same(t, "removed with what it started", gone.Executions, 2)
	same(t, "the last that was looked at", gone.Last, failed.ID)
	same(t, "left", b.left(t), []string{done.ID})
	_, err = b.Execution(t.Context(), failed.ID)
	wantKind(t, err, automation.ErrNotFound)
	_, err = b.Log(t.Context(), failed.ID, 1, 10)
	wantKind(t, err, automation.ErrNotFound)
	_, err = b.Tape(t.Context(), failed.ID, 1)
	wantKind(t, err, automation.ErrNotFound)
	_, err = b.Event(t.Context(), failed.Event)
	wantKind(t, err, automation.ErrNotFound)
	b.wantFiltered(t, "budget")
	b.wantFiltered(t, "param.node:*")
}

func historySelection(t *testing.T, b *bench) {
	old := b.execution(automation.Failed)
	other := b.execution(automation.Failed)
	other.Action = "core.echo"
	ok := b.execution(automation.Running)
	b.accept(t, old, other, ok)
	must(t, b.Finish(t.Context(), b.end(ok.ID, 1, automation.Succeeded)))
	at := b.pass(time.Hour)
	young := b.execution(automation.Failed)
	b.accept(t, young)
	s := store.Selection{Statuses: []automation.Status{automation.Failed, automation.Pending}, Pack: "labs_*", Before: at}
	held, err := b.Weigh(t.Context(), s)
	must(t, err)
	same(t, "held", held.Executions, 1)
	same(t, "removed", b.prune(t, s).Executions, 1)
	same(t, "left", b.left(t), []string{young.ID, ok.ID, other.ID})
	same(t, "nothing of an unknown pack", b.prune(t, store.Selection{Pack: "none"}).Executions, 0)
}

func historyLive(t *testing.T, b *bench) {
	parent := b.execution(automation.Failed)
	child := b.execution(automation.Pending)
	child.StartedFrom = parent.ID
	alone := b.execution(automation.Failed)
	b.accept(t, parent, child, alone)
	same(t, "removed", b.prune(t, store.Selection{}).Executions, 1)
	same(t, "left", b.left(t), []string{child.ID, parent.ID})
	must(t, b.Cancel(t.Context(), child.ID, "", b.time()))
	same(t, "removed after the end", b.prune(t, store.Selection{}).Executions, 2)
	same(t, "left after the end", b.left(t), []string{})
}

func historyPinned(t *testing.T, b *bench) {
	e := b.execution(automation.Running)
	b.accept(t, e)
	end := b.end(e.ID, 1, automation.Succeeded)
	end.Artifacts = []automation.Artifact{{ID: b.ids.New(), Name: "heap", MediaType: "x/y", Size: 3, SHA256: hash(1), CreatedAt: b.time()}}
	must(t, b.Finish(t.Context(), end))
	a, err := b.PinArtifact(t.Context(), end.Artifacts[0].ID, "mira", b.time())
	must(t, err)
	same(t, "pinned by", a.PinnedBy, "mira")
	same(t, "in the execution", b.get(t, e.ID).Artifacts[0].PinnedBy, "mira")
	size, err := b.Size(t.Context())
	must(t, err)
	same(t, "pinned", size.Pinned, 1)
	same(t, "removed while pinned", b.prune(t, store.Selection{}).Executions, 0)
	a, err = b.PinArtifact(t.Context(), a.ID, "", b.time())
	must(t, err)
	same(t, "pinned since", a.PinnedAt, nil)
	same(t, "contents", b.prune(t, store.Selection{}).Contents, []string{hash(1)})
	_, err = b.Artifact(t.Context(), a.ID)
	wantKind(t, err, automation.ErrNotFound)
}

func historyEvents(t *testing.T, b *bench) {
	event := b.event()
	first, second := b.execution(automation.Failed), b.execution(automation.Running)
	first.Event, second.Event = event.ID, event.ID
	must(t, b.Accept(t.Context(), store.Acceptance{Event: &event, Executions: []automation.Execution{first, second}}))
	same(t, "events gone with the first", b.prune(t, store.Selection{}).Events, 0)
	_, err := b.Event(t.Context(), event.ID)
	must(t, err)
	must(t, b.Finish(t.Context(), b.end(second.ID, 1, automation.Succeeded)))
	same(t, "events gone with the last", b.prune(t, store.Selection{}).Events, 1)
}

func historyIdleEvents(t *testing.T, b *bench) {
	idle, busy := b.event(), b.event()
	e := b.execution(automation.Failed)
	e.Event = busy.ID
	must(t, b.Accept(t.Context(), store.Acceptance{Event: &idle}, store.Acceptance{Event: &busy, Executions: []automation.Execution{e}}))
	at := b.pass(time.Hour)
	young := b.event()
	must(t, b.Accept(t.Context(), store.Acceptance{Event: &young}))
	n, err := b.PruneEvents(t.Context(), at, 10)
	must(t, err)
	same(t, "removed", n, 1)
	list, err := b.Events(t.Context(), store.EventQuery{})
	must(t, err)
	same(t, "left", len(list), 2)
}

package storetest

import (
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// testThen is about what follows from the end of an execution.
func testThen(t *testing.T, open func(*testing.T) store.Store) {
	cases{
		{"what follows from an end is stored with it", thenFinish},
		{"what follows from an end that is refused is not stored", thenFinishRefused},
		{"an end whose consequences are refused is none", thenRefused},
		{"what follows from a cancellation is stored with it", thenCancel},
		{"what follows from a cancellation that is refused is not stored", thenCancelRefused},
		{"what follows from a last loss is stored with it", thenRecover},
		{"the depth of an event can be read alone", thenDepth},
	}.run(t, open)
}

func thenFinish(t *testing.T, b *bench) {
	e := b.in(t, automation.Running)
	then, event, execution := b.consequence()
	f := b.end(e.ID, 1, automation.Succeeded)
	f.Then = []store.Acceptance{then}
	must(t, b.Finish(t.Context(), f))
	same(t, "consequence", b.there(t, event, execution), true)
}

func thenFinishRefused(t *testing.T, b *bench) {
	e := b.in(t, automation.Succeeded)
	then, event, execution := b.consequence()
	f := b.end(e.ID, 1, automation.Succeeded)
	f.Then = []store.Acceptance{then}
	wantKind(t, b.Finish(t.Context(), f), automation.ErrConflict)
	same(t, "consequence", b.there(t, event, execution), false)
}

func thenRefused(t *testing.T, b *bench) {
	e := b.in(t, automation.Running)
	then, event, execution := b.consequence()
	then.Executions[0].ID = "odd"
	f := b.end(e.ID, 1, automation.Succeeded)
	f.Then = []store.Acceptance{then}
	wantKind(t, b.Finish(t.Context(), f), automation.ErrInvalid)
	same(t, "status", b.get(t, e.ID).Status, automation.Running)
	same(t, "consequence", b.there(t, event, execution), false)
}

func thenCancel(t *testing.T, b *bench) {
	e := b.in(t, automation.Pending)
	then, event, execution := b.consequence()
	must(t, b.Cancel(t.Context(), e.ID, "enough", b.time(), then))
	same(t, "consequence", b.there(t, event, execution), true)
}

func thenCancelRefused(t *testing.T, b *bench) {
	e := b.in(t, automation.Running)
	then, event, execution := b.consequence()
	wantKind(t, b.Cancel(t.Context(), e.ID, "enough", b.time(), then), automation.ErrConflict)
	same(t, "consequence", b.there(t, event, execution), false)
}

func thenRecover(t *testing.T, b *bench) {
	e := b.execution(automation.Running)
	e.MaxLost = 1
	b.accept(t, e)
	b.in(t, automation.Running) // goes back: nothing follows
	then, event, execution := b.consequence()
	asked := map[string]automation.Execution{}
	_, _, err := b.Recover(t.Context(), b.pass(time.Second), func(x automation.Execution) []store.Acceptance {
		asked[x.ID] = x
		return []store.Acceptance{then}
	})
	must(t, err)
	same(t, "consequence", b.there(t, event, execution), true)
	x := asked[e.ID]
	same(t, "what was asked about", []string{string(x.Status), string(x.Code), string(x.Parameters)}, []string{"failed", "lost", string(e.Parameters)})
	same(t, "how many", len(asked), 1)
}

func thenDepth(t *testing.T, b *bench) {
	ev := b.event()
	ev.Depth, ev.Cause = 7, b.ids.New()
	must(t, b.Accept(t.Context(), store.Acceptance{Event: &ev}))
	depth, err := b.EventDepth(t.Context(), ev.ID)
	must(t, err)
	same(t, "depth", depth, 7)
	_, err = b.EventDepth(t.Context(), b.ids.New())
	wantKind(t, err, automation.ErrNotFound)
}

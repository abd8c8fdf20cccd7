package storetest

import (
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func testCancel(t *testing.T, open func(*testing.T) store.Store) {
	cases{
		{"a pending execution ends as canceled and says why", func(t *testing.T, b *bench) {
			e := b.in(t, automation.Pending)
			must(t, b.Cancel(t.Context(), e.ID, strange, b.time()))
			at := b.time()
			want := e
			want.Status, want.Code, want.Message, want.FinishedAt = automation.Canceled, automation.CodeCanceled, strange, &at
			same(t, "execution", b.get(t, e.ID), want)
		}},
		{"a canceled execution is no longer pending", func(t *testing.T, b *bench) {
			e := b.in(t, automation.Canceled)
			_, err := b.Start(t.Context(), e.ID, b.time())
			wantKind(t, err, automation.ErrConflict)
			list, err := b.Pending(t.Context(), store.Place{}, 10)
			must(t, err)
			same(t, "pending", len(list), 0)
		}},
	}.run(t, open)
}

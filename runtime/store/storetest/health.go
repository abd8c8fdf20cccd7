package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func testHealth(t *testing.T, open func(*testing.T) store.Store) {
	cases{
		{"a store in service answers a ping", func(t *testing.T, b *bench) { must(t, b.Ping(t.Context())) }},
		{"a closed store is unavailable and can be closed again", healthClosed},
		{"a caller who has gone away writes nothing", healthGone},
		{"a ping changes no sequence number", func(t *testing.T, b *bench) {
			must(t, b.Ping(t.Context()))
			seq, err := b.LastSeq(t.Context())
			must(t, err)
			same(t, "sequence", seq, 0)
		}},
	}.run(t, open)
}

func healthClosed(t *testing.T, b *bench) {
	must(t, b.Close())
	must(t, b.Close())
	wantKind(t, b.Ping(t.Context()), automation.ErrUnavailable)
	err := b.Accept(t.Context(), store.Acceptance{Executions: []automation.Execution{b.execution(automation.Pending)}})
	wantKind(t, err, automation.ErrUnavailable)
}

func healthGone(t *testing.T, b *bench) {
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	e := b.execution(automation.Pending)
	wantKind(t, b.Accept(ctx, store.Acceptance{Executions: []automation.Execution{e}}), gone)
	_, err := b.Execution(t.Context(), e.ID)
	wantKind(t, err, automation.ErrNotFound)
	_, err = b.Executions(ctx, store.ExecutionQuery{})
	wantKind(t, err, gone)
}

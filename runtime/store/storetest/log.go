package storetest

import (
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func testLog(t *testing.T, open func(*testing.T) store.Store) {
	cases{
		{"lines come back in any range, however they were appended", logRanges},
		{"a line that leaves a gap or comes twice is refused", logGaps},
		{"only a running execution has a growing log", logNotRunning},
		{"an execution without a log has no lines", func(t *testing.T, b *bench) {
			got, err := b.Log(t.Context(), b.in(t, automation.Running).ID, 1, 10)
			must(t, err)
			if got == nil || len(got) != 0 {
				t.Errorf("log is %#v", got)
			}
		}},
		{"the log of an unknown execution is not found", func(t *testing.T, b *bench) {
			_, err := b.Log(t.Context(), b.ids.New(), 1, 10)
			wantKind(t, err, automation.ErrNotFound)
		}},
		{"appending nothing changes nothing", func(t *testing.T, b *bench) {
			e := b.in(t, automation.Running)
			must(t, b.AppendLog(t.Context(), e.ID, nil))
			same(t, "execution", b.get(t, e.ID), e)
		}},
		{"the log goes on over attempts", logAttempts},
	}.run(t, open)
}

func logRanges(t *testing.T, b *bench) {
	e := b.in(t, automation.Running)
	const total = 1611
	all := lines(1, total)
	all[4].Text = strange
	for first, n := 0, 1; first < total; first, n = first+n, n*5 { // 1, 5, 25, 125, 625, the rest
		must(t, b.AppendLog(t.Context(), e.ID, all[first:min(first+n, total)]))
	}
	same(t, "lines on the execution", b.get(t, e.ID).LogLines, total)
	for _, tt := range []struct{ from, limit int }{
		{1, total}, {1, 1}, {2, 1}, {6, 3}, {7, 200}, {150, 700}, {700, 500}, {1600, 100}, {total, 5}, {total + 1, 5}, {-3, 4},
	} {
		got, err := b.Log(t.Context(), e.ID, tt.from, tt.limit)
		must(t, err)
		begin := min(max(tt.from, 1)-1, total)
		want := all[begin:min(begin+tt.limit, total)]
		if len(got) != len(want) {
			t.Fatalf("from %d, limit %d: %d lines; want %d", tt.from, tt.limit, len(got), len(want))
		}
		for i := range want {
			if !got[i].At.Equal(want[i].At) || got[i].Number != want[i].Number || got[i].Text != want[i].Text {
				t.Fatalf("from %d, limit %d: line %v; want %v", tt.from, tt.limit, got[i], want[i])
			}
		}
	}
}

func logGaps(t *testing.T, b *bench) {
	e := b.in(t, automation.Running)
	must(t, b.AppendLog(t.Context(), e.ID, lines(1, 3)))
	wantKind(t, b.AppendLog(t.Context(), e.ID, lines(3, 1)), automation.ErrConflict)
	wantKind(t, b.AppendLog(t.Context(), e.ID, lines(5, 1)), automation.ErrConflict)
	wantKind(t, b.AppendLog(t.Context(), e.ID, append(lines(4, 1), lines(6, 1)...)), automation.ErrInvalid)
	must(t, b.AppendLog(t.Context(), e.ID, lines(4, 1)))
	same(t, "lines", b.get(t, e.ID).LogLines, 4)
}

func logNotRunning(t *testing.T, b *bench) {
	for _, status := range automation.Statuses() {
		e := b.in(t, status)
		err := b.AppendLog(t.Context(), e.ID, lines(1, 1))
		if status == automation.Running {
			must(t, err)
			continue
		}
		wantKind(t, err, automation.ErrConflict)
		same(t, "execution", b.get(t, e.ID), e)
	}
}

func logAttempts(t *testing.T, b *bench) {
	e := b.in(t, automation.Running)
	must(t, b.AppendLog(t.Context(), e.ID, lines(1, 2)))
	f := b.end(e.ID, 1, automation.Pending)
	f.Log = lines(3, 2)
	must(t, b.Finish(t.Context(), f))
	_, err := b.Start(t.Context(), e.ID, b.time())
	must(t, err)
	must(t, b.AppendLog(t.Context(), e.ID, lines(5, 1)))
	got, err := b.Log(t.Context(), e.ID, 1, 0)
	must(t, err)
	same(t, "log", got, lines(1, 5))
}

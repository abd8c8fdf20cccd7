package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func openInside(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "squall.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// hold keeps the writer busy until the function it returns is called.
func hold(t *testing.T, s *Store) (release func()) {
	t.Helper()
	taken, let := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- s.do(context.WithoutCancel(t.Context()), "hold", func(*tx) error {
			close(taken)
			<-let
			return nil
		})
	}()
	<-taken
	return func() {
		close(let)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// waitQueued returns when n writes wait behind the one that is held.
func waitQueued(s *Store, n int) {
	for len(s.writer.requests) < n {
		runtime.Gosched()
	}
}

func TestCallerTakesWaitingWriteBack(t *testing.T) {
	t.Parallel()
	s := openInside(t)
	release := hold(t, s)
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	ran := false
	done := make(chan error, 1)
	go func() { done <- s.do(ctx, "write", func(*tx) error { ran = true; return nil }) }()
	waitQueued(s, 1)
	cancel(gone)
	if err := <-done; !errors.Is(err, gone) {
		t.Errorf("error is %v; want the cause", err)
	}
	release()
	if err := s.Ping(t.Context()); err != nil { // after it, the queue has been passed
		t.Fatal(err)
	}
	if ran {
		t.Error("the write ran although its caller had taken it back")
	}
}

func TestCallerStaysForAWriteThatRuns(t *testing.T) {
	t.Parallel()
	s := openInside(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := s.do(ctx, "write", func(t *tx) error {
		cancel()
		return t.exec(`UPDATE meta SET value = value`)
	})
	if err != nil {
		t.Errorf("error is %v; the write was committed", err)
	}
}

// TestNeighboursOfAHalfWrittenFailure puts closures into one batch, one of which
// fails after it has written.
func TestNeighboursOfAHalfWrittenFailure(t *testing.T) {
	t.Parallel()
	s := openInside(t)
	release := hold(t, s)
	broken := errors.New("broken")
	results := make([]error, 3)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() {
			results[i] = s.do(context.WithoutCancel(t.Context()), "write", func(t *tx) error {
				t.announce(automation.Change{Kind: automation.PackUpdated})
				if err := t.exec(`INSERT INTO meta (key, value) VALUES (?, 1)`, string(rune('a'+i))); err != nil {
					return err
				}
				if i == 1 {
					return broken
				}
				return nil
			})
		})
	}
	waitQueued(s, len(results))
	release()
	wg.Wait()
	if results[0] != nil || !errors.Is(results[1], broken) || results[2] != nil {
		t.Errorf("results: %v", results)
	}
	var keys string
	if err := s.read.QueryRow(`SELECT group_concat(key, ' ') FROM meta`).Scan(&keys); err != nil || keys != "a c seq skew" {
		t.Errorf("keys are %q, %v", keys, err)
	}
	if seq, _ := s.LastSeq(t.Context()); seq != 2 {
		t.Errorf("sequence is %d; want 2", seq)
	}
}

func TestFullDiskIsUnavailableUntilThereIsSpace(t *testing.T) {
	t.Parallel()
	s := openInside(t)
	limit := func(pages int) {
		err := s.do(t.Context(), "limit", func(t *tx) error {
			row, err := t.row(map[bool]string{true: `PRAGMA max_page_count = 60`, false: `PRAGMA max_page_count = 100000`}[pages == 60])
			if err != nil {
				return err
			}
			return row.Scan(&pages)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	limit(60)
	ids := &automation.IDs{}
	event := func() *automation.Event {
		return &automation.Event{ID: ids.New(), Trigger: "core.test", Payload: json.RawMessage(`"` + strings.Repeat("x", 20_000) + `"`)}
	}
	var kept []string
	var err error
	for range 100 {
		e := event()
		if err = s.Accept(t.Context(), store.Acceptance{Event: e}); err != nil {
			break
		}
		kept = append(kept, e.ID)
	}
	if !errors.Is(err, automation.ErrUnavailable) || automation.HintOf(err) == "" {
		t.Fatalf("error on a full disk is %v; want unavailable with a hint", err)
	}
	limit(100_000)
	if err := s.Accept(t.Context(), store.Acceptance{Event: event()}); err != nil {
		t.Errorf("after there is space: %v", err)
	}
	list, err := s.Events(t.Context(), store.EventQuery{})
	if err != nil || len(list) != len(kept)+1 {
		t.Errorf("%d events, %v; want %d", len(list), err, len(kept)+1)
	}
}

// TestWriterWaitsForTheDisk holds the promise that durability rests on.
func TestWriterWaitsForTheDisk(t *testing.T) {
	t.Parallel()
	s := openInside(t)
	for pragma, want := range map[string]string{
		`PRAGMA synchronous`: "2", `PRAGMA journal_mode`: "wal", `PRAGMA foreign_keys`: "1",
	} {
		var got string
		err := s.do(t.Context(), "look", func(t *tx) error {
			row, err := t.row(pragma)
			if err != nil {
				return err
			}
			return row.Scan(&got)
		})
		if err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", pragma, got, err, want)
		}
	}
	if _, err := s.read.Exec(`DELETE FROM events`); err == nil {
		t.Error("a reader may write")
	}
}

// TestSchemaKnowsTheLaw goes past the methods: the schema itself refuses every step
// and every state that automation.Status does not allow.
func TestSchemaKnowsTheLaw(t *testing.T) {
	t.Parallel()
	s := openInside(t)
	ids := &automation.IDs{}
	for _, from := range automation.Statuses() {
		for _, to := range automation.Statuses() {
			id := ids.New()
			err := s.do(t.Context(), "step", func(t *tx) error {
				if err := t.exec(`INSERT INTO executions VALUES (?, 'a.b', ?, '', '', '', '', '', 1, 1, 0, '', '', '', 0, 1, 1, ?, 0, '', 0, 0, '', NULL, 0, 0, NULL, '', '', '', 'null', 0, NULL, NULL)`,
					id, string(from), endOf(from)); err != nil {
					return err
				}
				return t.exec(`UPDATE executions SET status = ?, finished_at = ? WHERE id = ?`, string(to), endOf(to), id)
			})
			if allowed := from.CanBecome(to); (err == nil) != allowed {
				t.Errorf("%s to %s: %v; the law says %v", from, to, err, allowed)
			} else if err != nil && !errors.Is(err, automation.ErrConflict) {
				t.Errorf("%s to %s: %v; want a conflict", from, to, err)
			}
		}
	}
	for _, status := range automation.Statuses() {
		end := any(int64(1))
		if status.Final() {
			end = nil
		}
		err := s.do(t.Context(), "insert", func(t *tx) error {
			return t.exec(`INSERT INTO executions VALUES (?, 'a.b', ?, '', '', '', '', '', 1, 1, 0, '', '', '', 0, 1, 1, ?, 0, '', 0, 0, '', NULL, 0, 0, NULL, '', '', '', 'null', 0, NULL, NULL)`,
				ids.New(), string(status), end)
		})
		if !errors.Is(err, automation.ErrInvalid) {
			t.Errorf("%s with the wrong end: %v", status, err)
		}
	}
}

func endOf(status automation.Status) any {
	if status.Final() {
		return int64(1)
	}
	return nil
}

package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/storetest"
)

// eager indexes all that it can before it reads, so that the suite sees the index and
// not what stands in for it.
type eager struct{ *Store }

func (e eager) indexAll(ctx context.Context) error {
	for {
		// Tests live in a time of their own, which may be to come.
		if more, err := e.tendWords(ctx, -100*365*24*time.Hour); err != nil || !more {
			return err
		}
	}
}

func (e eager) Executions(ctx context.Context, q store.ExecutionQuery) ([]automation.ExecutionSummary, error) {
	if err := e.indexAll(ctx); err != nil && ctx.Err() == nil {
		return nil, err
	}
	return e.Store.Executions(ctx, q)
}

func (e eager) CountExecutions(ctx context.Context, q store.ExecutionQuery) (map[automation.Status]int, error) {
	if err := e.indexAll(ctx); err != nil && ctx.Err() == nil {
		return nil, err
	}
	return e.Store.CountExecutions(ctx, q)
}

func TestConformanceOnceIndexed(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the suite runs once without the index already")
	}
	storetest.Run(t, func(t *testing.T) store.Store { return eager{openInside(t)} })
}

// TestCountsAreWhatIsThere compares what is kept with what is counted, after all that
// can happen to executions, and the index with the rows.
func TestCountsAreWhatIsThere(t *testing.T) {
	t.Parallel()
	s := openInside(t)
	ids := &automation.IDs{}
	for i, status := range []automation.Status{automation.Failed, automation.Pending, automation.Running, automation.Running, automation.Running} {
		x := automation.Execution{ExecutionSummary: automation.ExecutionSummary{ID: ids.New(), Action: "a.b", Status: status, CreatedAt: time.Now()}}
		if err := s.Accept(t.Context(), store.Acceptance{Executions: []automation.Execution{x}}); err != nil {
			t.Fatal(err)
		}
		at := time.Now()
		switch i {
		case 1:
			if err := s.Cancel(t.Context(), x.ID, "", at); err != nil {
				t.Fatal(err)
			}
		case 2:
			f := store.Finish{ID: x.ID, Status: automation.Succeeded, Attempt: automation.Attempt{Number: 1, Status: automation.AttemptSucceeded, FinishedAt: &at}}
			if err := s.Finish(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, _, err := s.Recover(t.Context(), time.Now(), nil); err != nil {
		t.Fatal(err)
	}
	same := func(when string) {
		t.Helper()
		if err := (eager{s}).indexAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		var wrong, bytes, words int
		if err := s.read.QueryRow(`SELECT
			(SELECT count(*) FROM (SELECT span, sum(n) AS n, sum(bytes) AS b FROM execution_counts GROUP BY span)
				WHERE n <> (SELECT count(*) FROM executions) OR b <> (SELECT coalesce(sum(bytes), 0) FROM executions)),
			(SELECT count(*) FROM executions WHERE doc IS NOT NULL AND bytes = 0),
			(SELECT count(*) FROM execution_words) - (SELECT count(doc) FROM executions)`).Scan(&wrong, &bytes, &words); err != nil {
			t.Fatal(err)
		}
		if wrong != 0 || bytes != 0 || words != 0 {
			t.Errorf("%s: %d spans are wrong, %d executions have no bytes, %d rows of words too many", when, wrong, bytes, words)
		}
	}
	same("after steps")
	if gone, err := s.Prune(t.Context(), store.Selection{}, 10); err != nil || gone.Executions != 3 || gone.Bytes == 0 {
		t.Fatalf("pruned %+v, %v", gone, err)
	}
	same("after pruning")
}

// TestIndexGoesOnAfterACrash closes before anything is indexed; what opens the file
// next finds all of it, and indexes it.
func TestIndexGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "squall.db")
	s, err := Open(t.Context(), Options{Path: path, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	s.stopWork() // the crash, for the indexer
	s.work.Wait()
	ids := &automation.IDs{}
	var all []automation.Execution
	for range 3 * indexBatch {
		all = append(all, automation.Execution{ExecutionSummary: automation.ExecutionSummary{ID: ids.New(), Action: "a.b", Status: automation.Failed, CreatedAt: time.Now()}, Message: "budget"})
	}
	if err := s.Accept(t.Context(), store.Acceptance{Executions: all}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err = Open(t.Context(), Options{Path: path, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for unindexed := 1; unindexed > 0; {
		counts, err := s.CountExecutions(t.Context(), store.ExecutionQuery{Text: "budget"})
		if err != nil || counts[automation.Failed] != len(all) {
			t.Fatalf("%v, %v; want %d failed at every moment", counts, err, len(all))
		}
		size, err := s.Size(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		unindexed = size.Unindexed
	}
}

// TestTheIndexOfWordsIsMerged commits words one by one: each commit makes a segment, and
// the goroutine that indexes merges them until few are left, a few pages at a time.
func TestTheIndexOfWordsIsMerged(t *testing.T) {
	t.Parallel()
	s := openInside(t)
	ids := &automation.IDs{}
	const executions = 60
	for i := range executions {
		x := automation.Execution{ExecutionSummary: automation.ExecutionSummary{ID: ids.New(), Action: "a.b", Summary: fmt.Sprintf("word%d", i), Status: automation.Pending, CreatedAt: time.Now()}}
		if err := s.Accept(t.Context(), store.Acceptance{Executions: []automation.Execution{x}}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.indexSome(t.Context(), -time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	for merges, more := 0, true; more; merges++ {
		s.writer.wordsChanged.Store(true) // the store's own goroutine may have asked just now
		var err error
		if more, err = s.tendWords(t.Context(), -time.Hour); err != nil || merges > 10*executions {
			t.Fatalf("after %d merges: %v", merges, err)
		}
	}
	// FTS5's structure record: a cookie and a mark of 4 bytes each, then, as varints, how
	// many levels and how many segments there are.
	var structure []byte
	if err := s.read.QueryRowContext(t.Context(), `SELECT block FROM execution_words_data WHERE id = 10`).Scan(&structure); err != nil || len(structure) < 10 {
		t.Fatalf("%x, %v", structure, err)
	}
	if segments := structure[9]; segments == 0 || segments > 12 {
		t.Errorf("%d segments", segments)
	}
	found, err := s.Executions(t.Context(), store.ExecutionQuery{Text: "word7"})
	if err != nil || len(found) != 1 {
		t.Errorf("%d found, %v", len(found), err)
	}
}

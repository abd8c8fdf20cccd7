package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/disk"
	"github.com/squall-dev/squall/runtime/query"
	"github.com/squall-dev/squall/runtime/store"
)

func TestLongCriteriaAreCut(t *testing.T) {
	t.Parallel()
	long := make([]automation.CriterionResult, 300)
	for i := range long {
		long[i] = automation.CriterionResult{
			Key: strings.Repeat("k", 5000), Operator: "eq", Pattern: map[string]any{"text": strings.Repeat("ü", 5000)},
			Actual: 4.0, Error: strings.Repeat("e", 5000),
		}
	}
	text, err := encodeCriteria(long)
	if err != nil {
		t.Fatal(err)
	}
	var kept []automation.CriterionResult
	if err := json.Unmarshal([]byte(text), &kept); err != nil {
		t.Fatal(err)
	}
	if len(kept) != maxCriteriaCount || len(text) > 4*maxCriterion*maxCriteriaCount {
		t.Errorf("%d criteria in %d bytes", len(kept), len(text))
	}
	if kept[0].Actual != 4.0 || !strings.Contains(kept[0].Pattern.(string), "bytes)") || len(kept[0].Key) > maxCriterion+20 {
		t.Errorf("criterion: %+v", kept[0])
	}
}

// TestListsUseIndexes reads SQLite's plans: no list may sort what it found or walk
// a whole table when a filter has an index, and none may touch a large column.
func TestListsUseIndexes(t *testing.T) {
	t.Parallel()
	s := openInside(t)
	fillKinds(t, s)
	two := []automation.Status{automation.Failed, automation.TimedOut}
	for _, tt := range []struct {
		name  string
		query store.ExecutionQuery
		index string
	}{
		{"no filter", store.ExecutionQuery{}, "SCAN executions"}, // along the primary key, until the limit
		{"a page", store.ExecutionQuery{After: "x"}, "PRIMARY KEY"},
		{"a status", store.ExecutionQuery{Statuses: two[:1]}, "executions_status"},
		{"two statuses", store.ExecutionQuery{Statuses: two}, "executions_status"},
		{"a pack", store.ExecutionQuery{Filter: query.Filter{}.And(query.Is(query.Pack, "a"))}, "executions_pack"},
		{"an action", store.ExecutionQuery{Action: "a.b"}, "executions_action"},
		{"a rule", store.ExecutionQuery{Rule: "a.b"}, "executions_rule"},
		{"an event", store.ExecutionQuery{Event: "x"}, "executions_event"},
		{"the one that started them", store.ExecutionQuery{From: "x"}, "executions_started_from"},
		{"a story", store.ExecutionQuery{TraceID: "x"}, "executions_trace"},
		{"a parent", store.ExecutionQuery{Parent: "x"}, "executions_parent"},
	} {
		p, err := s.plan(t.Context(), s.read, tt.query)
		if err != nil {
			t.Fatal(err)
		}
		asked := p.asked(tt.query.Statuses)
		l, err := p.lane(t.Context(), s.read, asked)
		if err != nil {
			t.Fatal(err)
		}
		w := p.conditions(0)
		if tt.query.After != "" {
			w.add("id < ?", tt.query.After)
		}
		text, args := walks(`SELECT `+summaryColumns+` FROM executions`, w, l, asked)
		plan := explain(t, s, text+` ORDER BY id DESC LIMIT 10`, args)
		if !strings.Contains(plan, tt.index) || strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "execution_data") {
			t.Errorf("%s: %s", tt.name, plan)
		}
	}
	for index, condition := range map[string]string{
		"executions_pending": pendingAfter + ` ORDER BY priority DESC, id LIMIT 1`,
		"executions_due":     isDue + ` ORDER BY run_after, id LIMIT 1`,
		"executions_delay":   isHeld + ` ORDER BY priority DESC, id LIMIT 1`,
	} {
		waiting := explain(t, s, `SELECT `+summaryColumns+` FROM executions INDEXED BY `+index+` WHERE `+condition, make([]any, strings.Count(condition, "?")))
		if !strings.Contains(waiting, index) || strings.Contains(waiting, "TEMP B-TREE") {
			t.Errorf("%s: %s", index, waiting)
		}
	}
	verdicts := explain(t, s, `SELECT `+verdictColumns+` FROM verdicts WHERE rule = ? ORDER BY event DESC LIMIT ?`, []any{"a.b", 1})
	if !strings.Contains(verdicts, "verdicts_rule") || strings.Contains(verdicts, "TEMP B-TREE") {
		t.Errorf("verdicts: %s", verdicts)
	}
}

// fillKinds stores executions of which none is like most of the others, so that every
// filter is worth its index.
func fillKinds(t *testing.T, s *Store) {
	t.Helper()
	ids, at := &automation.IDs{}, time.Now()
	for _, e := range []automation.ExecutionSummary{
		{Action: "a.b", Status: automation.Pending}, {Action: "a.c", Status: automation.Failed}, {Action: "b.c", Status: automation.Pending, Rule: "a.b"},
		{Action: "b.d", Status: automation.Pending}, {Action: "b.d", Status: automation.Pending}, {Action: "b.d", Status: automation.Running},
	} {
		e.ID, e.CreatedAt = ids.New(), at
		if err := s.Accept(t.Context(), store.Acceptance{Executions: []automation.Execution{{ExecutionSummary: e}}}); err != nil {
			t.Fatal(err)
		}
	}
}

func explain(t *testing.T, s *Store, query string, args []any) string {
	t.Helper()
	lines, err := collect(t.Context(), s.read, func(row scanner) (detail string, err error) {
		var a, b, c int
		return detail, row.Scan(&a, &b, &c, &detail)
	}, `EXPLAIN QUERY PLAN `+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "; ")
}

// TestDriverAndItsLibraryMatch guards against an update of one module without the
// other: modernc.org/sqlite is generated for exactly one version of
// modernc.org/libc. A test binary carries no module versions, so the go command is
// asked.
func TestDriverAndItsLibraryMatch(t *testing.T) {
	t.Parallel()
	goMod := goList(t, "{{.GoMod}}", "modernc.org/sqlite")
	built := goList(t, "{{.Version}}", "modernc.org/libc")
	text, err := os.ReadFile(goMod)
	if err != nil {
		t.Fatal(err)
	}
	if want := "modernc.org/libc " + built + "\n"; !strings.Contains(string(text), want) {
		t.Errorf("the build uses modernc.org/libc %s; %s wants another: take the version from there", built, goMod)
	}
}

func goList(t *testing.T, format, module string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", format, module).Output()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("there is no go command here")
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestNoLawMakesATable keeps lists out of what is looked at for each row: SQLite makes
// a table of every list of three and more.
func TestNoLawMakesATable(t *testing.T) {
	t.Parallel()
	type law struct{ name, text string }
	laws, err := collect(t.Context(), openInside(t).read, func(r scanner) (l law, err error) { return l, r.Scan(&l.name, &l.text) },
		`SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL`)
	if err != nil || len(laws) == 0 {
		t.Fatalf("%d laws, %v", len(laws), err)
	}
	list := regexp.MustCompile(`IN \([^,)]*,[^,)]*,[^)]*\)`)
	for _, l := range laws {
		if found := list.FindString(l.text); found != "" {
			t.Errorf("%s looks through %s for each row", l.name, found)
		}
	}
}

// TestTheSizeIsCountedInIndexes: a count that reads rows takes a second in a history
// that the search has yet to index.
func TestTheSizeIsCountedInIndexes(t *testing.T) {
	t.Parallel()
	plan, err := collect(t.Context(), openInside(t).read, func(r scanner) (step string, err error) {
		var id, parent, unused int
		return step, r.Scan(&id, &parent, &unused, &step)
	}, "EXPLAIN QUERY PLAN "+sizeQuery)
	if err != nil {
		t.Fatal(err)
	}
	counted := slices.ContainsFunc(plan, func(step string) bool {
		return strings.Contains(step, "executions USING COVERING INDEX executions_unindexed")
	})
	if !counted {
		t.Errorf("the plan is %q", plan)
	}
}

const logPage = 4096 + 24 // bytes of a page in the log

// openCopying opens a store that copies its log often, and tells how long that is.
func openCopying(t *testing.T) (s *Store, logSize func() int64) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "squall.db")
	s, err := Open(t.Context(), Options{Path: path, NoSync: true, Faults: disk.Faults{CheckpointPages: 50}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, func() int64 {
		log, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return log.Size()
	}
}

// TestTheLogBeginsAnew writes many times what the log may hold: it must not have grown
// with it, and nobody else checkpoints.
func TestTheLogBeginsAnew(t *testing.T) {
	t.Parallel()
	s, size := openCopying(t)
	for range 20_000 {
		if err := s.Announce(t.Context(), automation.Change{}); err != nil {
			t.Fatal(err)
		}
	}
	pages, err := s.writer.pagesWritten()
	if err != nil || pages < 20_000 {
		t.Fatalf("%d pages were written, %v; the test needs thousands", pages, err)
	}
	if in := size() / logPage; in > int64(pages/2) {
		t.Errorf("the log has %d pages after %d were written", in, pages)
	}
}

// TestTheLogBeginsAnewWhileSomebodyReads writes while there is a reader at all times,
// each of which begins before the one before it ends.
func TestTheLogBeginsAnewWhileSomebodyReads(t *testing.T) {
	t.Parallel()
	s, size := openCopying(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		readInTurns(ctx, t, s)
	}()
	for range 16_000 {
		if err := s.Announce(t.Context(), automation.Change{}); err != nil {
			t.Error(err)
			break
		}
	}
	stop()
	<-ended
	if pages := size() / logPage; pages > 1_500 {
		t.Errorf("the log has %d pages", pages)
	}
}

// TestTheLogGivesItsRoomBack keeps a snapshot for a while, as a backup does: the log
// grows meanwhile, and becomes short afterwards.
func TestTheLogGivesItsRoomBack(t *testing.T) {
	t.Parallel()
	s, size := openCopying(t)
	writeUntil := func(what string, ok func(size int64) bool) {
		for range 50_000 {
			if err := s.Announce(t.Context(), automation.Change{}); err != nil {
				t.Fatal(err)
			}
			if ok(size()) {
				return
			}
		}
		t.Fatalf("%s: the log has %d bytes", what, size())
	}
	snapshot, err := s.read.BeginTx(t.Context(), nil)
	if err == nil {
		_, err = snapshot.Exec(`SELECT count(*) FROM meta`)
	}
	if err != nil {
		t.Fatal(err)
	}
	writeUntil("while a snapshot is kept", func(size int64) bool { return size > keptLog*5/4 })
	if err := snapshot.Rollback(); err != nil {
		t.Fatal(err)
	}
	writeUntil("afterwards", func(size int64) bool { return size <= keptLog })
}

// readInTurns begins a read before it ends the last one, until ctx is done.
func readInTurns(ctx context.Context, t *testing.T, s *Store) {
	var last *sql.Tx
	for ctx.Err() == nil {
		next, err := s.read.BeginTx(context.Background(), nil)
		if err == nil {
			_, err = next.Exec(`SELECT count(*) FROM meta`)
		}
		if last != nil {
			err = errors.Join(err, last.Rollback())
		}
		if err != nil {
			t.Error(err)
			return
		}
		last = next
	}
	if err := last.Rollback(); err != nil {
		t.Error(err)
	}
}

package sqlite_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/query"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

func TestEverythingSurvivesReopening(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a folder, 100% odd?#&", "squall.db")
	ids := &automation.IDs{}
	a := sample(ids)

	first := open(t, sqlite.Options{Path: path})
	must(t, first.Accept(t.Context(), a))
	before, err := first.Event(t.Context(), a.Event.ID)
	must(t, err)
	must(t, first.Close())

	var heard []automation.Change
	second := open(t, sqlite.Options{Path: path, Published: func(c []automation.Change) { heard = append(heard, c...) }})
	after, err := second.Event(t.Context(), a.Event.ID)
	must(t, err)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("event (-before +after):\n%s", diff)
	}
	must(t, second.Announce(t.Context(), automation.Change{
		Kind: automation.PackUpdated, Pack: &automation.PackStatus{Name: "labs_sre"},
	}))
	if len(heard) != 1 || heard[0].Seq != 3 || heard[0].Pack.Name != "labs_sre" {
		t.Errorf("heard %+v; want the change of the pack with number 3", heard)
	}
}

func TestOneServerAtATime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "squall.db")
	first := open(t, sqlite.Options{Path: path})
	_, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
	if !errors.Is(err, automation.ErrConflict) || automation.HintOf(err) == "" {
		t.Errorf("second server: %v; want a conflict with a hint", err)
	}
	must(t, first.Ping(t.Context()))
	must(t, first.Close())
	open(t, sqlite.Options{Path: path})
}

func TestOthersOnTheMachineCanNotRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, sqlite.Options{Path: filepath.Join(dir, "squall.db")})
	must(t, s.Ping(t.Context()))
	entries, err := os.ReadDir(dir)
	must(t, err)
	if len(entries) < 4 { // database, lock, log, index of the log
		t.Errorf("files: %v", entries)
	}
	for _, e := range entries {
		info, err := e.Info()
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", e.Name(), info.Mode())
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, script string
		says         string
	}{
		{"a database newer than the program", `PRAGMA application_id = 0x53515541; PRAGMA user_version = 999`, "newer squall"},
		{"a database of another program", `CREATE TABLE bookmarks (url TEXT)`, "another program"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "squall.db")
			script(t, path, tt.script)
			before, err := os.ReadFile(path)
			must(t, err)
			_, err = sqlite.Open(t.Context(), sqlite.Options{Path: path})
			if !errors.Is(err, automation.ErrConflict) || automation.HintOf(err) == "" || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error is %v; want a conflict that says %q, with a hint", err, tt.says)
			}
			again, err := sql.Open("sqlite", path)
			must(t, err)
			defer again.Close()
			var tables int
			must(t, again.QueryRow(`SELECT count(*) FROM sqlite_schema WHERE name = 'executions'`).Scan(&tables))
			if tables != 0 || len(before) == 0 {
				t.Error("a refused database was changed")
			}
		})
	}
}

func TestOpenRefusesWhatIsNotADatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "squall.db")
	must(t, os.WriteFile(path, []byte(strings.Repeat("not a database. ", 100)), 0o600))
	_, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
	if !errors.Is(err, automation.ErrUnavailable) || automation.HintOf(err) == "" {
		t.Errorf("error is %v; want unavailable with a hint", err)
	}
}

// TestFirstSchemaOpens builds a database as the first release left it and reads it
// with the present program.
func TestFirstSchemaOpens(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "squall.db")
	for _, file := range []string{"migrations/0001_initial.sql", "testdata/schema1_rows.sql"} {
		text, err := os.ReadFile(file)
		must(t, err)
		script(t, path, string(text))
	}
	s := open(t, sqlite.Options{Path: path})
	e, err := s.Execution(t.Context(), "019a00000000000000000002")
	must(t, err)
	event, err := s.Event(t.Context(), e.Event)
	must(t, err)
	log, err := s.Log(t.Context(), e.ID, 1, 10)
	must(t, err)
	seq, err := s.LastSeq(t.Context())
	must(t, err)
	if e.Status != automation.Succeeded || string(e.Output) != `{"ok":true}` || len(e.AttemptList) != 1 ||
		len(e.Artifacts) != 1 || len(event.Verdicts) != 1 || len(log) != 2 || seq != 41 {
		t.Errorf("read %+v, %+v, %+v, sequence %d", e, event, log, seq)
	}
	v := event.Verdicts[0]
	if v.Item != nil || v.Control != "" || v.Observed || v.ReleasedAt != nil || v.Execution != e.ID || len(v.Criteria) != 1 || event.Warning != "" || event.Depth != 0 {
		t.Errorf("the new columns hold %+v, %+v", v, event)
	}
	must(t, s.Accept(t.Context(), sample(&automation.IDs{})))
}

// TestSecondSchemaOpens does the same with what the second schema added.
func TestSecondSchemaOpens(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "squall.db")
	for _, file := range []string{"migrations/0001_initial.sql", "testdata/schema1_rows.sql", "migrations/0002_rules.sql", "testdata/schema2_rows.sql"} {
		text, err := os.ReadFile(file)
		must(t, err)
		script(t, path, string(text))
	}
	s, at := open(t, sqlite.Options{Path: path}), time.Unix(1767225700, 0)
	event, err := s.Event(t.Context(), "019a00000000000000000011")
	must(t, err)
	if len(event.Verdicts) != 2 || event.Warning == "" || event.Cause == "" || event.Depth != 1 {
		t.Fatalf("event is %+v", event)
	}
	held, passed := event.Verdicts[0], event.Verdicts[1]
	if held.Item == nil || *held.Item != 0 || held.Control != automation.ControlDedupe || held.ReleasedAt != nil || !held.Observed ||
		passed.ReleasedBy != "ann" || passed.ReleasedAt == nil || len(passed.Criteria[0].Members) != 1 {
		t.Errorf("verdicts are %+v", event.Verdicts)
	}
	checkSecondSchema(t, s, at)
	must(t, s.Accept(t.Context(), sample(&automation.IDs{})))
}

// TestHistoryOfAnOlderSchemaIsFound counts, filters and prunes what was stored before
// anything was counted.
func TestHistoryOfAnOlderSchemaIsFound(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "squall.db")
	for _, file := range []string{"migrations/0001_initial.sql", "testdata/schema1_rows.sql"} {
		text, err := os.ReadFile(file)
		must(t, err)
		script(t, path, string(text))
	}
	s := open(t, sqlite.Options{Path: path, NoSync: true})
	all, err := s.Executions(t.Context(), store.ExecutionQuery{})
	must(t, err)
	if len(all) == 0 {
		t.Fatal("there is nothing")
	}
	first := all[len(all)-1]
	for _, text := range []string{"", "since:2025-01-01", "until:2999-01-01", "-trigger:nothing", "since:" + first.CreatedAt.Format(time.RFC3339)} {
		f, err := query.Parse(text, time.Now())
		must(t, err)
		list, err := s.Executions(t.Context(), store.ExecutionQuery{Filter: f})
		must(t, err)
		counts, err := s.CountExecutions(t.Context(), store.ExecutionQuery{Filter: f})
		must(t, err)
		total := 0
		for _, n := range counts {
			total += n
		}
		if len(list) != len(all) || total != len(all) {
			t.Errorf("%q: %d listed, %d counted, %d are there", text, len(list), total, len(all))
		}
	}
	f, err := query.Parse("trigger:core.* action:"+string(first.Action), time.Now())
	must(t, err)
	if list, err := s.Executions(t.Context(), store.ExecutionQuery{Filter: f}); err != nil || len(list) != 1 {
		t.Errorf("by the trigger of its event: %v, %v", list, err)
	}
	size, err := s.Size(t.Context())
	must(t, err)
	if size.Shrinks {
		t.Error("a file that was made without incremental vacuum has it now")
	}
}

// checkSecondSchema reads the row of each table that the second schema added.
func checkSecondSchema(t *testing.T, s *sqlite.Store, at time.Time) {
	t.Helper()
	marks, err := s.Marks(t.Context(), "timer")
	must(t, err)
	states, err := s.FlowStates(t.Context(), at)
	must(t, err)
	entry, err := s.KVGet(t.Context(), automation.ScopeSystem, "greeting", at)
	must(t, err)
	keyed, err := s.KeyedEvent(t.Context(), "pprof", "delivery-1", at)
	must(t, err)
	deliveries, err := s.Deliveries(t.Context(), store.DeliveryQuery{})
	must(t, err)
	if len(marks) != 1 || string(marks[0].Value) != `{"next":1}` || len(states) != 1 || states[0].Version != 5 || entry.Value != "hello" ||
		keyed != "019a00000000000000000011" || len(deliveries) != 1 || deliveries[0].Outcome != automation.DeliveryAccepted {
		t.Errorf("read %+v, %+v, %+v, %s, %+v", marks, states, entry, keyed, deliveries)
	}
}

// script runs SQL on a file, as somebody else would.
func script(t *testing.T, path, text string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	_, err = db.Exec(text)
	must(t, err)
}

func TestSweepAsksForContent(t *testing.T) {
	t.Parallel()
	ids := &automation.IDs{}
	s := open(t, sqlite.Options{NoSync: true})
	a := sample(ids)
	must(t, s.Accept(t.Context(), a))
	hash := strings.Repeat("ab", 32)
	now := a.Event.ReceivedAt
	must(t, s.Finish(t.Context(), store.Finish{
		ID: a.Executions[0].ID, Status: automation.Succeeded,
		Attempt:   automation.Attempt{Number: 1, Status: automation.AttemptSucceeded, FinishedAt: &now},
		Artifacts: []automation.Artifact{{Name: "heap.pb.gz", SHA256: hash}},
	}))
	for sum, want := range map[string]bool{hash: true, strings.Repeat("cd", 32): false} {
		if known, err := s.HasArtifact(t.Context(), sum); err != nil || known != want {
			t.Errorf("%s known: %v, %v; want %v", sum[:4], known, err, want)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestFourthSchemaOpens does the same with the last schema that knew six states, and
// lets an execution of it take the steps that came later. No row that hangs on an
// execution may go when the law on its table changes.
func TestFourthSchemaOpens(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "squall.db")
	for _, file := range []string{"migrations/0001_initial.sql", "testdata/schema1_rows.sql", "migrations/0002_rules.sql", "testdata/schema2_rows.sql",
		"migrations/0003_tape.sql", "migrations/0004_children.sql", "testdata/schema4_rows.sql"} {
		text, err := os.ReadFile(file)
		must(t, err)
		script(t, path, string(text))
	}
	s := open(t, sqlite.Options{Path: path})
	const id = "019a00000000000000000021"
	e, err := s.Execution(t.Context(), id)
	must(t, err)
	log, err := s.Log(t.Context(), id, 1, 10)
	must(t, err)
	if e.Status != automation.Pending || len(e.AttemptList) != 1 || len(log) != 1 || string(e.Parameters) != `{"pod":"leaky"}` ||
		e.Priority != 0 || e.RunAfter != nil || e.DelayReason != "" || e.DelayKey != "" || e.TraceID != "" || e.Retry != nil || e.Rated {
		t.Errorf("read %+v with log %+v", e, log)
	}
	if n := s.Queued("labs_sre.exec_pod"); n != 1 {
		t.Errorf("%d executions are queued; want 1", n)
	}
	for _, status := range []automation.Status{automation.Delayed, automation.Paused, automation.Pending} {
		_, err = s.Schedule(t.Context(), store.Scheduling{ID: id, Status: status})
		must(t, err)
	}
	_, err = s.Start(t.Context(), id, time.Unix(1767225700, 0))
	must(t, err)
	must(t, s.Accept(t.Context(), sample(&automation.IDs{})))
	must(t, s.Close())
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	var verdict string
	must(t, db.QueryRow(`PRAGMA integrity_check`).Scan(&verdict))
	if verdict != "ok" {
		t.Errorf("the database is not whole: %s", verdict)
	}
}

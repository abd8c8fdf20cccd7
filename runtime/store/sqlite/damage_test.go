package sqlite_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

// change changes a row as a disk would: past everything that watches.
func change(t *testing.T, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	_, err = db.Exec(query)
	must(t, err)
}

// damaged tells whether an error names damage.
func isDamage(err error) bool {
	var e *automation.Error
	return errors.As(err, &e) && e.Code == "row_damaged" && errors.Is(err, automation.ErrUnavailable) && e.Hint != ""
}

func TestAChangedLetterIsNotShownAndNotRun(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "squall.db")
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
	must(t, err)
	ids := &automation.IDs{}
	bad, good := sample(ids), sample(ids)
	must(t, s.Accept(t.Context(), bad, good))
	_, _, err = s.Recover(t.Context(), time.Now(), nil) // all are pending
	must(t, err)
	must(t, s.Close())

	change(t, path, `UPDATE event_payloads SET payload = replace(payload, '{', '[') WHERE event = '`+bad.Event.ID+`'`)
	change(t, path, `UPDATE execution_data SET parameters = parameters || ' ' WHERE execution = '`+bad.Executions[0].ID+`'`)
	s, err = sqlite.Open(t.Context(), sqlite.Options{Path: path})
	must(t, err)
	defer s.Close()
	if _, err := s.Event(t.Context(), bad.Event.ID); !isDamage(err) {
		t.Errorf("the event was shown: %v", err)
	}
	if _, err := s.Execution(t.Context(), bad.Executions[0].ID); !isDamage(err) {
		t.Errorf("the execution was shown: %v", err)
	}
	recent, err := s.RecentEvents(t.Context(), bad.Event.Trigger, "", 10)
	must(t, err)
	if len(recent) != 1 || recent[0].ID != good.Event.ID {
		t.Errorf("recent events: %+v", recent)
	}
	pending, err := s.Pending(t.Context(), store.Place{}, 1) // the damaged one comes first, and does not shorten the page
	must(t, err)
	if len(pending) != 1 || pending[0].ID != good.Executions[0].ID {
		t.Errorf("pending: %+v", pending)
	}
	list, err := s.Executions(t.Context(), store.ExecutionQuery{Statuses: []automation.Status{automation.Failed}})
	must(t, err)
	if len(list) != 1 || list[0].ID != bad.Executions[0].ID || list[0].Code != automation.CodeDamaged {
		t.Errorf("failed: %+v", list)
	}
}

// logOf copies a database whose log holds so many transactions, as a dying server
// leaves it.
func logOf(t *testing.T, transactions int) (path string, log []byte) {
	t.Helper()
	from := filepath.Join(t.TempDir(), "squall.db")
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: from})
	must(t, err)
	defer s.Close()
	ids := &automation.IDs{}
	for range transactions {
		must(t, s.Accept(t.Context(), sample(ids)))
	}
	path = filepath.Join(t.TempDir(), "squall.db")
	db, err := os.ReadFile(from)
	must(t, err)
	must(t, os.WriteFile(path, db, 0o600))
	log, err = os.ReadFile(from + "-wal")
	must(t, err)
	return path, log
}

func TestADamagedLogIsRefusedAndATornOneIsNot(t *testing.T) {
	t.Parallel()
	path, log := logOf(t, 5)
	open := func(log []byte) error {
		must(t, os.WriteFile(path+"-wal", log, 0o600))
		must(t, errors.Join(os.RemoveAll(path+"-shm")))
		s, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
		if err == nil {
			// a copy: closing would take the log into the database
			must(t, os.Rename(path+"-wal", path+"-gone"))
			_ = s.Close()
			db, _ := logOf(t, 0)
			must(t, os.Rename(db, path))
		}
		return err
	}
	for _, at := range []int{0, 8, 16, 24, 31, 32, 36, 40, 48, 56, 200, 4000, len(log) / 2} {
		flipped := append([]byte{}, log...)
		flipped[at] ^= 0x10
		var e *automation.Error
		if err := open(flipped); !errors.As(err, &e) || e.Code != "log_damaged" {
			t.Errorf("a bit in byte %d: %v", at, err)
		}
	}
	for _, cut := range []int{1, 100, 4096, 4120, 9000} {
		if err := open(log[:len(log)-cut]); err != nil {
			t.Errorf("%d bytes are missing at the end: %v", cut, err)
		}
	}
}

func TestAChangedLetterInALogOrAKeyIsNamed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "squall.db")
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
	must(t, err)
	bad, at := sample(&automation.IDs{}), time.Now()
	id := bad.Executions[0].ID
	must(t, s.Accept(t.Context(), bad))
	must(t, s.AppendLog(t.Context(), id, []automation.LogLine{{Number: 1, Attempt: 1, At: at, Level: automation.LevelInfo, Text: "drained node seven"}}))
	for _, name := range []string{"bad", "good"} {
		_, err := s.KVPut(t.Context(), automation.KVEntry{Scope: "system", Name: name, Value: "seven", CreatedAt: at, UpdatedAt: at})
		must(t, err)
	}
	must(t, s.Close())

	change(t, path, `UPDATE log_chunks SET lines = replace(lines, 'seven', 'eleven')`)
	change(t, path, `UPDATE kv SET value = 'eleven' WHERE name = 'bad'`)
	s, err = sqlite.Open(t.Context(), sqlite.Options{Path: path})
	must(t, err)
	defer s.Close()
	if lines, err := s.Log(t.Context(), id, 1, 10); !isDamage(err) {
		t.Errorf("the log was shown: %v, %v", lines, err)
	}
	if e, err := s.KVGet(t.Context(), "system", "bad", at); !isDamage(err) {
		t.Errorf("the key was given: %+v, %v", e, err)
	}
	list, err := s.KVList(t.Context(), store.KVQuery{Scope: "system", At: at})
	must(t, err)
	if len(list) != 2 || list[0].Value != "" || list[1].Value != "seven" {
		t.Errorf("the list is %+v, want both, the damaged one without its value", list)
	}
	_, err = s.KVPut(t.Context(), automation.KVEntry{Scope: "system", Name: "bad", Value: "new", CreatedAt: at, UpdatedAt: at})
	must(t, err)
	if e, err := s.KVGet(t.Context(), "system", "bad", at); err != nil || e.Value != "new" {
		t.Errorf("after it was set anew: %+v, %v", e, err)
	}
}

// Every column of a row that is shown is named when the disk changes it.
func TestAChangedColumnIsNamed(t *testing.T) {
	t.Parallel()
	from := filepath.Join(t.TempDir(), "squall.db")
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: from})
	must(t, err)
	a, at := sample(&automation.IDs{}), time.Now()
	x := a.Executions[0].ID
	must(t, s.Accept(t.Context(), a))
	must(t, s.Finish(t.Context(), store.Finish{
		ID: x, Status: automation.Failed, Attempt: automation.Attempt{Number: 1, Status: automation.AttemptFailed, FinishedAt: &at, Code: automation.CodeExitCode, Message: "it broke", HostCalls: []automation.HostCall{{Name: "log"}}},
		Tape: &automation.Tape{},
	}))
	must(t, s.Close())
	look := func(s *sqlite.Store) map[string]bool {
		e, err := s.Event(t.Context(), a.Event.ID)
		_, tapeErr := s.Tape(t.Context(), x, 1)
		full, fullErr := s.Execution(t.Context(), x)
		list, listErr := s.Executions(t.Context(), store.ExecutionQuery{})
		events, eventsErr := s.Events(t.Context(), store.EventQuery{})
		must(t, errors.Join(listErr, eventsErr))
		return map[string]bool{
			"event":     isDamage(err),
			"events":    len(events) == 1 && events[0].Summary == events[0].Warning && events[0].Warning != "",
			"verdict":   len(e.Verdicts) == 1 && e.Verdicts[0].Error != "" && e.Verdicts[0].Criteria == nil,
			"execution": isDamage(fullErr),
			"list":      len(list) == 1 && list[0].Code == automation.CodeDamaged,
			"attempt":   len(full.AttemptList) == 1 && full.AttemptList[0].Code == automation.CodeDamaged,
			"tape":      isDamage(tapeErr),
		}
	}
	for _, tt := range []struct{ table, columns, named string }{
		{"events", "parameters received_at matched looked summary warning cause depth trace", "event events"},
		{"verdicts", "held total criteria error control reason observed", "verdict"},
		{"executions", "summary code started_at finished_at created_at started_from dry_run priority delay_reason", "execution list"},
		{"executions", "message hint max_attempts max_lost depth awaited started_by", "execution"},
		{"attempts", "status finished_at code message usage host_calls", "attempt"},
		{"attempts", "tape", "tape"},
	} {
		for column := range strings.FieldsSeq(tt.columns) {
			t.Run(tt.table+"."+column, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "squall.db")
				content, err := os.ReadFile(from)
				must(t, err)
				must(t, os.WriteFile(path, content, 0o600))
				change(t, path, `PRAGMA ignore_check_constraints = ON; DROP TRIGGER IF EXISTS executions_step; UPDATE `+tt.table+` SET `+column+` = CASE typeof(`+column+
					`) WHEN 'integer' THEN 1 - `+column+` WHEN 'blob' THEN CAST(replace(CAST(`+column+` AS TEXT), '{', '[') AS BLOB) ELSE `+column+` || ' ' END`)
				s, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
				must(t, err)
				defer s.Close()
				for what, damaged := range look(s) {
					if want := slices.Contains(strings.Fields(tt.named), what); damaged != want {
						t.Errorf("%s: damage is named: %t", what, damaged)
					}
				}
				if r, err := sqlite.CheckRows(t.Context(), path); err != nil || r.Count != 1 || len(r.Damaged) != 1 || r.Rows < 5 {
					t.Errorf("a look at all rows says %+v, %v", r, err)
				}
			})
		}
	}
	s, err = sqlite.Open(t.Context(), sqlite.Options{Path: from})
	must(t, err)
	defer s.Close()
	if r, err := sqlite.CheckRows(t.Context(), from); err != nil || r.Count != 0 || r.Rows < 5 {
		t.Errorf("a look at all rows says %+v, %v", r, err)
	}
	for what, damaged := range look(s) {
		if damaged {
			t.Errorf("%s is said to be damaged as it was written", what)
		}
	}
}

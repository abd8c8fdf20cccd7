package sqlite_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

func auditRecord(n int) automation.AuditRecord {
	return automation.AuditRecord{At: time.Now(), User: "ada", Role: "admin", Via: "session", Remote: "192.0.2.7",
		Verb: "cancel", Kind: "execution", ID: fmt.Sprint(n), Outcome: automation.AuditOK, Detail: map[string]string{"was": "running"}}
}

// audited is the path of a database with a chain of ten records, closed.
func audited(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "squall.db")
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, NoSync: true})
	must(t, err)
	for i := range 10 {
		must(t, s.AppendAudit(t.Context(), auditRecord(i)))
	}
	must(t, s.Close())
	return path
}

func byHand(t *testing.T, path string, statements ...string) error {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer func() { must(t, db.Close()) }()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			return err
		}
	}
	return nil
}

const copied = `INSERT INTO audit SELECT seq + 1, at, user, role, via, remote, verb, kind, id, outcome, detail, prev, hash FROM audit WHERE seq = `

func TestTheSchemaRefusesToChangeTheAuditChain(t *testing.T) {
	t.Parallel()
	path := audited(t)
	for _, statement := range []string{
		`UPDATE audit SET user = 'mallory' WHERE seq = 5`,
		`UPDATE audit SET seq = 20 WHERE seq = 10`,
		`DELETE FROM audit WHERE seq = 5`,
		`DELETE FROM audit`,
		copied + `10`,
		strings.Replace(copied, "INSERT", "INSERT OR REPLACE", 1) + `4`,
		`UPDATE audit_chain SET head_seq = 9, head_hash = (SELECT hash FROM audit WHERE seq = 9)`,
		`UPDATE audit_chain SET head_hash = anchor_hash`,
		`UPDATE audit_chain SET anchor_seq = 5`,
		`DELETE FROM audit_chain`,
	} {
		if err := byHand(t, path, statement); err == nil || !strings.Contains(err.Error(), "audit chain") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	r, err := sqlite.CheckAudit(t.Context(), path, store.AuditCheck{})
	if err != nil || !r.Verified || r.Records != 10 {
		t.Errorf("%+v, %v", r, err)
	}
}

// Somebody who takes the triggers away can change the records, and is found.
func TestWhatWasDoneToTheTableByHandIsFound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, do string
		at       int64
	}{
		{"a record was changed", `UPDATE audit SET user = 'mallory' WHERE seq = 5`, 5},
		{"the detail of a record was changed", `UPDATE audit SET detail = '{"was":"pending"}' WHERE seq = 5`, 5},
		{"the detail of a record is no JSON", `UPDATE audit SET detail = '{' WHERE seq = 5`, 5},
		{"a time was changed", `UPDATE audit SET at = at + 1 WHERE seq = 5`, 5},
		{"a record was removed", `DELETE FROM audit WHERE seq = 5`, 5},
		{"the first record was removed", `DELETE FROM audit WHERE seq = 1`, 1},
		{"the last record was removed", `DELETE FROM audit WHERE seq = 10`, 10},
		{"all records were removed", `DELETE FROM audit`, 1},
		{"a record was inserted", `UPDATE audit SET seq = -seq WHERE seq > 5; UPDATE audit SET seq = 1 - seq WHERE seq < 0; ` + copied + `5`, 6},
		{"a record was added", copied + `10`, 11},
		{"a record was put before the first", strings.Replace(copied, "seq + 1", "seq - 10", 1) + `10`, 1},
		{"two records were swapped", `UPDATE audit SET seq = -5 WHERE seq = 5; UPDATE audit SET seq = 5 WHERE seq = 6; UPDATE audit SET seq = 6 WHERE seq = -5`, 5},
		{"the head was moved back", `UPDATE audit_chain SET head_seq = 9`, 10},
		{"the anchor was moved", `UPDATE audit_chain SET anchor_seq = 3, anchor_hash = (SELECT hash FROM audit WHERE seq = 3)`, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := audited(t)
			must(t, byHand(t, path, `DROP TRIGGER audit_added`, `DROP TRIGGER audit_changed`, `DROP TRIGGER audit_removed`,
				`DROP TRIGGER audit_chain_moved`, `PRAGMA ignore_check_constraints = 1; `+tt.do))
			r, err := sqlite.CheckAudit(t.Context(), path, store.AuditCheck{})
			must(t, err)
			if r.Verified || r.Broken == nil || r.Broken.Seq != tt.at {
				t.Errorf("%+v, broken %+v; want it broken at %d", r, r.Broken, tt.at)
			}
		})
	}
}

// One of a batch fails after it has written, so the batch is run again: the others
// keep their order and no number is lost.
func TestTheChainOutlivesABatchThatStartsOver(t *testing.T) {
	t.Parallel()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "squall.db"), NoSync: true})
	must(t, err)
	defer func() { must(t, s.Close()) }()
	ids := &automation.IDs{}
	twice := sample(ids)
	twice.Executions = append(twice.Executions, twice.Executions[0])
	done := make(chan error)
	for i := range 200 {
		go func() {
			if i%5 == 0 {
				if err := s.Accept(t.Context(), twice); err == nil {
					done <- errors.New("an execution was accepted twice")
					return
				}
			}
			done <- s.AppendAudit(t.Context(), auditRecord(i))
		}()
	}
	for range 200 {
		must(t, <-done)
	}
	r, err := s.VerifyAudit(t.Context(), store.AuditCheck{})
	if err != nil || !r.Verified || r.Records != 200 {
		t.Errorf("%+v, broken %+v, %v", r, r.Broken, err)
	}
}

func BenchmarkAppendAudit(b *testing.B) {
	for _, callers := range []int{1, 128} {
		b.Run(fmt.Sprint(callers, " callers"), func(b *testing.B) {
			s, err := sqlite.Open(b.Context(), sqlite.Options{Path: filepath.Join(b.TempDir(), "squall.db")})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			b.SetParallelism(max(1, callers/2))
			b.ResetTimer()
			if callers == 1 {
				for i := range b.N {
					if err := s.AppendAudit(b.Context(), auditRecord(i)); err != nil {
						b.Fatal(err)
					}
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := s.AppendAudit(b.Context(), auditRecord(1)); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

func BenchmarkVerifyAudit(b *testing.B) {
	s, err := sqlite.Open(b.Context(), sqlite.Options{Path: filepath.Join(b.TempDir(), "squall.db"), NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	const n = 10_000
	all := make([]automation.AuditRecord, n)
	for i := range all {
		all[i] = auditRecord(i)
	}
	if err := s.AppendAudit(b.Context(), all...); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if r, err := s.VerifyAudit(b.Context(), store.AuditCheck{}); err != nil || !r.Verified {
			b.Fatal(r, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/record")
}

package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/squall-dev/squall/runtime/automation"
)

// errHalfWritten asks for the batch to be run again, each closure under a
// savepoint: one of them failed after it had written. Closures look before they
// write, so this is rare, and savepoints cost the common case nothing.
var errHalfWritten = errors.New("a write failed half-way")

// tx is the transaction of one group commit as a closure sees it. Statements run
// without a caller's context: a transaction that carries many callers must not
// end with one of them.
type tx struct {
	w       *writer
	wrote   bool // the present closure has changed something
	changes []automation.Change
	skew    int64   // of new executions; see loadSkew
	tallies []tally // of what the closures so far have changed
	shifts  []shift // of how many executions wait
}

// transact runs a batch in one transaction. The error it returns is everybody's;
// a closure's own error stands in its request.
func (w *writer) transact(batch []*request, savepoints bool) (_ *tx, err error) {
	t := &tx{w: w}
	if err := t.run(`BEGIN IMMEDIATE`); err != nil {
		return nil, err
	}
	skew := w.skew.Load()
	defer func() {
		if err != nil { // what it made known is not there
			w.kinds, w.recent = map[kind]int64{}, recent{}
			w.skew.Store(skew)
		}
		if err != nil { // SQLite may have done it already; then this fails and nothing is lost
			_ = t.run(`ROLLBACK`)
		}
	}()
	wrote := false
	for _, r := range batch {
		if err := t.closure(r, savepoints); err != nil {
			return nil, err
		}
		wrote = wrote || r.err == nil && (t.wrote || len(t.changes) > 0)
	}
	if !wrote { // nothing to wait for the disk for
		return t, t.run(`ROLLBACK`)
	}
	if err := t.number(); err != nil {
		return nil, err
	}
	if err := errors.Join(t.storeSkew(), t.storeCounts()); err != nil {
		return nil, err
	}
	w.points.At("before commit")
	if err := t.run(`COMMIT`); err != nil {
		return nil, err
	}
	w.points.At("after commit")
	return t, nil
}

// closure runs one request. What it returns ends the whole transaction.
func (t *tx) closure(r *request, savepoint bool) error {
	if savepoint {
		if err := t.run(`SAVEPOINT one`); err != nil {
			return err
		}
	}
	t.wrote = false
	changes, tallies, shifts := len(t.changes), len(t.tallies), len(t.shifts)
	r.err = r.fn(t)
	switch {
	case r.err != nil && endsTransaction(r.err):
		return r.err
	case r.err != nil && t.wrote && !savepoint:
		return errHalfWritten
	case r.err != nil:
		t.changes, t.tallies, t.shifts = t.changes[:changes], t.tallies[:tallies], t.shifts[:shifts]
		if savepoint {
			t.w.recent = recent{}
			return t.run(`ROLLBACK TO one`)
		}
	case savepoint:
		return t.run(`RELEASE one`)
	}
	return nil
}

// number gives the changes their sequence numbers and stores the last, once a
// commit.
func (t *tx) number() error {
	if len(t.changes) == 0 {
		return nil
	}
	seq := t.w.seq.Load()
	for i := range t.changes {
		seq++
		t.changes[i].Seq = seq
	}
	return t.run(`UPDATE meta SET value = ? WHERE key = 'seq'`, seq)
}

// announce notes a change, to be numbered and published if the commit succeeds.
func (t *tx) announce(c automation.Change) { t.changes = append(t.changes, c) }

func (t *tx) announceExecution(e automation.ExecutionSummary) {
	t.announce(automation.Change{Kind: automation.ExecutionUpdated, Execution: &e})
}

// exec runs a statement that changes something.
func (t *tx) exec(query string, args ...any) error {
	err := t.run(query, args...)
	// A statement that failed has undone itself.
	t.wrote = t.wrote || err == nil
	return err
}

// run speaks to the driver itself: database/sql would check and convert each argument,
// lock and look for a connection, which takes as long as a small statement does.
func (t *tx) run(query string, args ...any) error {
	return t.w.conn.Raw(func(conn any) error {
		stmt, err := t.w.changingStmt(conn, query)
		if err != nil {
			return err
		}
		t.w.args = t.w.args[:0]
		for i, arg := range args {
			value, err := driverValue(arg)
			if err != nil {
				return fmt.Errorf("argument %d of %q: %w", i+1, query, err)
			}
			t.w.args = append(t.w.args, driver.NamedValue{Ordinal: i + 1, Value: value})
		}
		_, err = stmt.(driver.StmtExecContext).ExecContext(context.Background(), t.w.args)
		return err
	})
}

// changingStmt prepares a statement that returns no rows once in the writer's life.
func (w *writer) changingStmt(conn any, query string) (driver.Stmt, error) {
	if stmt, ok := w.changing[query]; ok {
		return stmt, nil
	}
	stmt, err := conn.(driver.ConnPrepareContext).PrepareContext(context.Background(), query)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	w.changing[query] = stmt
	return stmt, nil
}

// driverValue is an argument as the driver takes it.
func driverValue(arg any) (driver.Value, error) {
	switch v := arg.(type) {
	case nil, string, int64, bool, []byte, float64:
		return v, nil
	case int:
		return int64(v), nil
	}
	return driver.DefaultParameterConverter.ConvertValue(arg)
}

// row runs a query for one row.
func (t *tx) row(query string, args ...any) (scanner, error) {
	stmt, err := t.stmt(query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryRow(args...), nil
}

// rows runs a query.
func (t *tx) rows(query string, args ...any) (*sql.Rows, error) {
	stmt, err := t.stmt(query)
	if err != nil {
		return nil, err
	}
	return stmt.Query(args...)
}

// stmt prepares a statement that returns rows once in the writer's life.
func (t *tx) stmt(query string) (*sql.Stmt, error) {
	if stmt, ok := t.w.stmts[query]; ok {
		return stmt, nil
	}
	stmt, err := t.w.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	t.w.stmts[query] = stmt
	return stmt, nil
}

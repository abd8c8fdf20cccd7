package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/squall-dev/squall/runtime/automation"
)

// RowReport is what a look at all rows that have checksums found.
type RowReport struct {
	Rows    int      // looked at
	Count   int      // damaged
	Damaged []string // the first of them, by what they are
}

// mostNamed bounds how many damaged rows a report names.
const mostNamed = 5

func (r *RowReport) add(what, id string, whole bool) {
	r.Rows++
	if whole {
		return
	}
	if r.Count++; len(r.Damaged) < mostNamed {
		r.Damaged = append(r.Damaged, what+" "+id)
	}
}

// CheckRows compares every row that has a checksum with it. A database of another
// schema than this program's is not looked at: its rows have other columns.
func CheckRows(ctx context.Context, path string) (r RowReport, err error) {
	db, err := open(ctx, path, "", patient, "query_only(1)")
	if err != nil {
		return r, err
	}
	defer func() { _ = db.Close() }() // it was only read
	conn, err := db.Conn(ctx)
	if err != nil {
		return r, fmt.Errorf("open %s: %w", path, kindOf(err, path))
	}
	defer func() { _ = conn.Close() }()
	if schema, err := schemaVersion(ctx, conn, path); err != nil || schema != knownSchema() {
		return r, err
	}
	for _, table := range []struct {
		query string
		look  func(row scanner, r *RowReport) error
	}{
		{`SELECT ` + eventRead + ` FROM events`, lookAtEvent},
		{`SELECT event, payload, sum FROM event_payloads`, lookAtText("payload of event")},
		{`SELECT ` + verdictRead + ` FROM verdicts`, lookAtVerdict},
		{`SELECT ` + fullColumns + ` FROM executions JOIN execution_data ON execution = id`, lookAtExecution},
		{`SELECT ` + attemptColumns + `, host_calls, calls_sum, tape, tape_sum FROM attempts`, lookAtAttempt},
		{`SELECT execution, lines, sum FROM log_chunks`, lookAtText("log of execution")},
		{`SELECT ` + kvColumns + ` FROM kv`, lookAtKey},
	} {
		rows, err := conn.QueryContext(ctx, table.query)
		if err == nil {
			err = each(rows, func() error { return table.look(rows, &r) })
		}
		if err != nil {
			return r, fmt.Errorf("look at all rows of %s: %w", path, kindOf(err, path))
		}
	}
	return r, nil
}

func each(rows *sql.Rows, do func() error) error {
	defer rows.Close()
	for rows.Next() {
		if err := do(); err != nil {
			return err
		}
	}
	return rows.Err()
}

func lookAtEvent(row scanner, r *RowReport) error {
	var e readEvent
	err := row.Scan(e.fields()...)
	r.add("event", e.ID, e.whole() == nil)
	return err
}

// lookAtText looks at a text that belongs to something: its id, the text and their sum.
func lookAtText(what string) func(scanner, *RowReport) error {
	return func(row scanner, r *RowReport) error {
		var id, text string
		var sum *int64
		err := row.Scan(&id, &text, &sum)
		r.add(what, id, sumFits(sum, id, text))
		return err
	}
}

func lookAtVerdict(row scanner, r *RowReport) error {
	v, err := scanVerdict(row)
	r.add("verdict of "+string(v.Rule)+" on event", v.Event, v.Error != rowDamaged)
	return err
}

func lookAtExecution(row scanner, r *RowReport) error {
	e, sums, err := scanFull(row)
	r.add("execution", e.ID, err == nil && sums.whole(e) == nil) // what can not be decoded is damaged too
	return nil
}

func lookAtAttempt(row scanner, r *RowReport) error {
	var a readAttempt
	var calls string
	var tape []byte
	var callsSum, tapeSum *int64
	err := row.Scan(append(a.fields(), &calls, &callsSum, &tape, &tapeSum)...)
	which := fmt.Sprintf("attempt %d of execution", a.Number)
	r.add(which, a.execution, a.whole().Code != automation.CodeDamaged && leftRow(a.execution, a.Number, calls).fits(callsSum) &&
		leftRow(a.execution, a.Number, tape).fits(tapeSum))
	return err
}

func lookAtKey(row scanner, r *RowReport) error {
	e, err := scanKV(row)
	r.add("key", e.Name, !isDamaged(err))
	if isDamaged(err) {
		return nil
	}
	return err
}

package sqlite

import (
	"context"
	"errors"
	"time"

	"database/sql"

	"github.com/squall-dev/squall/runtime/automation"
)

// Executions are counted when they change, not when somebody asks: by kind and
// status, of all times and in buckets of a day, an hour and five minutes. The writer
// adds up what a commit changes and stores the sums at its end, so that a full batch
// pays for them once.

// spans are the lengths of buckets in seconds, longest first; 0 is all times.
func spans() []int64 { return []int64{86400, 3600, 300, 0} }

// kind is what executions have in common that are counted together.
type kind struct {
	action, rule automation.Ref
	trigger      string
	actor        string
}

// tally is what a closure adds to the counts.
type tally struct {
	kind   kind
	status automation.Status
	at     time.Time // of creation
	n      int
	bytes  int64
}

func (t *tx) count(c tally) { t.tallies = append(t.tallies, c) }

func bucketOf(at time.Time, span int64) int64 {
	if span == 0 {
		return 0
	}
	return floorDiv(nanos(at), span*int64(time.Second))
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// storeCounts adds up the tallies and stores the sums.
func (t *tx) storeCounts() error {
	type cell struct {
		span, bucket, kind int64
		status             automation.Status
	}
	type sum struct {
		n     int
		bytes int64
	}
	sums := map[cell]sum{}
	for _, c := range t.tallies {
		id, err := t.kindID(c.kind)
		if err != nil {
			return err
		}
		for _, span := range spans() {
			key := cell{span, bucketOf(c.at, span), id, c.status}
			s := sums[key]
			sums[key] = sum{s.n + c.n, s.bytes + c.bytes}
		}
	}
	for key, s := range sums {
		if s.n == 0 && s.bytes == 0 {
			continue
		}
		if err := t.run(`INSERT INTO execution_counts (span, bucket, kind, status, n, bytes) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (span, bucket, kind, status) DO UPDATE SET n = n + excluded.n, bytes = bytes + excluded.bytes`,
			key.span, key.bucket, key.kind, string(key.status), s.n, s.bytes); err != nil {
			return err
		}
		if s.n < 0 {
			if err := t.run(`DELETE FROM execution_counts WHERE span = ? AND bucket = ? AND kind = ? AND status = ? AND n = 0`,
				key.span, key.bucket, key.kind, string(key.status)); err != nil {
				return err
			}
		}
	}
	return nil
}

// kindID is the number of a kind, which is made when it is new.
func (t *tx) kindID(k kind) (id int64, err error) {
	if id, ok := t.w.kinds[k]; ok {
		return id, nil
	}
	row, err := t.row(`SELECT id FROM execution_kinds WHERE action = ? AND rule = ? AND trigger = ? AND actor = ?`,
		string(k.action), string(k.rule), k.trigger, k.actor)
	if err != nil {
		return 0, err
	}
	err = row.Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		row, err = t.row(`INSERT INTO execution_kinds (action, rule, trigger, actor) VALUES (?, ?, ?, ?) RETURNING id`,
			string(k.action), string(k.rule), k.trigger, k.actor)
		if err != nil {
			return 0, err
		}
		err = row.Scan(&id)
	}
	if err != nil {
		return 0, err
	}
	t.w.kinds[k] = id
	return id, nil
}

// hidden is what the database knows of an execution beyond what the program does.
type hidden struct {
	trigger string
	doc     sql.NullInt64
	bytes   int64
}

func (t *tx) hidden(id string) (h hidden, err error) {
	if known, ok := t.w.recent[id]; ok {
		return known.hidden, nil
	}
	row, err := t.row(`SELECT trigger, doc, bytes FROM executions WHERE id = ?`, id)
	if err != nil {
		return h, err
	}
	return h, row.Scan(&h.trigger, &h.doc, &h.bytes)
}

func kindOfExecution(e automation.Execution, trigger string) kind {
	return kind{e.Action, e.Rule, trigger, e.StartedBy}
}

// recount moves an execution from one status to another in the counts, and forgets
// its words: they are indexed anew once it rests.
func (t *tx) recount(e step) (hidden, error) {
	h, err := t.hidden(e.ID)
	if err != nil {
		return h, err
	}
	if h.doc.Valid {
		if err := t.words(`DELETE FROM execution_words WHERE rowid = ?`, h.doc.Int64); err != nil {
			return h, err
		}
	}
	k := kindOfExecution(e.Execution, h.trigger)
	t.count(tally{k, e.was, e.CreatedAt, -1, -h.bytes})
	t.count(tally{k, e.Status, e.CreatedAt, 1, 0})
	return h, nil
}

// triggerOf is the trigger of the event that started an execution.
func (t *tx) triggerOf(event string) (trigger string, err error) {
	if event == "" {
		return "", nil
	}
	row, err := t.row(`SELECT trigger FROM events WHERE id = ?`, event)
	if err != nil {
		return "", err
	}
	if err := row.Scan(&trigger); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", err
	}
	return trigger, nil
}

// skew is how far the time in an id may be from the time of creation: a search by
// time walks ids. It only grows; it is measured once when a database is first opened
// by a program that keeps it.
func (w *writer) loadSkew(ctx context.Context) error {
	var skew int64
	err := w.conn.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = 'skew'`).Scan(&skew)
	if errors.Is(err, sql.ErrNoRows) {
		if skew, err = w.measureSkew(ctx); err == nil {
			_, err = w.conn.ExecContext(ctx, `INSERT INTO meta (key, value) VALUES ('skew', ?)`, skew)
		}
	}
	w.skew.Store(skew)
	return err
}

func (w *writer) measureSkew(ctx context.Context) (skew int64, err error) {
	rows, err := w.conn.QueryContext(ctx, `SELECT id, created_at FROM executions`)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var at int64
		if err := rows.Scan(&id, &at); err != nil {
			return 0, err
		}
		skew = max(skew, skewOf(id, at))
	}
	return skew, rows.Err()
}

// leastSkew is what the layout of ids cuts off a time.
const leastSkew = int64(2 * time.Millisecond)

func skewOf(id string, at int64) int64 {
	d := docOf(id)>>16*int64(time.Millisecond) - at
	return max(d, -d) + leastSkew
}

// noteSkew remembers the skew of a new execution until the transaction ends.
func (t *tx) noteSkew(id string, at time.Time) { t.skew = max(t.skew, skewOf(id, nanos(at))) }

// storeSkew stores a skew that is larger than any before. Readers know it before they
// can see what has it.
func (t *tx) storeSkew() error {
	if t.skew <= t.w.skew.Load() {
		return nil
	}
	t.skew += int64(time.Second) // so that not every slow one is written down
	t.w.skew.Store(t.skew)
	return t.run(`UPDATE meta SET value = ? WHERE key = 'skew'`, t.skew)
}

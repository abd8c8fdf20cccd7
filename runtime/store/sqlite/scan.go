package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// scanner is a row.
type scanner interface{ Scan(dest ...any) error }

// querier is where a reading function reads: the pool, or one snapshot of it.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// collect runs a query and scans every row. The slice is empty, never nil, so
// that it becomes [] in JSON.
func collect[T any](ctx context.Context, q querier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return drain(rows, scan)
}

func drain[T any](rows *sql.Rows, scan func(scanner) (T, error)) ([]T, error) {
	defer rows.Close()
	items := []T{}
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, rows.Err()
}

// snapshot runs fn on one state of the database, so that an answer made of
// several queries does not contradict itself.
func (s *Store) snapshot(ctx context.Context, doing string, fn func(querier) error) error {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("%s: %w", doing, s.readError(ctx, err))
	}
	defer tx.Rollback() //nolint:errcheck // a transaction that only read has nothing to lose
	if err := fn(tx); err != nil {
		return fmt.Errorf("%s: %w", doing, s.readError(ctx, err))
	}
	return nil
}

// farthest bounds times: what is farther from 1970 than 253 years does not fit.
const farthest = int64(8e18)

// nanos is how a time is stored; the zero time, which has no Unix time, is 0.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	if s := t.Unix(); s > farthest/int64(time.Second) {
		return farthest
	} else if s < -farthest/int64(time.Second) {
		return -farthest
	}
	return t.UnixNano()
}

func nanosOrNull(t *time.Time) any {
	if t == nil {
		return nil
	}
	return nanos(*t)
}

// instant scans a stored time. A NULL leaves t as it is.
type instant struct{ t *time.Time }

func (i instant) Scan(v any) error {
	switch n := v.(type) {
	case nil:
	case int64:
		if n != 0 {
			*i.t = time.Unix(0, n).UTC()
		}
	default:
		return fmt.Errorf("a time is stored as %T", v)
	}
	return nil
}

// maybeInstant scans a time that may be NULL.
type maybeInstant struct{ t **time.Time }

func (i maybeInstant) Scan(v any) error {
	*i.t = nil
	if v == nil {
		return nil
	}
	*i.t = &time.Time{}
	return instant{*i.t}.Scan(v)
}

// decoded scans JSON text into a value.
type decoded struct{ into any }

func (d decoded) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("JSON is stored as %T", v)
	}
	return json.Unmarshal([]byte(text), d.into)
}

// raw scans JSON text without looking into it. NULL becomes nil.
type raw struct{ into *json.RawMessage }

func (r raw) Scan(v any) error {
	switch text := v.(type) {
	case nil:
		*r.into = nil
	case string:
		*r.into = json.RawMessage(text)
	default:
		return fmt.Errorf("JSON is stored as %T", v)
	}
	return nil
}

// textOrNull is how optional JSON is stored.
func textOrNull(m json.RawMessage) any {
	if m == nil {
		return nil
	}
	return string(m)
}

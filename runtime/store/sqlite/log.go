package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/squall-dev/squall/runtime/automation"
)

// Logs are stored in chunks, because a row a line would cost a thousand inserts
// where one will do, and read by the line.

// maxChunk bounds how many lines must be decoded to read one of them.
const maxChunk = 500

// defaultLogLimit is how many lines Log returns when nobody says.
const defaultLogLimit = 1000

// AppendLog adds lines to the log of a running execution.
func (s *Store) AppendLog(ctx context.Context, id string, lines []automation.LogLine) error {
	rows, err := newLogRows(id, lines)
	if err != nil {
		return err
	}
	return s.do(ctx, "append to the log of execution "+id, func(t *tx) error {
		e, err := t.execution(id)
		if err != nil {
			return err
		}
		if e.Status != automation.Running {
			return wrongStatus(id, e.Status)
		}
		if err := rows.follows(e); err != nil {
			return err
		}
		if err := rows.append(t, &e); err != nil {
			return err
		}
		delete(t.w.recent, id)
		return t.exec(`UPDATE executions SET log_lines = ? WHERE id = ?`, e.LogLines, id)
	})
}

// logRows are lines as the writer stores them.
type logRows struct {
	execution string
	first     int // number of the first line; meaningless without lines
	count     int
	chunks    [][]any
}

func newLogRows(execution string, lines []automation.LogLine) (logRows, error) {
	rows := logRows{execution: execution, count: len(lines)}
	if len(lines) == 0 {
		return rows, nil
	}
	rows.first = lines[0].Number
	for i, line := range lines {
		if line.Number != rows.first+i {
			return rows, automation.Invalid("after line %d of the log comes %d", rows.first+i-1, line.Number)
		}
	}
	for len(lines) > 0 {
		n := min(len(lines), maxChunk)
		text, err := json.Marshal(lines[:n])
		if err != nil {
			return rows, automation.Invalid("the log of execution %s can not be stored", execution).Because(err)
		}
		rows.chunks = append(rows.chunks, []any{execution, lines[0].Number, n, string(text), sumOf(execution, string(text))})
		lines = lines[n:]
	}
	return rows, nil
}

// follows refuses lines that would leave a gap or stand twice.
func (r logRows) follows(e automation.Execution) error {
	if r.count > 0 && r.first != e.LogLines+1 {
		return automation.Conflict("the log of execution %s has %d lines; the next can not be %d", e.ID, e.LogLines, r.first).
			WithCode("log_gap")
	}
	return nil
}

// append stores the lines and counts them on e, which the caller stores.
func (r logRows) append(t *tx, e *automation.Execution) error {
	if r.count == 0 {
		return nil
	}
	for _, chunk := range r.chunks {
		if err := t.exec(`INSERT INTO log_chunks (execution, first, count, lines, sum) VALUES (?, ?, ?, ?, ?)`, chunk...); err != nil {
			return err
		}
	}
	e.LogLines += r.count
	t.announce(automation.Change{
		Kind: automation.LogAppended,
		Log:  &automation.LogGrowth{Execution: r.execution, Lines: e.LogLines},
	})
	return nil
}

// Log returns lines with number >= from, at most limit.
func (s *Store) Log(ctx context.Context, id string, from, limit int) (lines []automation.LogLine, err error) {
	from, limit = max(from, 1), limitOr(limit, defaultLogLimit)
	err = s.snapshot(ctx, "read the log of execution "+id, func(q querier) error {
		lines, err = readLog(ctx, q, id, from, limit)
		return err
	})
	return lines, err
}

func readLog(ctx context.Context, q querier, id string, from, limit int) ([]automation.LogLine, error) {
	var have int
	err := q.QueryRowContext(ctx, `SELECT log_lines FROM executions WHERE id = ?`, id).Scan(&have)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, unknownExecution(id)
	}
	if err != nil || from > have {
		return []automation.LogLine{}, err
	}
	rows, err := q.QueryContext(ctx, `SELECT first, lines, sum FROM log_chunks WHERE execution = ? AND first < ?
		AND first >= (SELECT max(first) FROM log_chunks WHERE execution = ? AND first <= ?) ORDER BY first`,
		id, from+limit, id, from)
	if err != nil {
		return nil, err
	}
	return cutLog(rows, id, from, limit)
}

// readLines decodes a chunk that is what was written.
func readLines[T any](execution, text string, sum *int64, into *[]T) error {
	if !sumFits(sum, execution, text) || json.Unmarshal([]byte(text), into) != nil {
		return damagedRow("the log of execution", execution)
	}
	return nil
}

// cutLog joins chunks and drops what stands before from or over the limit.
func cutLog(rows *sql.Rows, execution string, from, limit int) ([]automation.LogLine, error) {
	type chunk struct {
		first int
		lines []automation.LogLine
	}
	chunks, err := drain(rows, func(row scanner) (c chunk, err error) {
		var text string
		var sum *int64
		if err := row.Scan(&c.first, &text, &sum); err != nil {
			return c, err
		}
		return c, readLines(execution, text, sum, &c.lines)
	})
	if err != nil {
		return nil, err
	}
	lines := []automation.LogLine{}
	for _, c := range chunks {
		lines = append(lines, c.lines[max(0, from-c.first):]...)
	}
	return lines[:min(len(lines), limit)], nil
}

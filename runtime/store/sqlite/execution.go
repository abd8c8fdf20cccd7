package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

const summaryColumns = `id, action, status, summary, rule, event, parent, attempts, code, created_at, started_at, finished_at, dry_run, started_from, priority, run_after, delay_reason, trace_id`

func summaryFields(e *automation.ExecutionSummary) []any {
	return []any{&e.ID, &e.Action, &e.Status, &e.Summary, &e.Rule, &e.Event, &e.Parent, &e.Attempts, &e.Code,
		instant{&e.CreatedAt}, maybeInstant{&e.StartedAt}, maybeInstant{&e.FinishedAt}, &e.DryRun, &e.StartedFrom,
		&e.Priority, maybeInstant{&e.RunAfter}, &e.DelayReason, &e.TraceID}
}

func scanSummary(row scanner) (e automation.ExecutionSummary, err error) {
	err = row.Scan(summaryFields(&e)...)
	return e, err
}

// executionColumns are the small columns, those of the list first.
const executionColumns = summaryColumns + `, started_by, message, hint, log_lines, max_attempts, max_lost, depth, awaited, retry, delay_key, rated`

func executionFields(e *automation.Execution) []any {
	return append(summaryFields(&e.ExecutionSummary),
		&e.StartedBy, &e.Message, &e.Hint, &e.LogLines, &e.MaxAttempts, &e.MaxLost, &e.Depth, &e.Awaited, decoded{&e.Retry}, &e.DelayKey, &e.Rated)
}

func scanExecution(row scanner) (e automation.Execution, err error) {
	err = row.Scan(executionFields(&e)...)
	return e, err
}

// fullColumns are all columns, of both tables.
const fullColumns = executionColumns + `, parameters, output, trace`

func scanFull(row scanner) (e automation.Execution, err error) {
	err = row.Scan(append(executionFields(&e), raw{&e.Parameters}, raw{&e.Output}, &e.Trace)...)
	return e, err
}

func unknownExecution(id string) error {
	return automation.NotFound("there is no execution %s", id).WithCode("unknown_execution")
}

// Execution returns one execution with attempts and artifacts.
func (s *Store) Execution(ctx context.Context, id string) (e automation.Execution, err error) {
	err = s.snapshot(ctx, "read execution "+id, func(q querier) error {
		e, err = execution(ctx, q, id)
		return err
	})
	return e, err
}

func execution(ctx context.Context, q querier, id string) (automation.Execution, error) {
	e, err := scanFull(q.QueryRowContext(ctx,
		`SELECT `+fullColumns+` FROM executions JOIN execution_data ON execution = id WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return e, unknownExecution(id)
	}
	if err != nil {
		return e, err
	}
	if e.AttemptList, err = attempts(ctx, q, id); err != nil {
		return e, err
	}
	e.Artifacts, err = collect(ctx, q, scanArtifact,
		`SELECT `+artifactColumns+` FROM artifacts WHERE execution = ? ORDER BY id`, id)
	return e, err
}

// Executions lists executions, newest first.
//
// Each status is a query of its own, merged by id: every part walks its index in
// order and the whole stops at the limit, however many rows there are.
func (s *Store) Executions(ctx context.Context, q store.ExecutionQuery) ([]automation.ExecutionSummary, error) {
	w := executionsWhere(q)
	if q.After != "" {
		w.add("id < ?", q.After)
	}
	query, args := perStatus(`SELECT `+summaryColumns+` FROM executions`, w, q.Statuses)
	list, err := collect(ctx, s.read, scanSummary, query+` ORDER BY id DESC LIMIT ?`,
		append(args, limitOr(q.Limit, defaultLimit))...)
	if err != nil {
		return nil, fmt.Errorf("list executions: %w", s.readError(ctx, err))
	}
	return list, nil
}

func perStatus(query string, w *where, statuses []automation.Status) (string, []any) {
	if len(statuses) == 0 {
		return query + w.String(), w.args
	}
	var parts []string
	var args []any
	seen := map[automation.Status]bool{}
	for _, status := range statuses {
		if seen[status] {
			continue // a part twice would list its rows twice
		}
		seen[status] = true
		one := w.clone()
		one.add("status = ?", string(status))
		parts = append(parts, query+one.String())
		args = append(args, one.args...)
	}
	return strings.Join(parts, " UNION ALL "), args
}

// executionsWhere holds what lists and counts have in common.
func executionsWhere(q store.ExecutionQuery) *where {
	w := &where{}
	w.ref("action", q.Action)
	if q.Rule != "" {
		w.add("rule = ? AND rule <> ''", string(q.Rule)) // the second half lets SQLite use the partial index
	}
	if q.Event != "" {
		w.add("event = ? AND event <> ''", q.Event)
	}
	if q.Parent != "" {
		w.add("parent = ? AND parent <> ''", q.Parent)
	}
	if q.From != "" {
		w.add("started_from = ? AND started_from <> ''", q.From)
	}
	if q.TraceID != "" {
		w.add("trace_id = ? AND trace_id <> ''", q.TraceID)
	}
	w.contains(q.Text, "id", "action", "summary", "message")
	w.between("created_at", q.Since, q.Until)
	return w
}

// CountExecutions counts by status what the query selects, whatever its status,
// page or limit.
func (s *Store) CountExecutions(ctx context.Context, q store.ExecutionQuery) (map[automation.Status]int, error) {
	type count struct {
		status automation.Status
		n      int
	}
	scan := func(row scanner) (c count, err error) { return c, row.Scan(&c.status, &c.n) }
	w := executionsWhere(q)
	counts, err := collect(ctx, s.read, scan,
		`SELECT status, count(*) FROM executions`+w.String()+` GROUP BY status`, w.args...)
	if err != nil {
		return nil, fmt.Errorf("count executions: %w", s.readError(ctx, err))
	}
	byStatus := map[automation.Status]int{}
	for _, c := range counts {
		byStatus[c.status] = c.n
	}
	return byStatus, nil
}

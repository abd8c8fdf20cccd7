package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/squall-dev/squall/runtime/automation"
)

const summaryColumns = `id, action, status, summary, rule, event, parent, attempts, code, created_at, started_at, finished_at, dry_run, started_from`

func summaryFields(e *automation.ExecutionSummary) []any {
	return []any{&e.ID, &e.Action, &e.Status, &e.Summary, &e.Rule, &e.Event, &e.Parent, &e.Attempts, &e.Code,
		instant{&e.CreatedAt}, maybeInstant{&e.StartedAt}, maybeInstant{&e.FinishedAt}, &e.DryRun, &e.StartedFrom}
}

func scanSummary(row scanner) (e automation.ExecutionSummary, err error) {
	err = row.Scan(summaryFields(&e)...)
	return e, err
}

// executionColumns are the small columns, those of the list first.
const executionColumns = summaryColumns + `, started_by, message, hint, log_lines, max_attempts, max_lost, depth, awaited`

func executionFields(e *automation.Execution) []any {
	return append(summaryFields(&e.ExecutionSummary),
		&e.StartedBy, &e.Message, &e.Hint, &e.LogLines, &e.MaxAttempts, &e.MaxLost, &e.Depth, &e.Awaited)
}

func scanExecution(row scanner) (e automation.Execution, err error) {
	err = row.Scan(executionFields(&e)...)
	return e, err
}

// fullColumns are all columns, of both tables.
const fullColumns = executionColumns + `, parameters, output, execution_data.trace, full_message, full_hint, sum, output_sum`

func scanFull(row scanner) (e automation.Execution, sums executionSums, err error) {
	var message, hint sql.NullString
	err = row.Scan(append(executionFields(&e), raw{&e.Parameters}, raw{&e.Output}, &e.Trace, &message, &hint, &sums.given, &sums.output)...)
	if message.Valid {
		e.Message = message.String
	}
	if hint.Valid {
		e.Hint = hint.String
	}
	return e, sums, err
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
	e, sums, err := scanFull(q.QueryRowContext(ctx,
		`SELECT `+fullColumns+` FROM executions JOIN execution_data ON execution = id WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return e, unknownExecution(id)
	}
	if err != nil {
		return e, err
	}
	if err := sums.whole(e); err != nil {
		return e, err
	}
	if e.AttemptList, err = attempts(ctx, q, id); err != nil {
		return e, err
	}
	e.Artifacts, err = collect(ctx, q, scanArtifact,
		`SELECT `+artifactColumns+` FROM artifacts WHERE execution = ? ORDER BY id`, id)
	return e, err
}

// Pending returns pending executions, oldest first, with parameters and attempts
// (without their host calls), which is what deciding about the next attempt needs.
func (s *Store) Pending(ctx context.Context, after string, limit int) (list []automation.Execution, err error) {
	const query = `SELECT ` + fullColumns + ` FROM executions JOIN execution_data ON execution = id
		WHERE status = 'pending' AND id > ? ORDER BY id LIMIT ?`
	var all []pendingRow
	err = s.snapshot(ctx, "list pending executions", func(q querier) error {
		all, err = collect(ctx, q, scanPending, query, after, limitOr(limit, defaultLimit))
		for i := range all {
			if err == nil {
				all[i].AttemptList, err = attemptsInShort(ctx, q, all[i].Execution)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	list, err = s.sound(ctx, all)
	if err == nil && len(list) < len(all) { // a short page would mean that there are no more
		return s.Pending(ctx, after, limit)
	}
	return list, err
}

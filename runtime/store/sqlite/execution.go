package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/squall-dev/squall/runtime/automation"
)

const summaryColumns = `id, action, status, summary, rule, event, parent, attempts, code, created_at, started_at, finished_at, dry_run, started_from, priority, run_after, delay_reason, trace_id`

func summaryFields(e *automation.ExecutionSummary) []any {
	return []any{&e.ID, &e.Action, &e.Status, &e.Summary, &e.Rule, &e.Event, &e.Parent, &e.Attempts, &e.Code,
		instant{&e.CreatedAt}, maybeInstant{&e.StartedAt}, maybeInstant{&e.FinishedAt}, &e.DryRun, &e.StartedFrom,
		&e.Priority, maybeInstant{&e.RunAfter}, &e.DelayReason, &e.TraceID}
}

// listColumns are those that the list is read from.
const listColumns = summaryColumns + `, list_sum`

// scanSummary reads an execution for the list, where a damaged one says that it is.
func scanSummary(row scanner) (e automation.ExecutionSummary, err error) {
	var sum *int64
	err = row.Scan(append(summaryFields(&e), &sum)...)
	if err == nil && !listRow(&e).fits(sum) {
		e.Code, e.Summary = automation.CodeDamaged, rowDamaged
	}
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
const fullColumns = executionColumns + `, parameters, output, execution_data.trace, full_message, full_hint, sum, output_sum, list_sum, rest_sum`

func scanFull(row scanner) (e automation.Execution, sums executionSums, err error) {
	var message, hint sql.NullString
	err = row.Scan(append(executionFields(&e), raw{&e.Parameters}, raw{&e.Output}, &e.Trace, &message, &hint, &sums.given, &sums.output, &sums.list, &sums.rest)...)
	sums.small = listRow(&e.ExecutionSummary).fits(sums.list) && restRow(&e).fits(sums.rest)
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

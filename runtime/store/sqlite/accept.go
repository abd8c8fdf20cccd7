package sqlite

import (
	"context"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// Accept stores an event, its verdicts and its executions, all or nothing.
func (s *Store) Accept(ctx context.Context, a store.Acceptance) error {
	rows, err := newAcceptanceRows(a)
	if err != nil {
		return err
	}
	return s.do(ctx, "accept", rows.insert)
}

// acceptanceRows is an acceptance as the writer stores it.
type acceptanceRows struct {
	event      *eventRows
	verdicts   [][]any
	executions []executionRows
}

func newAcceptanceRows(a store.Acceptance) (rows acceptanceRows, err error) {
	if a.Event == nil && len(a.Verdicts) > 0 {
		return rows, automation.Invalid("a verdict needs an event")
	}
	if a.Event != nil {
		event, err := newEventRows(*a.Event)
		if err != nil {
			return rows, err
		}
		rows.event = &event
	}
	for i, v := range a.Verdicts {
		row, err := newVerdictRow(a.Event.ID, i, v)
		if err != nil {
			return rows, err
		}
		rows.verdicts = append(rows.verdicts, row)
	}
	for _, e := range a.Executions {
		row, err := newExecutionRows(e)
		if err != nil {
			return rows, err
		}
		rows.executions = append(rows.executions, row)
	}
	return rows, nil
}

func (r acceptanceRows) insert(t *tx) error {
	if r.event != nil {
		if err := r.event.insert(t); err != nil {
			return err
		}
	}
	for _, row := range r.verdicts {
		if err := insertVerdict(t, row); err != nil {
			return err
		}
	}
	for _, rows := range r.executions {
		if err := rows.insert(t); err != nil {
			return err
		}
	}
	return nil
}

package sqlite

import (
	"context"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// Accept stores events with all that they lead to, all or nothing.
func (s *Store) Accept(ctx context.Context, all ...store.Acceptance) error {
	ready, err := newConsequences(all)
	if err != nil {
		return err
	}
	return s.do(ctx, "accept", ready.insert)
}

// consequences are acceptances as the writer stores them.
type consequences []acceptanceRows

func newConsequences(all []store.Acceptance) (consequences, error) {
	ready := make(consequences, len(all))
	for i, a := range all {
		rows, err := newAcceptanceRows(a)
		if err != nil {
			return nil, err
		}
		ready[i] = rows
	}
	return ready, nil
}

func (c consequences) insert(t *tx) error {
	for _, rows := range c {
		if err := rows.insert(t); err != nil {
			return err
		}
	}
	return nil
}

// acceptanceRows is an acceptance as the writer stores it.
type acceptanceRows struct {
	event      *eventRows
	verdicts   [][]any
	executions []executionRows
	flow       []automation.FlowState
	releases   []store.Release
	marks      []automation.Mark
	key        *store.EventKey
}

func newAcceptanceRows(a store.Acceptance) (rows acceptanceRows, err error) {
	if a.Event == nil && (len(a.Verdicts) > 0 || a.Key != nil) {
		return rows, automation.Invalid("a verdict and an event key need an event")
	}
	rows.flow, rows.releases, rows.marks, rows.key = a.Flow, a.Releases, a.Marks, a.Key
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
	if r.key != nil { // looks before anything is written
		if err := insertEventKey(t, *r.key, r.event.change.Event); err != nil {
			return err
		}
	}
	for _, release := range r.releases {
		if err := releaseVerdict(t, release); err != nil {
			return err
		}
	}
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
	var event *automation.Event
	if r.event != nil {
		event = r.event.change.Event
	}
	for _, rows := range r.executions {
		if err := rows.insert(t, event); err != nil {
			return err
		}
	}
	return r.remember(t)
}

// remember stores what sources and controls have to know next time.
func (r acceptanceRows) remember(t *tx) error {
	for _, f := range r.flow {
		if err := putFlowState(t, f); err != nil {
			return err
		}
	}
	for _, m := range r.marks {
		if err := putMark(t, m); err != nil {
			return err
		}
	}
	return nil
}

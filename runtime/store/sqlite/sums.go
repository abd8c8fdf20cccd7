package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// sumOf is the checksum of texts that belong together. It finds every change of up
// to three bits and of any burst of 32; it is there for what happens to disks, not
// against people.
func sumOf(texts ...string) int64 {
	return newRowSum().texts(texts...).sum()
}

// sumFits compares a stored checksum, which is NULL in rows from before there were
// any.
func sumFits(stored *int64, texts ...string) bool { return stored == nil || *stored == sumOf(texts...) }

// codeDamaged is the code of an error about a row that is not what was written.
const codeDamaged = "row_damaged"

func damagedRow(what, id string) *automation.Error {
	return automation.Unavailable("%s %s is damaged: its checksum does not fit", what, id).WithCode(codeDamaged).
		WithHint("check the disk; restore the database from a backup if it must be read")
}

func isDamaged(err error) bool {
	var e *automation.Error
	return errors.As(err, &e) && e.Code == codeDamaged
}

// rowDamaged stands in lists where something of a damaged row would stand.
const rowDamaged = "the row is damaged: its checksum does not fit"

// whole compares an execution, what it was asked and what it answered with what was
// written.
func (e executionSums) whole(x automation.Execution) error {
	if !e.small || !sumFits(e.given, x.ID, string(x.Action), x.Event, string(x.Parameters)) || !sumFits(e.output, string(x.Output), x.Trace) {
		return damagedRow("execution", x.ID)
	}
	return nil
}

// executionSums are the checksums of an execution.
type executionSums struct {
	given, output, list, rest *int64
	small                     bool // list and rest fit
}

func givenSum(x automation.Execution, parameters string) int64 {
	return sumOf(x.ID, string(x.Action), x.Event, parameters)
}

// sound returns the executions that are what was written. The others are never run:
// they end as failed, with a code that says why.
func (s *Store) sound(ctx context.Context, all []pendingRow) (list []automation.Execution, err error) {
	list = []automation.Execution{}
	for _, row := range all {
		damage := row.sums.whole(row.Execution)
		if damage == nil {
			list = append(list, row.Execution)
			continue
		}
		s.logger.Error("a pending execution is damaged and is not run", "execution", row.ID, "err", damage)
		if err := s.condemn(ctx, row.ID, damage); err != nil {
			return nil, fmt.Errorf("end a damaged execution: %w", err)
		}
	}
	return list, nil
}

// condemn ends a pending execution whose row is damaged.
func (s *Store) condemn(ctx context.Context, id string, damage error) error {
	err := s.do(ctx, "end damaged execution "+id, func(t *tx) error {
		e, err := t.stepFrom(id, automation.Failed)
		if err != nil {
			return err
		}
		if e.was != automation.Pending { // it runs, from memory, where it is whole
			return wrongStatus(id, e.was)
		}
		at := time.Now()
		e.Code, e.Message, e.Hint, e.FinishedAt = automation.CodeDamaged, damage.Error(), automation.HintOf(damage), &at
		return t.storeStep(e)
	})
	if errors.Is(err, automation.ErrConflict) { // it has ended meanwhile
		return nil
	}
	return err
}

// pendingRow is a pending execution and the checksums that it should fit.
type pendingRow struct {
	automation.Execution
	sums executionSums
}

func scanPending(row scanner) (p pendingRow, err error) {
	p.Execution, p.sums, err = scanFull(row)
	return p, err
}

// eventWhole compares an event's payload with what was written.
func eventWhole(e automation.Event, sum *int64) error {
	if e.Payload != nil && !sumFits(sum, e.ID, string(e.Payload)) {
		return damagedRow("event", e.ID)
	}
	return nil
}

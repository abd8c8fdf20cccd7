package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// longestWait is how long before its attempt an execution may have been made for its
// changes to be found. The ids of executions are times: so no index is needed.
const longestWait = 24 * time.Hour

// Changes returns what host calls changed since a time, oldest first.
func (s *Store) Changes(ctx context.Context, since time.Time) ([]automation.MadeChange, error) {
	ids := automation.IDs{Now: func() time.Time { return since.Add(-longestWait) }}
	type row struct {
		of    automation.MadeChange
		calls []automation.HostCall
		usage automation.Usage
	}
	rows, err := collect(ctx, s.read, func(r scanner) (x row, err error) {
		err = r.Scan(&x.of.Execution, &x.of.Action, decoded{&x.usage}, decoded{&x.calls})
		return x, err
	}, `SELECT a.execution, e.action, a.usage, a.host_calls FROM attempts a JOIN executions e ON e.id = a.execution
		WHERE a.execution >= ? AND a.finished_at >= ? AND a.host_calls LIKE '%"change":%'`, ids.New(), nanos(since))
	if err != nil {
		return nil, fmt.Errorf("read what was changed: %w", s.readError(ctx, err))
	}
	made := []automation.MadeChange{}
	for _, r := range rows {
		for _, call := range r.calls {
			if call.Change == nil || call.Held || call.WouldDo || call.Error == "denied" || call.StartedAt.Before(since) {
				continue
			}
			m := r.of
			m.Pack, m.Change, m.At = r.usage.PackName, *call.Change, call.StartedAt
			made = append(made, m)
		}
	}
	slices.SortStableFunc(made, func(a, b automation.MadeChange) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
	return made, nil
}

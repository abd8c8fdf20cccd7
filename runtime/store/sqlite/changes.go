package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
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

// Used adds up host calls by function, and by host for HTTP.
func (s *Store) Used(ctx context.Context, pack string, since time.Time, limit int) ([]automation.UsedFunction, bool, error) {
	ids := automation.IDs{Now: func() time.Time { return since }}
	rows, err := collect(ctx, s.read, func(r scanner) (calls []automation.HostCall, err error) {
		err = r.Scan(decoded{&calls})
		return calls, err
	}, `SELECT a.host_calls FROM executions e JOIN attempts a ON a.execution = e.id
		WHERE e.action >= ? AND e.action < ? AND e.id >= ? AND a.host_calls <> 'null' ORDER BY e.id DESC LIMIT ?`,
		pack+".", pack+"/", ids.New(), limit+1)
	if err != nil {
		return nil, false, fmt.Errorf("read what pack %s used: %w", pack, s.readError(ctx, err))
	}
	partial := len(rows) > limit
	if partial {
		rows = rows[:limit]
	}
	type key struct{ name, host string }
	sums := map[key]automation.UsedFunction{}
	for _, calls := range rows {
		for _, c := range calls {
			k := key{name: c.Name}
			if c.Name == "http_send" {
				_, k.host, _ = strings.Cut(c.Detail, " ")
			}
			u := sums[k]
			u.Name, u.Host = k.name, k.host
			u.Calls++
			if c.Error == "denied" {
				u.Refused++
			}
			if c.StartedAt.After(u.LastAt) {
				u.LastAt = c.StartedAt
			}
			sums[k] = u
		}
	}
	used := slices.AppendSeq([]automation.UsedFunction{}, maps.Values(sums))
	slices.SortFunc(used, func(a, b automation.UsedFunction) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Host, b.Host))
	})
	return used, partial, nil
}

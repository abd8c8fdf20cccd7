package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"github.com/squall-dev/squall/runtime/automation"
)

// queued counts, by action, the executions that are to run without anybody's doing. It
// is asked for every event, when a count in the database would cost the more the
// deeper the queue is. The writer changes it after each commit.
type queued struct {
	mu  sync.Mutex // guards all below
	all int
	by  map[automation.Ref]int
}

// load counts once, when the database is opened.
func (q *queued) load(ctx context.Context, conn *sql.Conn) error {
	const query = `SELECT action, count(*) FROM executions WHERE status IN ('pending', 'delayed') GROUP BY action`
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("count waiting executions: %w", err)
	}
	defer rows.Close()
	q.by = map[automation.Ref]int{}
	for rows.Next() {
		var action automation.Ref
		var n int
		if err := rows.Scan(&action, &n); err != nil {
			return fmt.Errorf("count waiting executions: %w", err)
		}
		q.by[action] = n
		q.all += n
	}
	return rows.Err()
}

// add applies what a transaction changed.
func (q *queued) add(shifts []shift) {
	if len(shifts) == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, s := range shifts {
		q.all += s.by
		if q.by[s.action] += s.by; q.by[s.action] == 0 {
			delete(q.by, s.action)
		}
	}
}

// shift is a change of how many executions of an action wait.
type shift struct {
	action automation.Ref
	by     int
}

// shifted notes that an execution went from one status to another; was is empty for a
// new one.
func (t *tx) shifted(action automation.Ref, was, is automation.Status) {
	switch {
	case is.Queued() && !was.Queued():
		t.shifts = append(t.shifts, shift{action, 1})
	case was.Queued() && !is.Queued():
		t.shifts = append(t.shifts, shift{action, -1})
	}
}

// Queued is how many executions of an action are pending or delayed; of all, when the
// action is empty.
func (s *Store) Queued(action automation.Ref) int {
	q := &s.writer.queued
	q.mu.Lock()
	defer q.mu.Unlock()
	if action == "" {
		return q.all
	}
	return q.by[action]
}

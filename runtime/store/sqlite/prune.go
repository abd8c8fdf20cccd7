package sqlite

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/query"
	"github.com/squall-dev/squall/runtime/store"
)

// selected makes a plan of what may be pruned.
func (s *Store) selected(ctx context.Context, q querier, sel store.Selection) (*plan, []automation.Status, error) {
	want := store.ExecutionQuery{Until: sel.Before}
	if sel.Pack != "" {
		want.Filter = want.Filter.And(query.Term{Field: query.Pack, Values: []query.Value{{Text: sel.Pack, Glob: strings.Contains(sel.Pack, "*")}}})
	}
	p, err := s.plan(ctx, q, want)
	if err != nil {
		return nil, nil, err
	}
	statuses := sel.Statuses
	var asked []automation.Status
	for _, status := range p.asked(statuses) {
		if status.Final() {
			asked = append(asked, status)
		}
	}
	return p, asked, nil
}

// Weigh adds up the executions that a selection names.
func (s *Store) Weigh(ctx context.Context, sel store.Selection) (held store.Held, err error) {
	err = s.snapshot(ctx, "add up executions", func(q querier) error {
		p, asked, err := s.selected(ctx, q, sel)
		if err != nil || p.none {
			return err
		}
		c := &census{ctx: ctx, q: q, plan: p, skew: s.writer.skew.Load(), byStatus: map[automation.Status]int{}}
		if err := c.kept(); err != nil {
			return err
		}
		for _, status := range asked {
			held.Executions += c.byStatus[status]
		}
		held.Bytes, err = p.bytes(ctx, q, asked)
		return err
	})
	return held, err
}

// bytes adds up what executions of all times take.
func (p *plan) bytes(ctx context.Context, q querier, asked []automation.Status) (sum int64, err error) {
	type cell struct{ kind, bytes int64 }
	cells, err := collect(ctx, q, func(r scanner) (c cell, err error) { return c, r.Scan(&c.kind, &c.bytes) },
		`SELECT kind, bytes FROM execution_counts WHERE span = 0 AND status IN (SELECT value FROM json_each(?))`, jsonText(textOf(asked)))
	for _, c := range cells {
		if _, ok := p.kinds[c.kind]; ok {
			sum += c.bytes
		}
	}
	return sum, err
}

// Prune removes executions that have ended, oldest first.
func (s *Store) Prune(ctx context.Context, sel store.Selection, limit int) (gone store.Pruned, err error) {
	ids, err := s.oldest(ctx, sel, limit)
	if err != nil || len(ids) == 0 {
		return gone, err
	}
	err = s.do(ctx, "prune executions", func(t *tx) error {
		gone = store.Pruned{}
		for _, id := range ids {
			if err := t.prune(id, &gone); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return store.Pruned{}, err
	}
	if len(ids) == limit {
		gone.Last = ids[len(ids)-1]
	}
	return gone, nil
}

func (s *Store) oldest(ctx context.Context, sel store.Selection, limit int) (ids []string, err error) {
	err = s.snapshot(ctx, "look for what to prune", func(q querier) error {
		p, asked, err := s.selected(ctx, q, sel)
		if err != nil || p.none || len(asked) == 0 {
			return err
		}
		w := p.conditions(s.writer.skew.Load())
		if sel.After != "" {
			w.add("id > ?", sel.After)
		}
		l, err := p.lane(ctx, q, asked)
		if err != nil || p.none {
			return err
		}
		query, args := walks(`SELECT id FROM executions`, w, l, asked)
		ids, err = collect(ctx, q, func(r scanner) (id string, err error) { return id, r.Scan(&id) }, query+` ORDER BY id LIMIT ?`, append(args, limit)...)
		return err
	})
	return ids, err
}

// mostKin bounds what one execution may take with it; more is left to its own age.
const mostKin = 1000

// prune removes one execution and what its code started, unless something of it must
// stay.
func (t *tx) prune(id string, gone *store.Pruned) error {
	family, stays, err := t.family(id)
	if err != nil || stays {
		return err
	}
	for _, member := range family {
		if err := t.remove(member, gone); err != nil {
			return err
		}
	}
	return nil
}

// family is an execution with all that it led to.
func (t *tx) family(id string) (ids []string, stays bool, err error) {
	rows, err := t.rows(`WITH RECURSIVE kin (id) AS (VALUES (?) UNION SELECT e.id FROM kin JOIN executions e ON e.started_from = kin.id AND e.started_from <> '' LIMIT ?)
		SELECT e.id, e.finished_at IS NULL OR EXISTS (SELECT 1 FROM artifacts a WHERE a.execution = e.id AND a.pinned_at IS NOT NULL)
		FROM kin JOIN executions e ON e.id = kin.id`, id, mostKin+1)
	if err != nil {
		return nil, false, err
	}
	_, err = drain(rows, func(r scanner) (struct{}, error) {
		var member string
		var must bool
		err := r.Scan(&member, &must)
		ids, stays = append(ids, member), stays || must
		return struct{}{}, err
	})
	return ids, stays || len(ids) > mostKin, err
}

// remove removes one execution with its words, its counts and, when it was the last
// of it, its event.
func (t *tx) remove(id string, gone *store.Pruned) error {
	row, err := t.row(`SELECT action, rule, trigger, started_by, status, created_at, doc, bytes, event FROM executions WHERE id = ?`, id)
	if err != nil {
		return err
	}
	var k kind
	var h hidden
	c := tally{n: -1}
	var event string
	if err := row.Scan(&k.action, &k.rule, &k.trigger, &k.actor, &c.status, instant{&c.at}, &h.doc, &h.bytes, &event); err != nil {
		return err
	}
	contents, err := t.rows(`SELECT sha256 FROM artifacts WHERE execution = ?`, id)
	if err != nil {
		return err
	}
	hashes, err := drain(contents, func(r scanner) (hash string, err error) { return hash, r.Scan(&hash) })
	if err != nil {
		return err
	}
	if h.doc.Valid {
		if err := t.words(`DELETE FROM execution_words WHERE rowid = ?`, h.doc.Int64); err != nil {
			return err
		}
	}
	delete(t.w.recent, id)
	if err := t.exec(`DELETE FROM executions WHERE id = ?`, id); err != nil { // the rest hangs on it
		return err
	}
	c.kind, c.bytes = k, -h.bytes
	t.count(c)
	gone.Executions++
	gone.Bytes += h.bytes
	gone.Contents = append(gone.Contents, hashes...)
	return t.removeEvent(event, gone)
}

func (t *tx) removeEvent(event string, gone *store.Pruned) error {
	if event == "" {
		return nil
	}
	row, err := t.row(`SELECT EXISTS (SELECT 1 FROM executions WHERE event = ? AND event <> '') OR NOT EXISTS (SELECT 1 FROM events WHERE id = ?)`, event, event)
	if err != nil {
		return err
	}
	var stays bool
	if err := row.Scan(&stays); err != nil || stays {
		return err
	}
	gone.Events++
	return t.exec(`DELETE FROM events WHERE id = ?`, event)
}

// PruneEvents removes events that started nothing that is left, oldest first.
func (s *Store) PruneEvents(ctx context.Context, before time.Time, limit int) (removed int, err error) {
	ids, err := collect(ctx, s.read, func(r scanner) (id string, err error) { return id, r.Scan(&id) },
		`SELECT id FROM events WHERE id < ? AND received_at < ? AND NOT EXISTS (SELECT 1 FROM executions x WHERE x.event = events.id AND x.event <> '') ORDER BY id LIMIT ?`,
		idFloor(before, s.writer.skew.Load()), nanos(before), limit)
	if err != nil {
		return 0, fmt.Errorf("look for events to prune: %w", s.readError(ctx, err))
	}
	if len(ids) == 0 {
		return 0, nil
	}
	err = s.do(ctx, "prune events", func(t *tx) error {
		removed = 0
		for _, id := range ids {
			gone := store.Pruned{}
			if err := t.removeEvent(id, &gone); err != nil {
				return err
			}
			removed += gone.Events
		}
		return nil
	})
	return removed, err
}

// PinArtifact keeps an artifact and its execution from being pruned.
func (s *Store) PinArtifact(ctx context.Context, id, by string, at time.Time) (automation.Artifact, error) {
	pinned := &at
	if by == "" {
		pinned = nil
	}
	err := s.do(ctx, "pin artifact "+id, func(t *tx) error {
		row, err := t.row(`SELECT count(*) FROM artifacts WHERE id = ?`, id)
		if err != nil {
			return err
		}
		var n int
		if err := row.Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return automation.NotFound("there is no artifact %s", id).WithCode("unknown_artifact")
		}
		return t.exec(`UPDATE artifacts SET pinned_by = ?, pinned_at = ? WHERE id = ?`, by, nanosOrNull(pinned), id)
	})
	if err != nil {
		return automation.Artifact{}, err
	}
	return s.Artifact(ctx, id)
}

// compactPages is how much room one call of Compact gives back.
const compactPages = 200

// Compact gives a part of the free room back to the disk.
func (s *Store) Compact(ctx context.Context) (more bool, err error) {
	size, err := s.Size(ctx)
	if err != nil || !size.Shrinks || size.FreeBytes == 0 {
		return false, err
	}
	err = s.do(ctx, "give room back", func(t *tx) error {
		return t.exec(fmt.Sprintf(`PRAGMA incremental_vacuum(%d)`, compactPages))
	})
	return err == nil, err
}

// sizeQuery is answered by indexes and counts alone: it is asked with each scrape of the
// metrics, and a reader that takes long keeps the log from beginning anew.
const sizeQuery = `SELECT (SELECT page_size FROM pragma_page_size), (SELECT page_count FROM pragma_page_count),
	(SELECT freelist_count FROM pragma_freelist_count), (SELECT auto_vacuum FROM pragma_auto_vacuum),
	(SELECT coalesce(sum(n), 0) FROM execution_counts WHERE span = 0),
	(SELECT count(*) FROM executions INDEXED BY executions_unindexed WHERE doc IS NULL),
	(SELECT count(*) FROM artifacts WHERE pinned_at IS NOT NULL)`

// Size tells how much room the history takes.
func (s *Store) Size(ctx context.Context) (size automation.HistorySize, err error) {
	var page, pages, free, vacuum int64
	err = s.read.QueryRowContext(ctx, sizeQuery).
		Scan(&page, &pages, &free, &vacuum, &size.Executions, &size.Unindexed, &size.Pinned)
	if err != nil {
		return size, fmt.Errorf("measure the database: %w", s.readError(ctx, err))
	}
	size.Bytes, size.FreeBytes, size.Shrinks = page*pages, page*free, vacuum == 2
	return size, nil
}

// Table is how much room a table or an index takes.
type Table struct {
	Name  string
	Bytes int64
}

// Tables measures every table and index, the largest first. It reads the whole file.
func (s *Store) Tables(ctx context.Context) ([]Table, error) {
	list, err := collect(ctx, s.read, func(r scanner) (t Table, err error) { return t, r.Scan(&t.Name, &t.Bytes) },
		`SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC`)
	if err != nil {
		return nil, fmt.Errorf("measure the tables: %w", s.readError(ctx, err))
	}
	return list, nil
}

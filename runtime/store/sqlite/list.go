package sqlite

import (
	"context"
	"slices"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// Executions lists executions, newest first.
func (s *Store) Executions(ctx context.Context, want store.ExecutionQuery) (list []automation.ExecutionSummary, err error) {
	err = s.snapshot(ctx, "list executions", func(q querier) error {
		list, err = s.list(ctx, q, want)
		return err
	})
	return list, err
}

func (s *Store) list(ctx context.Context, q querier, want store.ExecutionQuery) ([]automation.ExecutionSummary, error) {
	empty := []automation.ExecutionSummary{}
	p, err := s.plan(ctx, q, want)
	if err != nil || p.none {
		return empty, err
	}
	asked := p.asked(want.Statuses)
	w := p.conditions(s.writer.skew.Load())
	if want.After != "" {
		w.add("id < ?", want.After)
	}
	limit := limitOr(want.Limit, defaultLimit)
	if p.searches() {
		return p.search(ctx, q, search{w, asked, limit, s.writer.skew.Load()})
	}
	l, err := p.lane(ctx, q, asked)
	if err != nil || p.none {
		return empty, err
	}
	if err := p.without(ctx, q, w); err != nil {
		return empty, err
	}
	query, args := walks(`SELECT `+listColumns+` FROM executions`, w, l, asked)
	return collect(ctx, q, scanSummary, query+` ORDER BY id DESC LIMIT ?`, append(args, limit)...)
}

// asked are the statuses that the filter and the caller want.
func (p *plan) asked(statuses []automation.Status) []automation.Status {
	if len(statuses) == 0 {
		return p.statuses
	}
	return slices.DeleteFunc(slices.Clone(p.statuses), func(s automation.Status) bool { return !slices.Contains(statuses, s) })
}

// walks is a query that walks an index once for each of its values. The parts are
// merged by id: each is in order, and the whole stops at the limit.
func walks(query string, w *where, l *lane, asked []automation.Status) (string, []any) {
	w = w.clone()
	if l == nil || l.column != "status" {
		inStatuses(w, "+status", asked)
	}
	if l == nil {
		return query + w.String(), w.args
	}
	var parts []string
	var args []any
	walk := func(l *lane, condition string, value any) {
		one := w.clone()
		one.add(l.column+condition, value)
		if l.also != "" {
			one.add(l.also)
		}
		parts = append(parts, query+one.String())
		args = append(args, one.args...)
	}
	for _, l := range l.all() {
		if len(l.values) > mostWalks { // all of them together are few
			walk(l, " IN (SELECT value FROM json_each(?))", jsonText(l.values))
			continue
		}
		for _, value := range l.values {
			walk(l, " = ?", value)
		}
	}
	if len(parts) == 0 {
		return query + " WHERE false", nil
	}
	return strings.Join(parts, " UNION ALL "), args
}

// inStatuses restricts to some statuses, unless they are all that there are.
func inStatuses(w *where, column string, asked []automation.Status) {
	if len(asked) < len(automation.Statuses()) {
		w.add(column+" IN (SELECT value FROM json_each(?))", jsonText(textOf(asked)))
	}
}

package sqlite

import (
	"cmp"
	"context"
	"slices"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/query"
)

// lane is an index to walk: one equality for each value.
type lane struct {
	column string
	also   string // makes a partial index fit
	values []string
	twin   *lane // another index, with rows that this one leaves out
}

// all are the lane and its twin.
func (l *lane) all() []*lane {
	if l.twin == nil {
		return []*lane{l}
	}
	return []*lane{l, l.twin}
}

// lane chooses what is walked; nil is the table itself, in the order of ids.
func (p *plan) lane(ctx context.Context, q querier, asked []automation.Status) (*lane, error) {
	if p.exact != nil {
		return p.exact, nil
	}
	e, err := p.estimate(ctx, q, asked)
	if err != nil {
		return nil, err
	}
	if e.selected == 0 {
		p.none = true
		return nil, nil
	}
	best, least := (*lane)(nil), e.total
	fields := lanes()
	slices.SortStableFunc(fields, func(a, b query.Field) int { return cmp.Compare(p.asks(b), p.asks(a)) })
	for _, field := range fields {
		values := slices.Sorted(setOf(e.values[field]))
		if e.found[field] >= least || len(values) > mostWalks || slices.Contains(values, "") {
			continue
		}
		best, least = &lane{column: columnOf(field), values: values}, e.found[field]
		if field == query.Rule || field == query.Actor {
			best.also = best.column + " <> ''"
		}
	}
	if e.ofStatus < least {
		best = &lane{column: "status", values: textOf(asked)}
	}
	return best, nil
}

// asks counts the terms about a field.
func (p *plan) asks(f query.Field) (n int) {
	for _, t := range p.terms {
		if t.Field == f {
			n++
		}
	}
	return n
}

// lanes are the fields that have an index, those with the fewest values first.
func lanes() []query.Field {
	return []query.Field{query.Pack, query.Action, query.Rule, query.Actor}
}

// estimate is how many executions the walk of each index would come by.
type estimate struct {
	total, selected, ofStatus int
	values                    map[query.Field]map[string]bool
	found                     map[query.Field]int
}

func (p *plan) estimate(ctx context.Context, q querier, asked []automation.Status) (*estimate, error) {
	e := &estimate{values: map[query.Field]map[string]bool{}, found: map[query.Field]int{}}
	for _, field := range lanes() {
		e.values[field] = map[string]bool{}
		for _, k := range p.kinds {
			e.values[field][valueOf(field, k)] = true
		}
	}
	type cell struct {
		kind   int64
		status automation.Status
		n      int
	}
	cells, err := collect(ctx, q, func(r scanner) (c cell, err error) { return c, r.Scan(&c.kind, &c.status, &c.n) },
		`SELECT kind, status, n FROM execution_counts WHERE span = 0`)
	for _, c := range cells {
		_, selects := p.kinds[c.kind]
		e.total += c.n
		if slices.Contains(asked, c.status) {
			e.ofStatus += c.n
			if selects {
				e.selected += c.n
			}
		}
		for _, field := range lanes() {
			if e.values[field][valueOf(field, p.known[c.kind])] {
				e.found[field] += c.n
			}
		}
	}
	return e, err
}

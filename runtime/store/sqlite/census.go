package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// CountExecutions counts by status what the query selects, whatever its status, page
// or limit.
func (s *Store) CountExecutions(ctx context.Context, want store.ExecutionQuery) (counts map[automation.Status]int, err error) {
	err = s.snapshot(ctx, "count executions", func(q querier) error {
		counts, err = s.counts(ctx, q, want)
		return err
	})
	return counts, err
}

func (s *Store) counts(ctx context.Context, q querier, want store.ExecutionQuery) (map[automation.Status]int, error) {
	p, err := s.plan(ctx, q, want)
	if err != nil || p.none {
		return map[automation.Status]int{}, err
	}
	skew := s.writer.skew.Load()
	c := &census{ctx: ctx, q: q, plan: p, skew: skew, byStatus: map[automation.Status]int{}}
	switch {
	case p.searches():
		err = c.search()
	case len(p.other.conditions) == 0 && len(p.words) == 0:
		err = c.kept()
	default:
		err = c.walk()
	}
	if err != nil {
		return nil, fmt.Errorf("count: %w", err)
	}
	for status, n := range c.byStatus {
		if n == 0 || !slices.Contains(p.statuses, status) {
			delete(c.byStatus, status)
		}
	}
	return c.byStatus, nil
}

// census counts what a plan selects, by status.
type census struct {
	ctx      context.Context
	q        querier
	plan     *plan
	skew     int64
	byStatus map[automation.Status]int
}

// kept adds up counts that are kept: whole days, whole hours and five minutes, and
// what is left at both ends row by row.
func (c *census) kept() error {
	p := c.plan
	if p.since.IsZero() && p.until.IsZero() {
		return c.buckets(0, 0, 1)
	}
	first, end, err := c.bounds()
	if err != nil || first >= end {
		return err
	}
	return c.between(first, end, spans())
}

// bounds tells the time in nanoseconds: what is open ends with what there is.
func (c *census) bounds() (first, end int64, err error) {
	const hour = int64(3600)
	row := c.q.QueryRowContext(c.ctx, `SELECT coalesce((SELECT min(bucket) FROM execution_counts WHERE span = 3600), 0),
		coalesce((SELECT max(bucket) FROM execution_counts WHERE span = 3600), -1) + 1`)
	if err := row.Scan(&first, &end); err != nil {
		return 0, 0, err
	}
	first, end = first*hour*int64(time.Second), end*hour*int64(time.Second)
	if !c.plan.since.IsZero() {
		first = max(first, nanos(c.plan.since))
	}
	if !c.plan.until.IsZero() {
		end = min(end, nanos(c.plan.until))
	}
	return first, end, nil
}

// between counts from first to end: the whole buckets of the longest span that fit,
// and shorter ones before and after them.
func (c *census) between(first, end int64, spans []int64) error {
	if first >= end {
		return nil
	}
	span := spans[0]
	if span == 0 {
		return c.rows(first, end)
	}
	length := span * int64(time.Second)
	from, to := -floorDiv(-first, length), floorDiv(end, length)
	if from >= to {
		return c.between(first, end, spans[1:])
	}
	if err := c.buckets(span, from, to); err != nil {
		return err
	}
	if err := c.between(first, from*length, spans[1:]); err != nil {
		return err
	}
	return c.between(to*length, end, spans[1:])
}

func (c *census) buckets(span, from, to int64) error {
	type sum struct {
		kind   int64
		status automation.Status
		n      int
	}
	query := `SELECT kind, status, sum(n) FROM execution_counts WHERE span = ? AND bucket >= ? AND bucket < ? GROUP BY kind, status`
	if c.plan.all {
		query = `SELECT 0, status, sum(n) FROM execution_counts WHERE span = ? AND bucket >= ? AND bucket < ? GROUP BY status`
	}
	sums, err := collect(c.ctx, c.q, func(r scanner) (s sum, err error) { return s, r.Scan(&s.kind, &s.status, &s.n) },
		query, span, from, to)
	for _, s := range sums {
		if _, ok := c.plan.kinds[s.kind]; ok || c.plan.all {
			c.byStatus[s.status] += s.n
		}
	}
	return err
}

// rows counts row by row in a short time.
func (c *census) rows(first, end int64) error {
	p := *c.plan
	p.since, p.until = time.Unix(0, first), time.Unix(0, end)
	return c.group(`FROM executions`, p.conditions(c.skew))
}

func (c *census) group(from string, w *where) error {
	type count struct {
		status automation.Status
		n      int
	}
	counts, err := collect(c.ctx, c.q, func(r scanner) (x count, err error) { return x, r.Scan(&x.status, &x.n) },
		`SELECT status, count(*) `+from+w.String()+` GROUP BY +status`, w.args...)
	for _, x := range counts {
		c.byStatus[x.status] += x.n
	}
	return err
}

// walk counts along an index what only rows can tell.
func (c *census) walk() error {
	l, err := c.plan.lane(c.ctx, c.q, automation.Statuses())
	if err != nil || c.plan.none {
		return err
	}
	w := c.plan.conditions(c.skew)
	if err := c.plan.without(c.ctx, c.q, w); err != nil {
		return err
	}
	rows, args := walks(`SELECT status FROM executions`, w, l, automation.Statuses())
	return c.group(`FROM (`+rows+`)`, &where{args: args})
}

// search counts what the index of words finds, and what is not indexed yet.
func (c *census) search() error {
	p := c.plan
	w := p.conditions(c.skew)
	fresh, err := p.fresh(c.ctx, c.q, w)
	if err != nil {
		return err
	}
	if fresh {
		if err := c.group(`FROM executions`, w); err != nil {
			return err
		}
	}
	lo, hi := p.docs(c.skew)
	if !p.marksDecide() || lo.sure >= hi.sure {
		return c.join(lo.maybe, hi.maybe)
	}
	if lo.maybe < lo.sure {
		if err := c.join(lo.maybe, lo.sure); err != nil {
			return err
		}
	}
	if hi.sure < hi.maybe {
		if err := c.join(hi.sure, hi.maybe); err != nil {
			return err
		}
	}
	if len(p.params) > 0 {
		if cut, err := c.cut(lo.sure, hi.sure); err != nil || cut {
			return errors.Join(err, c.join(lo.sure, hi.sure))
		}
	}
	return c.marks(lo.sure, hi.sure)
}

// cut reports whether the index found some whose parameters it does not know in full:
// about those only rows can tell.
func (c *census) cut(from, to int64) (cut bool, err error) {
	err = c.q.QueryRowContext(c.ctx, `SELECT EXISTS (SELECT 1 FROM execution_words WHERE execution_words MATCH ? AND rowid >= ? AND rowid < ?)`,
		"("+c.plan.match(c.plan.statuses)+") AND marks : "+cutMark, from, to).Scan(&cut)
	return cut, err
}

// join counts what the index finds and rows confirm.
func (c *census) join(from, to int64) error {
	w := c.plan.found(c.plan.conditions(c.skew), c.plan.statuses)
	w.add("execution_words.rowid >= ? AND execution_words.rowid < ?", from, to)
	return c.group(joinWords, w)
}

// fewHits are looked up one by one.
const fewHits = 1000

// marks counts within the index alone. Statuses in which there is nothing at all are
// not asked for, and the most frequent is what is left of the whole.
func (c *census) marks(from, to int64) error {
	rest, err := c.hits(c.plan.statuses, from, to)
	if err != nil || rest == 0 {
		return err
	}
	if rest <= fewHits { // quicker than to ask the index again for every status
		return c.join(from, to)
	}
	statuses, err := c.present()
	if err != nil || len(statuses) == 0 {
		return err
	}
	for _, status := range statuses[1:] {
		n, err := c.hits([]automation.Status{status}, from, to)
		if err != nil {
			return err
		}
		c.byStatus[status] += n
		rest -= n
	}
	c.byStatus[statuses[0]] += rest
	return nil
}

// present are the statuses that executions of the plan's kinds are in, the most
// frequent first.
func (c *census) present() ([]automation.Status, error) {
	all := &census{ctx: c.ctx, q: c.q, plan: c.plan, byStatus: map[automation.Status]int{}}
	if err := all.buckets(0, 0, 1); err != nil {
		return nil, err
	}
	statuses := slices.DeleteFunc(slices.Clone(c.plan.statuses), func(s automation.Status) bool { return all.byStatus[s] == 0 })
	slices.SortStableFunc(statuses, func(a, b automation.Status) int { return cmp.Compare(all.byStatus[b], all.byStatus[a]) })
	return statuses, nil
}

func (c *census) hits(statuses []automation.Status, from, to int64) (n int, err error) {
	err = c.q.QueryRowContext(c.ctx, `SELECT count(*) FROM execution_words WHERE execution_words MATCH ? AND rowid >= ? AND rowid < ?`,
		c.plan.match(statuses), from, to).Scan(&n)
	return n, err
}

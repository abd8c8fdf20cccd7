package sqlite

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/query"
)

// searches reports whether the index of words is walked.
func (p *plan) searches() bool {
	positive := func(t query.Term) bool { return !t.Not }
	return p.exact == nil && (slices.ContainsFunc(p.words, positive) || p.narrowing() != "")
}

// narrowing is what the index of words knows of parameters. What it finds is right,
// unless it is marked as cut or a pattern goes on after its first star: then the row
// is asked as well.
func (p *plan) narrowing() string {
	var all []string
	for _, t := range p.params {
		if t.Not {
			continue
		}
		found := []string{"marks : " + cutMark}
		for _, v := range t.Values {
			begin, _, open := v.Text, "", false
			if v.Glob {
				begin, _, open = strings.Cut(v.Text, "*")
			}
			find := `params : "` + parameterWord(t.Name, begin) + `"`
			if open {
				find += " *"
			}
			found = append(found, find)
		}
		all = append(all, "("+strings.Join(found, " OR ")+")")
	}
	return strings.Join(all, " AND ")
}

// wordsDecide reports whether what the index finds of parameters is right, but for
// what is marked as cut.
func (p *plan) wordsDecide() bool {
	for _, t := range p.params {
		for _, v := range t.Values {
			if star := strings.IndexByte(v.Text, '*'); t.Not || v.Glob && star != len(v.Text)-1 {
				return false
			}
		}
	}
	return true
}

type search struct {
	where *where
	asked []automation.Status
	limit int
	skew  int64
}

// search lists by the index of words, and looks through what is not indexed yet.
func (p *plan) search(ctx context.Context, q querier, f search) ([]automation.ExecutionSummary, error) {
	w, asked, limit, skew := f.where, f.asked, f.limit, f.skew
	rest := w.clone()
	fresh, err := p.fresh(ctx, q, rest)
	if err != nil {
		return nil, err
	}
	in := p.found(w, asked)
	lo, hi := p.docs(skew)
	in.add("execution_words.rowid >= ? AND execution_words.rowid < ?", lo.maybe, hi.maybe)
	found, err := collect(ctx, q, scanSummary, `SELECT `+listColumns+joinWords+in.String()+` ORDER BY execution_words.rowid DESC LIMIT ?`,
		append(in.args, limit)...)
	if err != nil || !fresh {
		return found, err
	}
	inStatuses(rest, "+status", asked)
	more, err := collect(ctx, q, scanSummary, `SELECT `+listColumns+` FROM executions`+rest.String()+` ORDER BY id DESC LIMIT ?`, append(rest.args, limit)...)
	if err != nil {
		return nil, err
	}
	found = append(found, more...)
	slices.SortStableFunc(found, func(a, b automation.ExecutionSummary) int { return strings.Compare(b.ID, a.ID) })
	return found[:min(len(found), limit)], nil
}

// joinWords finds the execution of each row of the index; the order of the tables is
// an order to SQLite.
const joinWords = ` FROM execution_words CROSS JOIN executions ON
	executions.id >= printf('%016x', execution_words.rowid) AND executions.id < printf('%016xg', execution_words.rowid)`

// found are the conditions of a row that the index of words found.
func (p *plan) found(w *where, asked []automation.Status) *where {
	in := &where{
		conditions: []string{"execution_words MATCH ?", "doc = execution_words.rowid"},
		args:       append([]any{p.match(asked)}, w.args...),
	}
	for _, condition := range w.conditions {
		if strings.HasPrefix(condition, "id ") { // the join alone says where to look
			condition = "+" + condition
		}
		in.conditions = append(in.conditions, condition)
	}
	return in
}

// edge is where rows of the index begin or end that are of a time: sure by their ids,
// or maybe.
type edge struct{ sure, maybe int64 }

func (p *plan) docs(skew int64) (lo, hi edge) {
	lo, hi = edge{math.MinInt64, math.MinInt64}, edge{math.MaxInt64, math.MaxInt64}
	if !p.since.IsZero() {
		lo = edge{docAt(p.since, skew), docAt(p.since, -skew)}
	}
	if !p.until.IsZero() {
		hi = edge{docAt(p.until, -skew), docAt(p.until, skew)}
	}
	return lo, hi
}

func docAt(at time.Time, plus int64) int64 { return docOf(idFloor(at, plus) + "0000") }

// match is what the index is asked.
func (p *plan) match(asked []automation.Status) string {
	var yes, no []string
	for _, t := range p.words {
		if t.Not {
			no = append(no, match(t))
		} else {
			yes = append(yes, match(t))
		}
	}
	for _, t := range p.terms {
		if marks, without, ok := p.marksOf(t.Field); ok && without {
			no = append(no, marked(marks))
		}
	}
	if n := p.narrowing(); n != "" {
		yes = append(yes, n)
	}
	yes = append(yes, p.marks(asked)...)
	text := strings.Join(yes, " AND ")
	for _, n := range no {
		text = "(" + text + ") NOT " + n
	}
	return text
}

// mostMarks bounds how many alternatives the index is asked for; beyond, the rows are.
const mostMarks = 20

// marks ask the index for what kinds and statuses decide.
func (p *plan) marks(asked []automation.Status) []string {
	var all []string
	if len(asked) < len(automation.Statuses()) {
		var marks []string
		for _, s := range asked {
			marks = append(marks, statusMark(s))
		}
		all = append(all, marked(marks))
	}
	for _, t := range p.terms {
		if marks, without, ok := p.marksOf(t.Field); ok && !without {
			all = append(all, marked(marks))
		}
	}
	return all
}

// marksOf are the marks that a field of the selected kinds may have, or, when those
// are fewer, the marks that it must not have.
func (p *plan) marksOf(f query.Field) (marks []string, without, ok bool) {
	mark := map[query.Field]func(string) string{query.Action: actionMark, query.Pack: packMark, query.Rule: ruleMark}[f]
	if mark == nil {
		return nil, false, false
	}
	with, rest := map[string]bool{}, map[string]bool{}
	for _, k := range p.kinds {
		with[mark(valueOf(f, k))] = true
	}
	for _, k := range p.known {
		if m := mark(valueOf(f, k)); !with[m] {
			rest[m] = true
		}
	}
	without = len(rest) > 0 && len(rest) < len(with)
	if without {
		with = rest
	}
	return slices.Sorted(setOf(with)), without, len(with) <= mostMarks
}

// marksDecide reports whether the index alone knows what the plan selects.
func (p *plan) marksDecide() bool {
	if len(p.other.conditions) > len(p.params) || !p.wordsDecide() {
		return false
	}
	for _, t := range p.terms {
		if _, _, ok := p.marksOf(t.Field); !ok {
			return false
		}
	}
	return true
}

// freshBatch is how many executions that are not indexed are held in memory.
const freshBatch = 500

// fresh restricts to executions that are not indexed yet and fit the words, and
// reports whether there are any.
func (p *plan) fresh(ctx context.Context, q querier, w *where) (bool, error) {
	w.add("doc IS NULL")
	if len(p.words) == 0 {
		return true, nil
	}
	ids, err := p.readFresh(ctx, q)
	w.add("id IN (SELECT value FROM json_each(?))", jsonText(ids))
	return len(ids) > 0, err
}

func (p *plan) readFresh(ctx context.Context, q querier) (ids []string, err error) {
	for last, n := "", freshBatch; n == freshBatch; {
		docs, err := documents(ctx, q, `e.id IN (SELECT id FROM executions INDEXED BY executions_unindexed WHERE doc IS NULL AND id > ? ORDER BY id LIMIT ?) ORDER BY e.id`,
			last, freshBatch)
		if err != nil {
			return nil, err
		}
		for _, d := range docs {
			if !slices.ContainsFunc(p.words, func(t query.Term) bool { return d.has(t) == t.Not }) {
				ids = append(ids, d.id)
			}
			last = d.id
		}
		n = len(docs)
	}
	return ids, nil
}

// without leaves out what holds words that must not be there, when nothing else is
// searched for.
func (p *plan) without(ctx context.Context, q querier, w *where) error {
	for _, t := range p.words {
		one := &plan{words: []query.Term{{Field: t.Field, Values: t.Values}}}
		fresh, err := one.readFresh(ctx, q)
		if err != nil {
			return err
		}
		w.add(not(t)+`(doc IS NOT NULL AND doc IN (SELECT rowid FROM execution_words WHERE execution_words MATCH ?)
			OR doc IS NULL AND id IN (SELECT value FROM json_each(?)))`, match(t), jsonText(fresh))
	}
	return nil
}

package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/query"
	"github.com/squall-dev/squall/runtime/store"
)

// A list must stop after a page, however many executions there are. What is counted
// tells in advance which of the conditions lets the fewest through: its index is
// walked, newest first, and the others are asked about what it finds.

// plan is a query that is understood: which kinds it selects, which statuses, when,
// which words, and what else.
type plan struct {
	terms    []query.Term // that kinds decide
	statuses []automation.Status
	since    time.Time
	until    time.Time
	words    []query.Term // found by words
	params   []query.Term
	other    where // conditions that only rows answer, in columns with a plus
	exact    *lane // an index that finds few, whatever else is asked

	known map[int64]kind // all kinds
	kinds map[int64]kind // that it selects
	all   bool           // and they are all that there are
	none  bool           // nothing can be selected
}

// mostExact bounds how many keys are looked up one by one.
const mostExact = 5000

// mostWalks bounds how many walks of an index are merged.
const mostWalks = 60

// plan understands a query. Statuses of the query itself are the caller's.
func (s *Store) plan(ctx context.Context, q querier, want store.ExecutionQuery) (*plan, error) {
	p := &plan{since: want.Since, until: want.Until, statuses: automation.Statuses()}
	for _, t := range termsOf(want) {
		if t.Field == query.Trace {
			if err := p.trace(ctx, q, t); err != nil {
				return nil, err
			}
			continue
		}
		p.add(t)
	}
	kinds, err := readKinds(ctx, q)
	if err != nil {
		return nil, err
	}
	p.known, p.kinds = kinds, map[int64]kind{}
	for id, k := range kinds {
		if p.fits(k) {
			p.kinds[id] = k
		}
	}
	p.all = len(p.kinds) == len(kinds)
	p.none = len(p.kinds) == 0 || len(p.statuses) == 0
	return p, nil
}

// termsOf are the conditions of a query as terms.
func termsOf(q store.ExecutionQuery) []query.Term {
	terms := slices.Clone(q.Filter.Terms)
	one := func(field query.Field, text string) {
		if text != "" {
			terms = append(terms, query.Term{Field: field, Values: []query.Value{{Text: text, Glob: field == query.Action && strings.Contains(text, "*")}}})
		}
	}
	one(query.Action, q.Action)
	one(query.Rule, string(q.Rule))
	one(query.Event, q.Event)
	one(query.Parent, q.Parent)
	one(query.From, q.From)
	one(query.TraceID, q.TraceID)
	one(query.Text, q.Text)
	return terms
}

func (p *plan) add(t query.Term) {
	switch t.Field {
	case query.Status:
		p.statuses = slices.DeleteFunc(slices.Clone(p.statuses), func(s automation.Status) bool { return matches(t, string(s)) == t.Not })
	case query.Action, query.Pack, query.Rule, query.Trigger, query.Actor:
		p.terms = append(p.terms, t)
	case query.Since, query.Until:
		p.bound(t)
	case query.Text, query.Error, query.Log:
		p.words = append(p.words, t)
	case query.Param:
		p.params = append(p.params, t)
		p.param(t)
	case query.Event:
		p.key(t, "event")
	case query.Parent:
		p.key(t, "parent")
	case query.From:
		p.key(t, "started_from")
	case query.TraceID:
		p.key(t, "trace_id")
		p.ofItsEvent()
	case query.ID:
		p.id(t)
	default:
		p.row(t)
	}
}

func matches(t query.Term, text string) bool {
	return slices.ContainsFunc(t.Values, func(v query.Value) bool { return v.Match(text) })
}

// bound narrows the time; a bound with a minus is the other one.
func (p *plan) bound(t query.Term) {
	if (t.Field == query.Since) != t.Not {
		if t.Time.After(p.since) {
			p.since = t.Time
		}
	} else if p.until.IsZero() || t.Time.Before(p.until) {
		p.until = t.Time
	}
}

// key is a reference to something that few executions share.
func (p *plan) key(t query.Term, column string) {
	values := slices.Compact(slices.Sorted(slices.Values(textsOf(t))))
	if t.Not {
		p.other.add("+"+column+" NOT IN (SELECT value FROM json_each(?))", jsonText(values))
		return
	}
	p.other.add("+"+column+" IN (SELECT value FROM json_each(?))", jsonText(values))
	if len(values) <= mostExact {
		p.exact = &lane{column: column, also: column + " <> ''", values: values}
	}
}

// ofItsEvent adds the executions whose story is that of their event: the index of
// stories leaves them out.
func (p *plan) ofItsEvent() {
	if l := p.exact; l != nil && l.column == "trace_id" {
		p.exact = &lane{column: l.column, also: l.also + " AND trace_id <> event", values: l.values,
			twin: &lane{column: "event", also: "event <> '' AND +trace_id = event", values: l.values}}
	}
}

func (p *plan) id(t query.Term) {
	var parts []string
	var args []any
	for _, v := range t.Values {
		text := strings.ToLower(v.Text)
		if v.Glob || automation.ValidID(text) {
			parts, args = append(parts, "id GLOB ?"), append(args, globEscaper.Replace(text))
			continue
		}
		parts, args = append(parts, "(id >= ? AND id < ?)"), append(args, text, text+"g") // its beginning
	}
	p.other.add(not(t)+"("+strings.Join(parts, " OR ")+")", args...)
}

func not(t query.Term) string {
	if t.Not {
		return "NOT "
	}
	return ""
}

// row is a condition that only the row answers.
func (p *plan) row(t query.Term) {
	switch t.Field {
	case query.Attempts:
		p.other.add(not(t)+"(attempts "+string(t.Op)+" ?)", t.Number)
	case query.Duration:
		p.other.add(not(t)+"(coalesce(finished_at - started_at, -1) >= 0 AND finished_at - started_at "+string(t.Op)+" ?)", t.Number)
	case query.Dry:
		p.other.add(not(t)+"(dry_run = ?)", t.Values[0].Text == "true")
	case query.Code:
		if !t.Not { // only what did not succeed has a code
			p.statuses = slices.DeleteFunc(slices.Clone(p.statuses), func(s automation.Status) bool { return !s.Final() || s == automation.Succeeded })
		}
		p.other.add(not(t) + "(" + oneOf("code", t, &p.other) + ")")
	}
}

// trace looks for the events of a trace first: they are few.
func (p *plan) trace(ctx context.Context, q querier, t query.Term) error {
	w := &where{}
	condition := oneOf("trace", t, w)
	events, err := collect(ctx, q, func(r scanner) (id string, err error) { return id, r.Scan(&id) },
		`SELECT id FROM events WHERE trace <> '' AND (`+condition+`)`, w.args...)
	if err != nil {
		return err
	}
	ids := query.Term{Field: query.Event, Not: t.Not}
	for _, id := range events {
		ids.Values = append(ids.Values, query.Value{Text: id})
	}
	p.key(ids, "event")
	return nil
}

// oneOf compares a column with the values of a term; its arguments go to w.
func oneOf(column string, t query.Term, w *where) string {
	var parts []string
	for _, v := range t.Values {
		if v.Glob {
			parts = append(parts, column+" GLOB ?")
			w.args = append(w.args, globEscaper.Replace(v.Text))
			continue
		}
		parts = append(parts, column+" = ?")
		w.args = append(w.args, v.Text)
	}
	return strings.Join(parts, " OR ")
}

// param compares a parameter as text. The words of its values find it in the index;
// this makes sure that they stand in that parameter.
func (p *plan) param(t query.Term) {
	w := &where{args: []any{jsonPath(t.Name)}}
	condition := oneOf("lower(CAST(v AS TEXT))", lower(t), w)
	p.other.add(not(t)+`EXISTS (SELECT 1 FROM (SELECT CASE json_type(parameters, path) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE json_extract(parameters, path) END AS v
		FROM (SELECT parameters, ? AS path FROM execution_data WHERE execution = executions.id)) WHERE `+condition+`)`, w.args...)
}

// lower makes a term that compares in any case, as the index of words does.
func lower(t query.Term) query.Term {
	t.Values = slices.Clone(t.Values)
	for i, v := range t.Values {
		t.Values[i].Text = strings.ToLower(v.Text)
	}
	return t
}

// jsonPath is a path of names and indexes, which the parser has checked, in SQLite's
// language.
func jsonPath(name string) string {
	var b strings.Builder
	b.WriteString("$")
	for part := range strings.SplitSeq(name, ".") {
		part, index, indexed := strings.Cut(part, "[")
		if part != "" {
			b.WriteString(`."` + strings.ReplaceAll(part, `"`, "") + `"`)
		}
		if indexed {
			b.WriteString("[" + index)
		}
	}
	return b.String()
}

// fits reports whether a kind passes the terms that kinds decide.
func (p *plan) fits(k kind) bool {
	for _, t := range p.terms {
		text := ""
		switch t.Field {
		case query.Action:
			text = string(k.action)
		case query.Pack:
			text = packOf(k.action)
		case query.Rule:
			text = string(k.rule)
		case query.Trigger:
			text = k.trigger
		case query.Actor:
			text = k.actor
		}
		if (text != "" && matches(t, text)) == t.Not {
			return false
		}
	}
	return true
}

func packOf(action automation.Ref) string {
	pack, _, _ := strings.Cut(string(action), ".")
	return pack
}

func readKinds(ctx context.Context, q querier) (map[int64]kind, error) {
	type row struct {
		id int64
		kind
	}
	rows, err := collect(ctx, q, func(r scanner) (x row, err error) {
		return x, r.Scan(&x.id, &x.action, &x.rule, &x.trigger, &x.actor)
	}, `SELECT id, action, rule, trigger, actor FROM execution_kinds`)
	kinds := make(map[int64]kind, len(rows))
	for _, r := range rows {
		kinds[r.id] = r.kind
	}
	return kinds, err
}

// conditions are what every row must pass, whatever is walked.
func (p *plan) conditions(skew int64) *where {
	w := p.other.clone()
	for _, t := range p.terms {
		column := "+" + columnOf(t.Field)
		values := []string{}
		for _, k := range p.kinds {
			values = append(values, valueOf(t.Field, k))
		}
		slices.Sort(values)
		w.add(column+" IN (SELECT value FROM json_each(?))", jsonText(slices.Compact(values)))
	}
	p.between(w, skew)
	return w
}

func columnOf(f query.Field) string {
	if f == query.Actor {
		return "started_by"
	}
	return string(f)
}

func valueOf(f query.Field, k kind) string {
	switch f {
	case query.Action:
		return string(k.action)
	case query.Pack:
		return packOf(k.action)
	case query.Rule:
		return string(k.rule)
	case query.Trigger:
		return k.trigger
	}
	return k.actor
}

// between bounds the time, and the ids that can be of that time.
func (p *plan) between(w *where, skew int64) {
	if !p.since.IsZero() {
		w.add("id >= ? AND +created_at >= ?", idFloor(p.since, -skew), nanos(p.since))
	}
	if !p.until.IsZero() {
		w.add("id < ? AND +created_at < ?", idFloor(p.until, skew), nanos(p.until))
	}
}

// idFloor is the least id of a time.
func idFloor(at time.Time, plus int64) string {
	ms := floorDiv(nanos(at)+plus, int64(time.Millisecond))
	return fmt.Sprintf("%012x", max(ms, 0))
}

func setOf(m map[string]bool) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func textOf[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

func textsOf(t query.Term) []string {
	var out []string
	for _, v := range t.Values {
		out = append(out, v.Text)
	}
	return out
}

// jsonText is a list for json_each, which takes null for a list of one NULL.
func jsonText(values []string) string {
	if len(values) == 0 {
		return "[]"
	}
	text, _ := json.Marshal(values) // strings always can
	return string(text)
}

package rule

import (
	"maps"
	"slices"

	"github.com/squall-dev/squall/runtime/expr"
)

// pool is rules that look at the same events, found by what their conditions
// compare with constants.
type pool struct {
	rules     []*compiled
	unguarded []*compiled // can not be told apart by an index
	fields    []*field
}

// field finds rules by one value of the event.
type field struct {
	foreach  *expr.Path
	path     expr.Path
	same     map[scalar][]*compiled
	folded   map[string][]*compiled
	prefixes map[string][]*compiled
	lengths  []int // of the prefixes, ascending
	// texts are those in folded and prefixes: for them a value that is no text is
	// an error, which has to be seen.
	texts []*compiled
	all   []*compiled
}

// use is one constant in one place, to count how many rules compare with it.
type use struct {
	field fieldKey
	how   comparison
	value scalar
}

// build indexes every rule by its most selective guard.
func (p *pool) build() {
	guards, uses := make([][]guard, len(p.rules)), map[use]int{}
	for i, r := range p.rules {
		guards[i] = r.guards()
		for _, g := range guards[i] {
			g.each(func(u use) { uses[u]++ })
		}
	}
	fields := map[fieldKey]*field{}
	for i, r := range p.rules {
		if len(guards[i]) == 0 {
			p.unguarded = append(p.unguarded, r)
			continue
		}
		p.guard(r, mostSelective(guards[i], uses), fields)
	}
	for _, f := range p.fields {
		slices.Sort(f.lengths)
		f.lengths = slices.Compact(f.lengths)
	}
}

func (g guard) each(yield func(use)) {
	for _, a := range g {
		for _, v := range a.values {
			yield(use{a.field, a.how, v})
		}
	}
}

// mostSelective is the guard whose constants the fewest rules share.
func mostSelective(guards []guard, uses map[use]int) guard {
	best, least := guards[0], -1
	for _, g := range guards {
		n := 0
		g.each(func(u use) { n += uses[u] })
		if least < 0 || n < least {
			best, least = g, n
		}
	}
	return best
}

// guard files a rule under every constant of its guard.
func (p *pool) guard(r *compiled, g guard, fields map[fieldKey]*field) {
	for _, a := range g {
		f, ok := fields[a.field]
		if !ok {
			f = &field{foreach: r.foreach, path: a.path, same: map[scalar][]*compiled{},
				folded: map[string][]*compiled{}, prefixes: map[string][]*compiled{}}
			fields[a.field] = f
			p.fields = append(p.fields, f)
		}
		f.file(r, a)
	}
}

func (f *field) file(r *compiled, a atom) {
	f.all = append(f.all, r)
	if a.how != sameValue {
		f.texts = append(f.texts, r)
	}
	for _, v := range a.values {
		switch a.how {
		case sameValue:
			f.same[v] = append(f.same[v], r)
		case sameFolded:
			f.folded[v.text] = append(f.folded[v.text], r)
		case hasPrefix:
			f.prefixes[v.text] = append(f.prefixes[v.text], r)
			f.lengths = append(f.lengths, len(v.text))
		}
	}
}

// candidates adds the rules that are worth a look, some of them more than once.
func (p *pool) candidates(in *Input, names map[string]any, found []*compiled) []*compiled {
	found = append(found, p.unguarded...)
	if empty(in.Payload) {
		return found
	}
	for _, f := range p.fields {
		found = f.candidates(names, found)
	}
	return found
}

func (f *field) candidates(names map[string]any, found []*compiled) []*compiled {
	if f.foreach == nil {
		v, _ := f.path.Lookup(names)
		return f.having(v, found)
	}
	list, _, err := items(f.foreach, names)
	if err != nil {
		return append(found, f.all...)
	}
	for _, v := range f.distinct(names, list) {
		found = f.having(v, found)
	}
	return found
}

// distinct looks the value up in every item. Of values that the index can not
// tell apart one is enough.
func (f *field) distinct(names map[string]any, list []any) []any {
	inner, seen := maps.Clone(names), make(map[any]bool, len(list))
	var values []any
	for i, item := range list {
		inner[itemName], inner[indexName] = item, int64(i)
		v, _ := f.path.Lookup(inner)
		s, ok, odd := scalarOf(v)
		var key any = s
		if !ok {
			key = odd
		}
		if !seen[key] {
			seen[key] = true
			values = append(values, v)
		}
	}
	return values
}

// having adds the rules that a value lets through.
func (f *field) having(v any, found []*compiled) []*compiled {
	s, ok, odd := scalarOf(v)
	switch {
	case odd:
		return append(found, f.all...)
	case ok:
		found = append(found, f.same[s]...)
	}
	if !s.isText {
		return append(found, f.texts...)
	}
	if len(f.folded) > 0 {
		found = append(found, f.folded[lower(s.text)]...)
	}
	for _, n := range f.lengths {
		if n > len(s.text) {
			break
		}
		found = append(found, f.prefixes[s.text[:n]]...)
	}
	return found
}

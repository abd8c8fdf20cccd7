package rule

import (
	"cmp"
	"slices"

	"github.com/squall-dev/squall/runtime/automation"
)

const (
	// fewRules is up to how many rules of one event are all evaluated. When more
	// look at it, those that can not match are passed over; see [Judgement].
	fewRules = 100
	// maxMisses is how many verdicts that did not match one event keeps.
	maxMisses = 100
)

// Judgement is what the rules of a set make of one event.
//
// It keeps every match. Of the verdicts that are none it keeps 100: one of each
// rule before a second of any, errors before misses, near misses before far ones.
// So as long as no more than 100 rules look at an event, each of them leaves its
// reasons. When more do, the rules that an index shows to miss are not evaluated
// and only counted: the index knows the conditions that compare a value of the
// event with a constant (equals, iequals, startswith, inside).
type Judgement struct {
	// Matches are the decisions that are worth keeping, in the order of the rules,
	// backstops last. A rule with foreach has one for each item.
	Matches []Match
	// Looked counts all rules that looked at the event.
	Looked int
}

// Match returns the matches of [Set.Judge].
func (s *Set) Match(in Input) []Match { return s.Judge(in).Matches }

// Judge asks every enabled rule that looks at such events: its trigger's type is
// the event's, and so are all parameters that it names. Backstops look only when
// none of the others acts; a rule that only observes does not keep them from it.
func (s *Set) Judge(in Input) Judgement {
	j := judging{in: &in, names: eventScope(&in)}
	looking := s.index[in.Trigger].looking(in.Parameters)
	j.ask(looking, func(t *tribe) *pool { return &t.standard })
	if !slices.ContainsFunc(j.matches, acts) {
		j.ask(looking, func(t *tribe) *pool { return &t.backstop })
	}
	kept := keep(j.matches)
	for i := range kept {
		kept[i].bound()
	}
	return Judgement{Matches: kept, Looked: j.looked}
}

func acts(m Match) bool {
	return m.Verdict.Outcome == automation.Matched && !m.Verdict.Observed
}

// judging is the work on one event.
type judging struct {
	in      *Input
	names   map[string]any
	matches []Match
	looked  int
}

// ask lets the rules of one kind decide.
func (j *judging) ask(looking []*tribe, kind func(*tribe) *pool) {
	total := 0
	for _, t := range looking {
		total += len(kind(t).rules)
	}
	j.looked += total
	var rules []*compiled
	for _, t := range looking {
		if p := kind(t); total <= fewRules {
			rules = append(rules, p.rules...)
		} else {
			rules = p.candidates(j.in, j.names, rules)
		}
	}
	for _, r := range inOrder(rules) {
		j.matches = append(j.matches, r.decide(j.in, j.names)...)
	}
}

// inOrder sorts rules as they were compiled, each once.
func inOrder(rules []*compiled) []*compiled {
	slices.SortFunc(rules, func(a, b *compiled) int { return cmp.Compare(a.order, b.order) })
	return slices.Compact(rules)
}

// keep leaves out misses beyond the bound, and the order as it is.
func keep(all []Match) []Match {
	misses := make([]miss, 0, len(all))
	for i := range all {
		if all[i].Verdict.Outcome != automation.Matched {
			misses = append(misses, missOf(all, i))
		}
	}
	if len(misses) <= maxMisses {
		return all
	}
	bestOfEachRule(all, misses)
	slices.SortStableFunc(misses, compareMisses)
	drop := make(map[int]bool, len(misses)-maxMisses)
	for _, m := range misses[maxMisses:] {
		drop[m.at] = true
	}
	kept := make([]Match, 0, len(all)-len(drop))
	for i := range all {
		if !drop[i] {
			kept = append(kept, all[i])
		}
	}
	return kept
}

// miss is what a verdict that is no match is worth.
type miss struct {
	at    int  // in the list of matches
	best  bool // of its rule
	error bool
	short int // how many criteria it lacks
}

func missOf(all []Match, i int) miss {
	v := &all[i].Verdict
	return miss{at: i, error: v.Outcome == automation.Errored, short: v.Total - v.Held}
}

// bestOfEachRule marks them. The verdicts of one rule stand beside each other.
func bestOfEachRule(all []Match, misses []miss) {
	for i := 0; i < len(misses); {
		best, rule := i, all[misses[i].at].Rule
		for ; i < len(misses) && all[misses[i].at].Rule == rule; i++ {
			if compareMisses(misses[i], misses[best]) < 0 {
				best = i
			}
		}
		misses[best].best = true
	}
}

func compareMisses(a, b miss) int {
	return cmp.Or(falseLast(a.best, b.best), falseLast(a.error, b.error), cmp.Compare(a.short, b.short), cmp.Compare(a.at, b.at))
}

func falseLast(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// best is the match that says most about a rule: one that holds, else the most
// telling miss.
func best(all []Match) Match {
	found := 0
	for i := range all {
		if all[i].Verdict.Outcome == automation.Matched {
			return all[i]
		}
		if compareMisses(missOf(all, i), missOf(all, found)) < 0 {
			found = i
		}
	}
	return all[found]
}

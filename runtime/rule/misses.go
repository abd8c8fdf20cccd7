package rule

import (
	"cmp"
	"slices"

	"github.com/squall-dev/squall/runtime/automation"
)

// Misses tells of rules that left no verdict why they do not match: those to skip are
// passed over, all others that look at the event are asked, with no index. It keeps
// 100, errors before misses, near misses before far ones; total is how many there
// are. One that matches after all comes first: the rule was another one then.
func (s *Set) Misses(in Input, skip func(automation.Ref) bool) (nearest []Match, total int) {
	var all []Match
	names := eventScope(&in)
	for _, t := range s.index[in.Trigger].looking(in.Parameters) {
		for _, r := range inOrder(slices.Concat(t.standard.rules, t.backstop.rules)) {
			if !skip(r.Ref()) {
				all = append(all, best(r.decide(&in, names)))
			}
		}
	}
	order := make([]miss, len(all))
	for i := range all {
		order[i] = missOf(all, i)
	}
	slices.SortFunc(order, func(a, b miss) int {
		return cmp.Or(falseLast(isMatch(all[a.at]), isMatch(all[b.at])), compareMisses(a, b))
	})
	for _, m := range order[:min(len(order), maxMisses)] {
		nearest = append(nearest, all[m.at])
	}
	for i := range nearest {
		nearest[i].bound()
	}
	return nearest, len(all)
}

func isMatch(m Match) bool { return m.Verdict.Outcome == automation.Matched }

package packs

import (
	"fmt"
	"slices"
)

// didYouMean returns the end of a message that names the known name nearest to
// name, or "" when none is near.
func didYouMean(name string, known []string) string {
	best, least := "", len(name)/3+2
	for _, k := range slices.Sorted(slices.Values(known)) {
		if steps := distance(name, k); steps < least {
			best, least = k, steps
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance counts the single-byte insertions, deletions and replacements that
// turn a into b.
func distance(a, b string) int {
	const most = 200 // names longer than that are nobody's typing error
	if len(a) > most || len(b) > most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

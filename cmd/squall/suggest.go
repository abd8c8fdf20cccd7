package main

import (
	"cmp"
	"slices"
	"strings"
)

// alternatives is a hint: what may have been meant, and where to look.
func alternatives(given string, known []string, next string) string {
	near := nearest(given, known)
	if len(near) == 0 {
		return next
	}
	return "did you mean: " + strings.Join(near, ", ") + "\n" + next
}

// nearest returns at most three words that differ from the given one by a slip
// of the finger or that hold it.
func nearest(given string, known []string) []string {
	type candidate struct {
		word string
		far  int
	}
	var found []candidate
	for _, word := range known {
		far := distance(given, word)
		if far <= max(2, len(given)/4) || len(given) > 2 && strings.Contains(word, given) {
			found = append(found, candidate{word, far})
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.far, b.far), cmp.Compare(a.word, b.word))
	})
	var words []string
	for _, c := range found[:min(3, len(found))] {
		words = append(words, c.word)
	}
	return words
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours that make b of a.
func distance(a, b string) int {
	var before []int
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

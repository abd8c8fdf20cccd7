package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
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
		far := automation.Distance(given, word)
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

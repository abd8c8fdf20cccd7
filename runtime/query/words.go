package query

import (
	"strings"
	"unicode"
)

// longestWord is how much of a word counts: what is longer is no word that anybody
// types, but it is found by its beginning.
const longestWord = 64

// Words are the words of a text as a search sees them: runs of letters and digits, in
// lower case.
func Words(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) })
	for i, w := range words {
		if len(w) > longestWord {
			words[i] = strings.ToValidUTF8(w[:longestWord], "")
		}
	}
	return words
}

// HasWords reports whether words hold others in succession; of the last one the
// beginning will do. It is what a search in an index of words must find.
func HasWords(words, wanted []string) bool {
	if len(wanted) == 0 {
		return false
	}
	last := len(wanted) - 1
next:
	for i := 0; i+last < len(words); i++ {
		for j, w := range wanted {
			have := words[i+j]
			if have != w && (j < last || !strings.HasPrefix(have, w)) {
				continue next
			}
		}
		return true
	}
	return false
}

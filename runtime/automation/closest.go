package automation

// Closest returns the candidate that word was probably meant to be, for "did you
// mean": at most two slips of the finger, and less than about half of the word,
// away. It returns "" when none is near; of equally near ones, the first.
func Closest(word string, candidates []string) string {
	best, least := "", min(3, (len(word)+1)/2+1)
	for _, c := range candidates {
		if d := Distance(word, c); d < least {
			best, least = c, d
		}
	}
	return best
}

// mostTyped is the length over which nobody mistypes a word.
const mostTyped = 200

// Distance counts the insertions, deletions, replacements and swaps of neighbouring
// bytes that make b of a: the optimal string alignment distance of Damerau and
// Levenshtein. Words of more than 200 bytes are that far from every other.
func Distance(a, b string) int {
	if len(a) > mostTyped || len(b) > mostTyped {
		return mostTyped
	}
	var before []int // the row before last
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

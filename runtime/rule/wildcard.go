package rule

import "strings"

// matchWildcard matches the whole of s with a shell pattern. A star crosses
// newlines and slashes; a backslash is an ordinary character.
func matchWildcard(s, pattern string) bool {
	text, tokens := []rune(s), wildcardTokens(pattern)
	i, j := 0, 0
	star, resume := -1, 0 // the last star, and where the text went on after it
	for i < len(text) {
		switch {
		case j < len(tokens) && tokens[j].star:
			star, resume = j, i
			j++
		case j < len(tokens) && tokens[j].matches(text[i]):
			i++
			j++
		case star >= 0: // let the star swallow one more
			resume++
			i, j = resume, star+1
		default:
			return false
		}
	}
	for j < len(tokens) && tokens[j].star {
		j++
	}
	return j == len(tokens)
}

// wildcardToken is a star, or a test of one character.
type wildcardToken struct {
	star bool
	any  bool
	not  bool
	set  []runeRange
}

type runeRange struct{ low, high rune }

func (t wildcardToken) matches(r rune) bool {
	if t.any {
		return true
	}
	for _, s := range t.set {
		if s.low <= r && r <= s.high {
			return !t.not
		}
	}
	return t.not
}

func wildcardTokens(pattern string) []wildcardToken {
	var tokens []wildcardToken
	for rest := []rune(pattern); len(rest) > 0; {
		t, n := wildcardToken{set: []runeRange{{rest[0], rest[0]}}}, 1
		switch rest[0] {
		case '*':
			t = wildcardToken{star: true}
		case '?':
			t = wildcardToken{any: true}
		case '[':
			if set, length := wildcardSet(rest); length > 0 {
				t, n = set, length
			}
		}
		if !t.star || len(tokens) == 0 || !tokens[len(tokens)-1].star {
			tokens = append(tokens, t)
		}
		rest = rest[n:]
	}
	return tokens
}

// wildcardSet reads "[...]"; its length is 0 when the bracket is not closed and
// so stands for itself.
func wildcardSet(rest []rune) (t wildcardToken, length int) {
	i := 1
	if i < len(rest) && rest[i] == '!' {
		t.not = true
		i++
	}
	end := strings.IndexRune(string(rest[min(i+1, len(rest)):]), ']')
	if end < 0 {
		return t, 0
	}
	end = i + 1 + len([]rune(string(rest[i+1:])[:end]))
	for members := rest[i:end]; len(members) > 0; {
		if len(members) >= 3 && members[1] == '-' {
			t.set = append(t.set, runeRange{members[0], members[2]})
			members = members[3:]
			continue
		}
		t.set = append(t.set, runeRange{members[0], members[0]})
		members = members[1:]
	}
	return t, end + 1
}

package vault

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// Mask stands where a secret value was.
const Mask = "********"

// shortest is the length of a value from which it is looked for, in bytes: shorter ones
// would take ordinary text away.
const shortest = 6

// scrubber finds known values, however they are written. It never changes.
type scrubber struct {
	replace *strings.Replacer // nil when there is nothing to look for
}

func newScrubber(values []string) *scrubber {
	var forms []string
	for _, v := range values {
		if len(v) >= shortest {
			forms = append(forms, writings(v)...)
		}
	}
	if len(forms) == 0 {
		return &scrubber{}
	}
	// The longest first: where two begin at one place, all of the longer one goes.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, f := range slices.Compact(forms) {
		pairs = append(pairs, f, Mask)
	}
	return &scrubber{strings.NewReplacer(pairs...)}
}

// Scrubber takes these values out of a text, as the vault takes its own.
func Scrubber(values []string) func(string) string { return newScrubber(values).text }

func (s *scrubber) text(text string) string {
	if s.replace == nil {
		return text
	}
	return s.replace.Replace(text)
}

// writings are the ways to write a value that are looked for.
func writings(v string) []string {
	all := []string{v, url.QueryEscape(v), url.PathEscape(v), hex.EncodeToString([]byte(v)), strings.ToUpper(hex.EncodeToString([]byte(v)))}
	if quoted, err := json.Marshal(v); err == nil {
		all = append(all, strings.Trim(string(quoted), `"`))
	}
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 {
			all = append(all, inBase64(e, v, shift))
		}
	}
	all = slices.DeleteFunc(all, func(s string) bool { return len(s) < shortest })
	slices.Sort(all)
	return slices.Compact(all)
}

// inBase64 is the part of a longer text in base64 that comes of v alone, when so many
// bytes of a group of three stand before it.
func inBase64(e *base64.Encoding, v string, before int) string {
	text := e.EncodeToString(append(make([]byte, before), v...))
	skip := []int{0, 2, 3}[before] // characters that the bytes before have a part in
	end := len(text)
	if (before+len(v))%3 != 0 {
		end-- // what follows has a part in the last one
	}
	return text[min(skip, end):end]
}

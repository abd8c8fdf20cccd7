package hostfuncs

import (
	"encoding/base64"
	"unicode/utf8"

	"github.com/squall-dev/squall/runtime/automation"
)

// MaxReplyBytes is how much of a stream enters a guest in one reply. What is
// larger belongs into an artifact.
const MaxReplyBytes = 1 << 20

// Text splits bytes for the JSON wire: as text when they are UTF-8, else as
// base64, so that nothing is lost. Of bytes that were cut short it drops the
// broken character at the end, so that a cut does not turn text into base64.
func Text(b []byte, cut bool) (text, encoded string) {
	if cut {
		b = trimBrokenRune(b)
	}
	if utf8.Valid(b) {
		return string(b), ""
	}
	return "", base64.StdEncoding.EncodeToString(b)
}

// trimBrokenRune removes the first bytes of a character whose rest is missing.
func trimBrokenRune(b []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		tail := b[len(b)-i:]
		if utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				return b[:len(b)-i]
			}
			return b
		}
	}
	return b
}

// Bytes reads a request's content, which stands either as text or as base64.
func Bytes(text, encoded, field string) ([]byte, error) {
	if encoded == "" {
		return []byte(text), nil
	}
	if text != "" {
		return nil, automation.Invalid("both %s and %s_base64 are given", field, field).
			WithHint("give one of the two")
	}
	b, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, automation.Invalid("%s_base64 is not base64", field).Because(err)
	}
	return b, nil
}

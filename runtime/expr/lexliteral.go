package expr

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// numberForm is how numbers are written, as in Python. It has no state.
var numberForm = regexp.MustCompile(`^(?i:0x[0-9a-f_]+|0b[01_]+|0o[0-7_]+|[0-9][0-9_]*(?:\.[0-9][0-9_]*)?(?:e[+-]?[0-9]+)?)`)

// readNumber reads what numberForm matched.
func readNumber(s string) (any, bool) {
	digits := strings.ReplaceAll(s, "_", "")
	prefixed := len(digits) > 1 && digits[0] == '0' && strings.ContainsAny(digits[1:2], "xXbBoO")
	if !prefixed && strings.ContainsAny(digits, ".eE") {
		f, err := strconv.ParseFloat(digits, 64)
		return f, err == nil
	}
	if !prefixed {
		digits = strings.TrimLeft(digits, "0")
		if digits == "" {
			digits = "0"
		}
	}
	if i, err := strconv.ParseInt(digits, 0, 64); err == nil {
		return i, true
	}
	i, ok := new(big.Int).SetString(digits, 0)
	if !ok || len(digits) > maxDigits {
		return nil, false
	}
	return json.Number(i.String()), true
}

// readString reads a text in quotes and says how long it is in the source.
func readString(s string) (text string, length int, ok bool) {
	quote := s[0]
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case quote:
			return unescape(s[1:i]), i + 1, true
		}
	}
	return "", 0, false
}

// unescape reads the escapes of Python's texts. A backslash before anything else
// stays, so that '\d' is a regular expression and '\1' a group.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		text, length := escapeAt(s[i+1:])
		b.WriteString(text)
		i += length
	}
	return b.String()
}

func escapeAt(s string) (text string, length int) {
	simple := map[byte]string{
		'\\': `\`, '\'': "'", '"': `"`, '\n': "", 'n': "\n", 't': "\t", 'r': "\r",
		'a': "\a", 'b': "\b", 'f': "\f", 'v': "\v", '0': "\x00",
	}
	if text, ok := simple[s[0]]; ok {
		return text, 1
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[0]]
	if digits > 0 && len(s) > digits {
		code, err := strconv.ParseUint(s[1:1+digits], 16, 32)
		if err == nil && code <= utf8.MaxRune {
			return string(rune(code)), 1 + digits
		}
	}
	return `\`, 0
}

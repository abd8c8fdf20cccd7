package trigger

import (
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

// commonName finds the one common name in a distinguished name as proxies write it:
// RFC 4514, "CN=alertmanager,O=Example". The older form with slashes is refused,
// because nothing in it is escaped: whoever chooses an organisation's name could add
// a common name.
func commonName(dn string) (string, error) {
	var found []string
	for rest := dn; rest != ""; {
		kind, value, after, err := cutAttribute(rest)
		if err != nil {
			return "", err
		}
		if kind = strings.TrimSpace(kind); strings.EqualFold(kind, "CN") || kind == "2.5.4.3" || strings.EqualFold(kind, "commonName") {
			found = append(found, value)
		}
		rest = after
	}
	if len(found) != 1 || found[0] == "" {
		return "", automation.Invalid("it does not have exactly one common name")
	}
	return found[0], nil
}

var attributeType = regexp.MustCompile(`^\s*[A-Za-z0-9][A-Za-z0-9.-]*\s*$`)

// cutAttribute reads one TYPE=VALUE up to an unescaped comma, semicolon or plus.
func cutAttribute(s string) (kind, value, rest string, err error) {
	kind, raw, ok := strings.Cut(s, "=")
	if !ok || !attributeType.MatchString(kind) || strings.HasPrefix(raw, "#") || strings.HasPrefix(raw, `"`) {
		return "", "", "", automation.Invalid("it is not written as RFC 4514 says: CN=name,O=organisation")
	}
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; c {
		case ',', ';', '+':
			if i+1 == len(raw) {
				return "", "", "", automation.Invalid("it ends early")
			}
			return kind, b.String(), raw[i+1:], nil
		case '\\':
			decoded, n := unescape(raw[i+1:])
			if n == 0 {
				return "", "", "", automation.Invalid("it has an escape that is none")
			}
			b.WriteByte(decoded)
			i += n
		default:
			b.WriteByte(c)
		}
	}
	return kind, b.String(), "", nil
}

// unescape reads what stands behind a backslash: two hexadecimal digits or one
// special character. It returns how much that was.
func unescape(s string) (decoded byte, length int) {
	if len(s) >= 2 {
		if decoded, err := hex.DecodeString(s[:2]); err == nil {
			return decoded[0], 2
		}
	}
	if s != "" && strings.ContainsRune(` "#+,;<=>\`, rune(s[0])) {
		return s[0], 1
	}
	return 0, 0
}

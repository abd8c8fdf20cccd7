package trigger

import (
	"crypto/x509"
	"encoding/hex"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

// Name is what a client certificate calls its holder.
type Name struct{ Kind, Value string }

// The kinds of names: the subject's common name, and the alternative names.
const (
	NameCN    = "cn"
	NameDNS   = "dns"
	NameURI   = "uri"
	NameEmail = "email"
	NameIP    = "ip"
)

// NamesOf lists the names in a certificate, which somebody else has verified.
func NamesOf(c *x509.Certificate) []Name {
	var all []Name
	add := func(kind, value string) {
		if value != "" {
			all = append(all, Name{kind, value})
		}
	}
	add(NameCN, c.Subject.CommonName)
	for _, s := range c.DNSNames {
		add(NameDNS, s)
	}
	for _, u := range c.URIs {
		add(NameURI, u.String())
	}
	for _, s := range c.EmailAddresses {
		add(NameEmail, s)
	}
	for _, ip := range c.IPAddresses {
		add(NameIP, ip.String())
	}
	return all
}

// verifyMTLS compares the names in the sender's certificate with those that may
// send. That the certificate is genuine was found out when the connection was made.
func (e Endpoint) verifyMTLS(d Delivery) error {
	switch {
	case errors.Is(d.Client.Err, errUntrusted):
		return denied(CodeUntrustedProxy, "the subject of a certificate was told by a peer that is no trusted proxy")
	case d.Client.Err != nil:
		return denied(CodeWrongCertificate, "the subject of the client certificate can not be used: %s", d.Client.Err)
	case len(d.Client.Names) == 0:
		return denied(CodeMissingCertificate, "the delivery came without a client certificate")
	}
	for _, pattern := range e.Subjects {
		if slices.ContainsFunc(d.Client.Names, subject(pattern).fits) {
			return nil
		}
	}
	return denied(CodeWrongCertificate, "the client certificate belongs to nobody who may send")
}

// subjectPattern is an entry of [Endpoint.Subjects] taken apart.
type subjectPattern struct{ kind, glob string }

// subject reads "cn:alertmanager", "dns:*.example.com" or a pattern for any name.
func subject(pattern string) subjectPattern {
	kind, glob, found := strings.Cut(pattern, ":")
	if found && slices.Contains([]string{NameCN, NameDNS, NameURI, NameEmail, NameIP}, kind) {
		return subjectPattern{kind, glob}
	}
	return subjectPattern{"", pattern}
}

func (p subjectPattern) fits(n Name) bool {
	if p.kind != "" && p.kind != n.Kind {
		return false
	}
	glob := regexp.QuoteMeta(p.glob)
	glob = strings.ReplaceAll(glob, `\*\*`, `.*`)
	glob = strings.ReplaceAll(glob, `\*`, `[^./]*`)
	flags := "s"
	if n.Kind == NameDNS {
		flags = "si"
	}
	re, err := regexp.Compile(`(?` + flags + `)\A` + glob + `\z`)
	return err == nil && re.MatchString(n.Value)
}

func (e Endpoint) checkSubjects() error {
	if len(e.Subjects) == 0 {
		return automation.Invalid("auth mtls needs the subjects that may send").
			WithHint(`subjects: ["cn:alertmanager", "dns:*.monitoring.example.com"]`)
	}
	for _, pattern := range e.Subjects {
		if subject(pattern).glob == "" {
			return automation.Invalid("subjects: %q names nobody", pattern)
		}
	}
	return nil
}

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

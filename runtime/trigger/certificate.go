package trigger

import (
	"crypto/x509"
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

package trigger

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/http"
	"net/netip"
	"net/url"
	"testing"
	"time"
	"unicode/utf8"
)

// holder is a certificate with a name of every kind.
func holder() *x509.Certificate {
	return &x509.Certificate{
		Subject:        pkix.Name{CommonName: "alertmanager"},
		DNSNames:       []string{"am-0.mon.example.com"},
		EmailAddresses: []string{"jane.doe@example.com"},
		URIs:           []*url.URL{{Scheme: "spiffe", Host: "cluster", Path: "/ns/mon/sa/am"}},
	}
}

func TestSubjectsArePatterns(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, pattern string
		want          string // code; empty accepts
	}{
		{"a name of any kind", "alertmanager", ""},
		{"the common name", "cn:alertmanager", ""},
		{"only a part of it", "cn:alert", CodeWrongCertificate},
		{"another case of it", "cn:Alertmanager", CodeWrongCertificate},
		{"a name of another kind", "dns:alertmanager", CodeWrongCertificate},
		{"a star for a part of a name", "cn:alert*", ""},
		{"a star for one label", "dns:*.mon.example.com", ""},
		{"no star for two labels", "dns:*.example.com", CodeWrongCertificate},
		{"two stars for two labels", "dns:**.example.com", ""},
		{"DNS names in any case", "dns:*.MON.example.com", ""},
		{"a URI", "uri:spiffe://cluster/ns/mon/sa/*", ""},
		{"a URI as a name of any kind", "spiffe://cluster/ns/mon/sa/am", ""},
		{"no star for two steps of a path", "uri:spiffe://cluster/ns/*", CodeWrongCertificate},
		{"an address", "email:**@example.com", ""},
		{"a dot is a dot", "dns:am-0xmonxexamplexcom", CodeWrongCertificate},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := Endpoint{Auth: AuthMTLS, Subjects: []string{"cn:nobody", tt.pattern}}
			err := e.Verify(Delivery{Client: Client{Names: NamesOf(holder())}}, time.Now())
			if got := codeOf(err); got != tt.want {
				t.Errorf("got %q (%v), want %q", got, err, tt.want)
			}
		})
	}
}

func TestASubjectComesFromTheCertificateOrFromATrustedProxy(t *testing.T) {
	t.Parallel()
	verified := &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{holder()}}}
	unverified := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{holder()}}
	proxy := Proxies{Header: "X-Subject", From: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}
	for _, tt := range []struct {
		name   string
		p      Proxies
		peer   string
		tls    *tls.ConnectionState
		header []string
		want   string
	}{
		{"a verified certificate", Proxies{}, "192.0.2.1:1", verified, nil, ""},
		{"a certificate that nobody verified", Proxies{}, "192.0.2.1:1", unverified, nil, CodeMissingCertificate},
		{"no certificate", Proxies{}, "192.0.2.1:1", &tls.ConnectionState{}, nil, CodeMissingCertificate},
		{"no TLS", Proxies{}, "192.0.2.1:1", nil, nil, CodeMissingCertificate},
		{"a trusted proxy", proxy, "10.1.2.3:1", nil, []string{"O=Example,CN=alertmanager"}, ""},
		{"a trusted proxy over IPv6", proxy, "[fd00::1]:1", nil, []string{"CN=alertmanager"}, ""},
		{"a trusted proxy as a mapped address", proxy, "[::ffff:10.1.2.3]:1", nil, []string{"CN=alertmanager"}, ""},
		{"a trusted proxy with the wrong subject", proxy, "10.1.2.3:1", nil, []string{"CN=mallory"}, CodeWrongCertificate},
		{"a trusted proxy that tells nothing", proxy, "10.1.2.3:1", nil, nil, CodeMissingCertificate},
		{"the proxy's own certificate is not the sender's", proxy, "10.1.2.3:1", verified, nil, CodeMissingCertificate},
		{"an empty header", proxy, "10.1.2.3:1", nil, []string{""}, CodeMissingCertificate},
		{"a header of the sender before the proxy's", proxy, "10.1.2.3:1", nil, []string{"CN=alertmanager", "CN=mallory"}, CodeWrongCertificate},
		{"a header from anybody", proxy, "192.0.2.1:1", nil, []string{"CN=alertmanager"}, CodeUntrustedProxy},
		{"a header beside a genuine certificate", proxy, "192.0.2.1:1", verified, []string{"CN=admin"}, CodeUntrustedProxy},
		{"a header that nobody configured", Proxies{}, "10.1.2.3:1", nil, []string{"CN=alertmanager"}, CodeMissingCertificate},
		{"a peer without an address", proxy, "@", nil, []string{"CN=alertmanager"}, CodeUntrustedProxy},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := &http.Request{RemoteAddr: tt.peer, TLS: tt.tls, Header: http.Header{"X-Subject": tt.header}}
			e := Endpoint{Auth: AuthMTLS, Subjects: []string{"cn:alertmanager", "cn:admin"}}
			err := e.Verify(Delivery{Client: tt.p.Client(r)}, time.Now())
			if got := codeOf(err); got != tt.want {
				t.Errorf("got %q (%v), want %q", got, err, tt.want)
			}
		})
	}
}

func TestACommonNameIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, dn, want string // want is empty for an error
	}{
		{"the name alone", "CN=a", "a"},
		{"among others", "O=x, CN=a b,C=DE", "a b"},
		{"a comma that is escaped", `CN=a\,CN\=b`, "a,CN=b"},
		{"a byte that is escaped", `CN=a\2Cb`, "a,b"},
		{"an organisation that looks like a name", `O=x\,CN=admin,CN=a`, "a"},
		{"several values in one", "OU=x+CN=a", "a"},
		{"two names", "CN=a,CN=admin", ""},
		{"no name", "O=x", ""},
		{"an empty name", "CN=", ""},
		{"not a distinguished name", "alertmanager", ""},
		{"the form with slashes, where nothing is escaped", "/O=x/CN=admin", ""},
		{"another value that holds one", "O=x/CN=admin", ""},
		{"in hexadecimal", "CN=#04024869", ""},
		{"in quotes", `CN="a"`, ""},
		{"an escape without an end", `CN=a\`, ""},
		{"an escape that is none", `CN=a\z`, ""},
		{"nothing after a comma", "CN=a,", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := commonName(tt.dn)
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

// FuzzCommonName writes names as the standard library does: whatever the other
// parts hold, the common name comes out, and nothing else can pose as one.
func FuzzCommonName(f *testing.F) {
	f.Add("alertmanager", "Example")
	f.Add("a,b", "x,CN=admin")
	f.Add(" a ", "#x+CN=b\\")
	f.Add("CN=\"a\";", "/CN=admin")
	f.Fuzz(func(t *testing.T, name, organization string) {
		_, _ = commonName(name)
		if name == "" || !utf8.ValidString(name) || !utf8.ValidString(organization) {
			return
		}
		dn := pkix.Name{CommonName: name, Organization: []string{organization}}.ToRDNSequence().String()
		if got, err := commonName(dn); err != nil || got != name {
			t.Errorf("%q gives %q, %v, want %q", dn, got, err, name)
		}
	})
}

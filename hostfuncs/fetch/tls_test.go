package fetch

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// identity is a certificate that signs itself, with its key.
func identity(t *testing.T, name string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw}))
}

// tlsServer answers with the name of the client's certificate and the version of TLS;
// /away leads to the same server by another host.
func tlsServer(t *testing.T, certificate, key string) *httptest.Server {
	t.Helper()
	pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	world := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "https://localhost:"+r.URL.Query().Get("port")+"/", http.StatusFound)
			return
		}
		client := "nobody"
		if len(r.TLS.PeerCertificates) > 0 {
			client = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		_, _ = w.Write([]byte(client + " " + tls.VersionName(r.TLS.Version)))
	}))
	world.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequestClientCert}
	world.Config.ErrorLog = nil
	world.StartTLS()
	t.Cleanup(world.Close)
	return world
}

func TestARequestSaysHowItsConnectionIsSecured(t *testing.T) {
	t.Parallel()
	ca, caKey := identity(t, "inside.example")
	mine, mineKey := identity(t, "ada")
	other, _ := identity(t, "other.example")
	world := tlsServer(t, ca, caKey)
	port := world.URL[strings.LastIndex(world.URL, ":")+1:]
	c, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	who := func(insecure bool) hostfuncs.Caller {
		return hostfuncs.Caller{Secrets: secretsOf{"key": mineKey}, Grants: automation.Capabilities{
			HTTP:    []automation.HTTPCapability{{Hosts: []string{"127.0.0.1:*", "localhost:*"}, Private: true, Insecure: insecure}},
			Secrets: []automation.SecretCapability{{Name: "key", Hosts: []string{"127.0.0.1"}}},
		}}
	}
	handle := hostfuncs.Handle("key")
	for _, tt := range []struct {
		name     string
		insecure bool
		path     string
		tls      *TLS
		body     string // when it is answered
		kind     string // else the error's
	}{
		{"without options an unknown issuer is not trusted", true, "/", nil, "", "unavailable"},
		{"its own issuer", false, "/", &TLS{CAPEM: ca}, "nobody TLS 1.3", ""},
		{"another issuer", false, "/", &TLS{CAPEM: other}, "", "unavailable"},
		{"the expected name", false, "/", &TLS{CAPEM: ca, ServerName: "inside.example"}, "nobody TLS 1.3", ""},
		{"another name", false, "/", &TLS{CAPEM: ca, ServerName: "elsewhere.example"}, "", "unavailable"},
		{"a certificate of the client, its key a secret", false, "/", &TLS{CAPEM: ca, CertificatePEM: mine, KeyPEM: handle}, "ada TLS 1.3", ""},
		{"the same host without it is nobody again", false, "/", &TLS{CAPEM: ca}, "nobody TLS 1.3", ""},
		{"the least version", false, "/", &TLS{CAPEM: ca, MinVersion: "1.3"}, "nobody TLS 1.3", ""},
		{"no certificate is checked, as the pack may", true, "/", &TLS{InsecureSkipVerify: true}, "nobody TLS 1.3", ""},
		{"no certificate is checked, which the pack may not", false, "/", &TLS{InsecureSkipVerify: true}, "", "denied"},
		{"a redirect does not take the options along", true, "/away?port=" + port, &TLS{InsecureSkipVerify: true}, "", "unavailable"},
		{"a key that does not fit", false, "/", &TLS{CAPEM: ca, CertificatePEM: other, KeyPEM: handle}, "", "invalid"},
		{"a key alone", false, "/", &TLS{KeyPEM: handle}, "", "invalid"},
		{"no PEM", false, "/", &TLS{CAPEM: "ca.pem"}, "", "invalid"},
		{"an unknown version", false, "/", &TLS{MinVersion: "1.1"}, "", "invalid"},
	} {
		resp, err := c.Send(t.Context(), who(tt.insecure), Request{URL: world.URL + tt.path, TLS: tt.tls})
		if resp.Body != tt.body || kindOf(err) != tt.kind {
			t.Errorf("%s: %q, %v (%s), want %q, %s", tt.name, resp.Body, err, kindOf(err), tt.body, tt.kind)
		}
		if err != nil && strings.Contains(err.Error()+automation.HintOf(err), "PRIVATE KEY") {
			t.Errorf("%s: %v tells of the key", tt.name, err)
		}
	}
	if _, err := c.Send(t.Context(), who(true), Request{URL: "http://127.0.0.1:" + port, TLS: &TLS{}}); kindOf(err) != "invalid" {
		t.Errorf("options for http: %v", err)
	}
}

func kindOf(err error) string {
	if err == nil {
		return ""
	}
	return automation.KindOf(err)
}

// A secret's connection is not for a request without the secret, and many sets of
// options do not keep many connections.
func TestConnectionsWithOptionsAreFew(t *testing.T) {
	t.Parallel()
	var s secured
	plain := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}}
	first, err := s.of(private, TLS{ServerName: "0"}, plain)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		far  reach
		tls  TLS
		same bool
	}{{private, TLS{ServerName: "0"}, true}, {outside, TLS{ServerName: "0"}, false}, {private, TLS{ServerName: "1"}, false}} {
		if got, err := s.of(tt.far, tt.tls, plain); err != nil || (got == first) != tt.same {
			t.Errorf("%v %v: the same connections %v, %v", tt.far, tt.tls, got == first, err)
		}
	}
	for i := range 3 * maxSecured {
		if _, err := s.of(private, TLS{ServerName: strings.Repeat("x", i+1)}, plain); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.all) != maxSecured {
		t.Errorf("%d sets are kept, want %d", len(s.all), maxSecured)
	}
	if again, _ := s.of(private, TLS{ServerName: "0"}, plain); again == first {
		t.Error("the one used longest ago is still there")
	}
}

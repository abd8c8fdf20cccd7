package daemon

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/config"
)

// authority signs certificates in tests.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{t: t}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	a.cert, a.key = a.sign(template)
	return a
}

// sign makes a key for a certificate; the first certificate signs itself.
func (a *authority) sign(template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// issue makes the certificate of a client or a server on this machine.
func (a *authority) issue(serial int64, commonName string, dns ...string) tls.Certificate {
	a.t.Helper()
	cert, key := a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: commonName}, SerialNumber: big.NewInt(serial), DNSNames: dns, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	})
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

// keep writes a server's certificate and key as its operator would.
func (a *authority) keep(dir string, c tls.Certificate) config.TLS {
	a.t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		a.t.Fatal(err)
	}
	files := config.TLS{Cert: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key")}
	write(a.t, files.Cert, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})))
	write(a.t, files.Key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	return files
}

func (a *authority) keepRoot(path string) string {
	a.t.Helper()
	write(a.t, path, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})))
	return path
}

// caller is a client that trusts the server's authority and has these certificates.
func caller(t *testing.T, server *authority, own ...tls.Certificate) *http.Client {
	t.Helper()
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: server.pool(), Certificates: own}}
	if len(own) > 0 { // also to a server that names other roots: that is what is tested
		transport.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &own[0], nil }
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// secured is a server that speaks HTTPS, with a webhook for certain certificates.
func secured(t *testing.T, ca, clients *authority, change func(*config.Config)) *harness {
	t.Helper()
	dir, files := t.TempDir(), behavePack(t)
	for _, name := range []string{"open", "mesh"} {
		files["rules/"+name+".yaml"] = hookRule(name)
	}
	writePack(t, dir, "behave", files)
	return serve(t, dir, func(c *config.Config) {
		c.TLS = ca.keep(dir, ca.issue(2, "squall"))
		c.TLS.ClientCA = clients.keepRoot(filepath.Join(dir, "clients.crt"))
		c.Webhooks = map[string]config.Webhook{"mesh": {Auth: "mtls", Subjects: []string{"cn:alertmanager", "dns:*.mon.example.com"}}}
		if change != nil {
			change(c)
		}
	})
}

func (h *harness) deliver(client *http.Client, path string, header ...string) (*http.Response, string, error) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.URL+"/api/v1/webhooks/"+path, strings.NewReader("{}"))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp, string(answer), err
}

func TestAClientCertificateOpensAWebhook(t *testing.T) {
	t.Parallel()
	ca, clients := newAuthority(t, "server root"), newAuthority(t, "client root")
	h := secured(t, ca, clients, nil)
	for _, tt := range []struct {
		name, path string
		own        []tls.Certificate
		want       int
		code       string
	}{
		{"the right common name", "mesh", []tls.Certificate{clients.issue(3, "alertmanager")}, http.StatusAccepted, ""},
		{"the right DNS name", "mesh", []tls.Certificate{clients.issue(4, "x", "am-0.mon.example.com")}, http.StatusAccepted, ""},
		{"another subject", "mesh", []tls.Certificate{clients.issue(5, "mallory", "am-0.mon.example.org")}, http.StatusUnauthorized, "wrong_certificate"},
		{"no certificate", "mesh", nil, http.StatusUnauthorized, "missing_certificate"},
		{"no certificate where none is needed", "open", nil, http.StatusAccepted, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			resp, answer, err := h.deliver(caller(t, ca, tt.own...), tt.path)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != tt.want || !strings.Contains(answer, tt.code) || resp.ProtoMajor != 2 {
				t.Errorf("%s: %d %s, want %d %s", resp.Proto, resp.StatusCode, answer, tt.want, tt.code)
			}
		})
	}
	t.Run("a certificate of another authority", func(t *testing.T) {
		t.Parallel()
		other := newAuthority(t, "client root") // of the same name
		if resp, answer, err := h.deliver(caller(t, ca, other.issue(3, "alertmanager")), "mesh"); err == nil {
			t.Errorf("%d %s, want no connection", resp.StatusCode, answer)
		}
	})
	t.Run("a header that nobody configured", func(t *testing.T) {
		t.Parallel()
		if resp, answer, err := h.deliver(caller(t, ca), "mesh", "X-Client-Subject", "CN=alertmanager"); err != nil || resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%v %s", err, answer)
		}
	})
}

func TestACertificateMayBeDemandedOfEverybody(t *testing.T) {
	t.Parallel()
	ca, clients := newAuthority(t, "server root"), newAuthority(t, "client root")
	h := secured(t, ca, clients, func(c *config.Config) { c.TLS.ClientAuth = config.ClientAuthRequire })
	if resp, answer, err := h.deliver(caller(t, ca), "open"); err == nil {
		t.Errorf("%d %s, want no connection", resp.StatusCode, answer)
	}
	if resp, answer, err := h.deliver(caller(t, ca, clients.issue(3, "anybody")), "open"); err != nil || resp.StatusCode != http.StatusAccepted {
		t.Errorf("%v %s", err, answer)
	}
}

func TestASubjectInAHeaderCountsFromTrustedProxiesOnly(t *testing.T) {
	t.Parallel()
	files := behavePack(t)
	files["rules/mesh.yaml"] = hookRule("mesh")
	for _, tt := range []struct {
		name, from, subject string
		want                int
		code                string
	}{
		{"a trusted proxy", "127.0.0.0/8", "O=Example,CN=alertmanager", http.StatusAccepted, ""},
		{"a trusted proxy with another subject", "127.0.0.0/8", "CN=mallory", http.StatusUnauthorized, "wrong_certificate"},
		{"a trusted proxy with no subject", "127.0.0.0/8", "", http.StatusUnauthorized, "missing_certificate"},
		{"anybody else", "192.0.2.0/24", "CN=alertmanager", http.StatusUnauthorized, "untrusted_proxy"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			writePack(t, dir, "behave", files)
			h := serve(t, dir, func(c *config.Config) {
				c.ClientSubject = config.ClientSubject{Header: "X-Client-Subject", From: []string{tt.from}}
				c.Webhooks = map[string]config.Webhook{"mesh": {Auth: "mtls", Subjects: []string{"cn:alertmanager"}}}
			})
			resp, answer := h.post("/api/v1/webhooks/mesh", "application/json", "{}", "X-Client-Subject", tt.subject)
			if resp.StatusCode != tt.want || !strings.Contains(answer, tt.code) {
				t.Errorf("%d %s, want %d %s", resp.StatusCode, answer, tt.want, tt.code)
			}
		})
	}
}

func TestThePageIsServedOverTLSToo(t *testing.T) {
	t.Parallel()
	ca, clients := newAuthority(t, "server root"), newAuthority(t, "client root")
	h := secured(t, ca, clients, nil)
	if !strings.HasPrefix(h.URL, "https://127.0.0.1:") || !strings.HasPrefix(h.LoginURL, "https://") {
		t.Errorf("the server says it is at %s, log in at %s", h.URL, h.LoginURL)
	}
	_, code, _ := strings.Cut(h.LoginURL, "code=")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.URL+"/api/v1/login", strings.NewReader(`{"code":"`+code+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := caller(t, ca).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if len(resp.Cookies()) != 1 || !resp.Cookies()[0].Secure {
		t.Errorf("%s: cookies %v, want one that is secure", resp.Status, resp.Cookies())
	}
	for _, name := range []string{"squall_tls_certificate_expires_timestamp_seconds", "squall_tls_files_unusable 0"} {
		if shown := h.metricsBy(caller(t, ca)); !strings.Contains(shown, name) {
			t.Errorf("no metric %s", name)
		}
	}
	if plain, err := http.Get(strings.Replace(h.URL, "https://", "http://", 1)); err == nil {
		if plain.Body.Close(); plain.StatusCode != http.StatusBadRequest {
			t.Errorf("without TLS: %s", plain.Status)
		}
	}
}

func TestCertificatesAreReadAgainWhenTheyChange(t *testing.T) {
	t.Parallel()
	dir, ca := t.TempDir(), newAuthority(t, "root")
	clients, others := newAuthority(t, "client root"), newAuthority(t, "other root")
	files := ca.keep(dir, ca.issue(10, "first"))
	files.ClientCA = clients.keepRoot(filepath.Join(dir, "clients.crt"))
	certs, err := newCertificates(files, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	certs.now = func() time.Time { return now }
	inUse := func() string {
		t.Helper()
		now = now.Add(2 * lookAtFiles)
		c := certs.latest()
		name := c.Certificates[0].Leaf.Subject.CommonName
		if c.ClientCAs.Equal(others.pool()) {
			name += " and others"
		}
		return name
	}
	if got := inUse(); got != "first" {
		t.Errorf("in use: %s", got)
	}
	ca.keep(dir, ca.issue(11, "the second one"))
	now = certs.looked
	if got := certs.latest().Certificates[0].Leaf.Subject.CommonName; got != "first" {
		t.Errorf("the files are looked at for every connection: %s", got)
	}
	if got := inUse(); got != "the second one" {
		t.Errorf("after a change: %s", got)
	}
	write(t, files.Cert, "half written")
	if got := inUse(); got != "the second one" || certs.unusable() != 1 || certs.expires() < float64(now.Unix()) {
		t.Errorf("with files that can not be used: %s, unusable %v, expires %v", got, certs.unusable(), certs.expires())
	}
	ca.keep(dir, ca.issue(12, "the third one"))
	others.keepRoot(files.ClientCA)
	if got := inUse(); got != "the third one and others" || certs.unusable() != 0 {
		t.Errorf("after they are whole again: %s, %q", got, certs.failure)
	}
}

func TestAClientWhoseRootWasTakenAwayIsRefused(t *testing.T) {
	t.Parallel()
	dir, ca := t.TempDir(), newAuthority(t, "root")
	clients, others := newAuthority(t, "client root"), newAuthority(t, "other root")
	files := ca.keep(dir, ca.issue(2, "squall"))
	files.ClientCA = clients.keepRoot(filepath.Join(dir, "clients.crt"))
	certs, err := newCertificates(files, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	certs.now = func() time.Time { return now }
	client := &tls.Config{
		RootCAs: ca.pool(), ServerName: "127.0.0.1", Certificates: []tls.Certificate{clients.issue(3, "alertmanager")},
		ClientSessionCache: tls.NewLRUClientSessionCache(1), // as a sender that connects again and again
	}
	server := certs.server() // one, whose sessions could be resumed
	if err := greet(t, server, client); err != nil {
		t.Fatal(err)
	}
	others.keepRoot(files.ClientCA)
	now = now.Add(2 * lookAtFiles)
	client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &client.Certificates[0], nil }
	if err := greet(t, server, client); err == nil {
		t.Error("the client is let in by the root that is gone")
	}
}

// greet connects both ends and lets the server say a word.
func greet(t *testing.T, server, client *tls.Config) error {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = conn.Write([]byte("hello")) // the client tells whether it came
	}()
	defer func() { <-done }()
	conn, err := tls.Dial("tcp", listener.Addr().String(), client)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = io.ReadFull(conn, make([]byte, len("hello")))
	return err
}

func TestFilesOfTLSThatCanNotBeUsedStopTheStart(t *testing.T) {
	t.Parallel()
	dir, ca := t.TempDir(), newAuthority(t, "root")
	good := ca.keep(dir, ca.issue(2, "squall"))
	other := t.TempDir()
	stranger := ca.keep(other, ca.issue(3, "stranger"))
	text := filepath.Join(dir, "text")
	write(t, text, "not a certificate")
	for _, tt := range []struct {
		name  string
		files config.TLS
		want  string
	}{
		{"no certificate", config.TLS{Cert: "/nowhere.crt", Key: good.Key}, "tls: cert: file /nowhere.crt does not exist"},
		{"no key", config.TLS{Cert: good.Cert, Key: "/nowhere.key"}, "tls: key: file /nowhere.key does not exist"},
		{"a folder", config.TLS{Cert: dir, Key: good.Key}, "tls: cert: file " + dir + " can not be read"},
		{"a certificate that is none", config.TLS{Cert: text, Key: good.Key}, "tls: cert " + text},
		{"the key of another one", config.TLS{Cert: good.Cert, Key: stranger.Key}, "can not be used together"},
		{"roots that are none", config.TLS{Cert: good.Cert, Key: good.Key, ClientCA: text}, "tls: client_ca " + text + " holds no certificate"},
	} {
		c := testConfig(t.TempDir())
		c.TLS = tt.files
		if _, err := New(t.Context(), Options{Config: c}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: err = %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestSubjectsThatNobodyVerifiesStopTheStart(t *testing.T) {
	t.Parallel()
	c := testConfig(t.TempDir())
	c.Webhooks = map[string]config.Webhook{"mesh": {Auth: "mtls", Subjects: []string{"x"}}}
	if _, err := New(t.Context(), Options{Config: c}); err == nil || !strings.Contains(err.Error(), "webhook mesh") || !strings.Contains(err.Error(), "verifies client certificates") {
		t.Errorf("err = %v", err)
	}
}

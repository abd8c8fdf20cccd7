package fetch

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"slices"
	"sync"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// TLS says how the connection to the request's host is secured. It holds for that
// host alone: what a redirect leads elsewhere for is sent as any other request.
type TLS struct {
	CAPEM              string `json:"ca_pem,omitempty" doc:"certificates to trust instead of the server's own list, PEM"`
	CertificatePEM     string `json:"certificate_pem,omitempty" doc:"the chain to show to the host, PEM; needs key_pem"`
	KeyPEM             string `json:"key_pem,omitempty" doc:"the private key of certificate_pem, PEM: as a rule the handle of a secret"`
	ServerName         string `json:"server_name,omitempty" doc:"the name that the host's certificate must have; that of the URL when empty"`
	MinVersion         string `json:"min_version,omitempty" doc:"1.2 or 1.3; 1.2 when empty"`
	InsecureSkipVerify bool   `json:"insecure_skip_verify,omitempty" doc:"take any certificate; the http capability must say insecure: true"`
}

// texts are those that may hold handles of secrets.
func (t *TLS) texts() []*string {
	if t == nil {
		return nil
	}
	return []*string{&t.CAPEM, &t.CertificatePEM, &t.KeyPEM}
}

// config is what the standard library makes of the options, on top of those that
// hold for all requests.
func (t TLS) config(base *tls.Config) (*tls.Config, error) {
	c := base.Clone()
	c.ServerName, c.InsecureSkipVerify = t.ServerName, t.InsecureSkipVerify
	switch t.MinVersion {
	case "", "1.2":
	case "1.3":
		c.MinVersion = tls.VersionTLS13
	default:
		return nil, automation.Invalid("tls.min_version is %q", t.MinVersion).WithHint(`use "1.2" or "1.3"`)
	}
	if t.CAPEM != "" {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM([]byte(t.CAPEM)) {
			return nil, automation.Invalid("tls.ca_pem holds no certificate").
				WithHint("give it the text that begins with -----BEGIN CERTIFICATE-----")
		}
	}
	if t.CertificatePEM == "" && t.KeyPEM == "" {
		return c, nil
	}
	pair, err := tls.X509KeyPair([]byte(t.CertificatePEM), []byte(t.KeyPEM))
	if err != nil { // whose text may tell of the key
		return nil, automation.Invalid("tls.certificate_pem and tls.key_pem are not a certificate and its key").
			WithHint("both are PEM texts; the key may be the handle of a secret")
	}
	c.Certificates = []tls.Certificate{pair}
	return c, nil
}

// maxSecured is how many sets of options have connections of their own.
const maxSecured = 64

// secured holds the transports of requests with TLS options. A connection serves
// those alone whose options are the same to the letter, keys included: who can not
// open it can not use it.
type secured struct {
	mu  sync.Mutex
	all []securedTransport // the one used last is last
}

type securedTransport struct {
	id [sha256.Size]byte
	*http.Transport
}

// of finds or makes the transport of some options. What it drops ends its idle
// connections, and those in use when they are idle.
func (s *secured) of(far reach, options TLS, plain *http.Transport) (*http.Transport, error) {
	text, err := json.Marshal(struct {
		Far     reach
		Options TLS
	}{far, options})
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(text)
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.IndexFunc(s.all, func(t securedTransport) bool { return t.id == id }); i >= 0 {
		t := s.all[i]
		s.all = append(slices.Delete(s.all, i, i+1), t)
		return t.Transport, nil
	}
	config, err := options.config(plain.TLSClientConfig)
	if err != nil {
		return nil, err
	}
	t := plain.Clone()
	t.TLSClientConfig = config
	if len(s.all) == maxSecured {
		s.all[0].CloseIdleConnections()
		s.all = slices.Delete(s.all, 0, 1)
	}
	s.all = append(s.all, securedTransport{id, t})
	return t, nil
}

func (s *secured) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.all {
		t.CloseIdleConnections()
	}
}

// checkTLS refuses options that would do nothing or that the pack may not use.
func (h hop) checkTLS(may leave) error {
	if h.tls == nil {
		return nil
	}
	if h.url.Scheme != "https" {
		return automation.Invalid("the request has tls options, and its URL is not https")
	}
	if h.tls.InsecureSkipVerify && !may.insecure {
		return automation.Denied("the pack may not send to %s without checking its certificate", h.name()).
			WithHint("trust its issuer with ca_pem, or add insecure: true to the http capability in pack.yaml that allows the host")
	}
	return nil
}

// transportOf is the one whose connections this hop may use.
func (c *Client) transportOf(h hop, may leave) (*http.Transport, error) {
	plain := c.transports[may.far]
	if h.tls == nil {
		return plain, nil
	}
	return c.secured.of(may.far, *h.tls, plain)
}

// handles are the names of the secrets in the options.
func (t *TLS) handles() (names []string) {
	for _, text := range t.texts() {
		names = append(names, hostfuncs.HandlesIn(*text)...)
	}
	return names
}

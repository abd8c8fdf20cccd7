package daemon

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
)

// lookAtFiles is how often the files of TLS are looked at, when somebody connects.
const lookAtFiles = time.Second

// certificates are the server's and its clients' roots, as the files say now. Files
// that can not be used while the server runs change nothing.
type certificates struct {
	files config.TLS
	log   *slog.Logger
	now   func() time.Time

	mu      sync.Mutex // guards all below
	current *tls.Config
	stamps  [3]fileStamp
	looked  time.Time
	failure string // said already
}

// fileStamp tells cheaply that a file may have changed. Links are followed: a mounted
// Secret is swapped by its link.
type fileStamp struct {
	size     int64
	modified time.Time
}

// newCertificates reads the files; nil when the server speaks plain HTTP.
func newCertificates(files config.TLS, log *slog.Logger) (*certificates, error) {
	if !files.Enabled() {
		return nil, nil
	}
	c := &certificates{files: files, log: log.With("component", "tls"), now: time.Now}
	var err error
	c.stamps, c.looked = c.stamp(), c.now()
	c.current, err = c.read()
	return c, err
}

// server is the configuration of the listener: each handshake asks for the current one.
func (c *certificates) server() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return c.latest(), nil
		},
	}
}

func (c *certificates) latest() *tls.Config {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if now.Sub(c.looked) < lookAtFiles {
		return c.current
	}
	c.looked = now
	stamps := c.stamp()
	if stamps == c.stamps && c.failure == "" {
		return c.current
	}
	next, err := c.read()
	if err != nil { // half written perhaps: the next look tells
		if err.Error() != c.failure {
			c.log.Warn("TLS files not usable, the certificate before them goes on", "err", err)
		}
		c.failure = err.Error()
		return c.current
	}
	c.current, c.stamps, c.failure = next, stamps, ""
	c.log.Info("TLS files read again", "cert", c.files.Cert)
	return c.current
}

// expires is when the certificate in use does, in Unix seconds, and unusable whether
// the files hold none that could follow it. Both look at the files, so that an alert
// does not depend on somebody connecting.
func (c *certificates) expires() float64 {
	return float64(c.latest().Certificates[0].Leaf.NotAfter.Unix())
}

func (c *certificates) unusable() float64 {
	c.latest()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure != "" {
		return 1
	}
	return 0
}

func (c *certificates) stamp() (all [3]fileStamp) {
	for i, path := range []string{c.files.Cert, c.files.Key, c.files.ClientCA} {
		if info, err := os.Stat(path); err == nil {
			all[i] = fileStamp{info.Size(), info.ModTime()}
		}
	}
	return all
}

// read makes a configuration of what the files hold now.
func (c *certificates) read() (*tls.Config, error) {
	cert, err := readTLSFile("cert", c.files.Cert)
	if err != nil {
		return nil, err
	}
	key, err := readTLSFile("key", c.files.Key)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, automation.Invalid("tls: cert %s and key %s can not be used together", c.files.Cert, c.files.Key).Because(err).
			WithHint("cert holds certificates in PEM, the server's first, and key the private key of that one, without a passphrase")
	}
	if now := c.now(); now.After(pair.Leaf.NotAfter) {
		c.log.Warn("the server's certificate has expired", "cert", c.files.Cert, "expired", pair.Leaf.NotAfter)
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, Certificates: []tls.Certificate{pair}}
	return conf, c.readClientCA(conf)
}

func (c *certificates) readClientCA(conf *tls.Config) error {
	if c.files.ClientCA == "" {
		return nil
	}
	roots, err := readTLSFile("client_ca", c.files.ClientCA)
	if err != nil {
		return err
	}
	conf.ClientCAs = x509.NewCertPool()
	if !conf.ClientCAs.AppendCertsFromPEM(roots) {
		return automation.Invalid("tls: client_ca %s holds no certificate in PEM", c.files.ClientCA)
	}
	conf.ClientAuth = tls.VerifyClientCertIfGiven
	if c.files.ClientAuth == config.ClientAuthRequire {
		conf.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return nil
}

func readTLSFile(key, path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, automation.Invalid("tls: %s: file %s does not exist", key, path)
	case err != nil:
		return nil, automation.Invalid("tls: %s: file %s can not be read", key, path).Because(err).
			WithHint("the server's user needs the right to read it")
	}
	return data, nil
}

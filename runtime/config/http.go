package config

import (
	"crypto/x509"
	"net/url"
	"os"
	"slices"

	"github.com/squall-dev/squall/runtime/automation"
)

// HTTP is how requests of packs leave the machine.
type HTTP struct {
	// Proxy carries those that may not go inside; "http://proxy:3128", with a user and
	// a password if it wants them. Those whose pack may go inside go directly. The
	// environment's proxies do not count.
	Proxy string `yaml:"proxy"`
	// CAFile holds roots, in PEM, that are trusted beside the system's.
	CAFile string `yaml:"ca_file"`
	// RequestsPerSecond is how many a host gets from all packs together; 0 is any number.
	RequestsPerSecond float64 `yaml:"requests_per_second"`
}

// ProxyURL is nil when there is no proxy. The error does not repeat what may hold a
// password.
func (h HTTP) ProxyURL() (*url.URL, error) {
	if h.Proxy == "" {
		return nil, nil
	}
	u, err := url.Parse(h.Proxy)
	if err != nil || u.Hostname() == "" || !slices.Contains([]string{"http", "https", "socks5"}, u.Scheme) {
		return nil, automation.Invalid("proxy is not an address such as http://proxy.example.com:3128").
			WithHint("its scheme is http, https or socks5")
	}
	return u, nil
}

// Roots is nil when the system's are meant.
func (h HTTP) Roots() (*x509.CertPool, error) {
	if h.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(h.CAFile)
	if err != nil {
		return nil, automation.Invalid("ca_file %s can not be read", h.CAFile).Because(err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without any
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, automation.Invalid("ca_file %s holds no certificate in PEM", h.CAFile)
	}
	return pool, nil
}

package config

import (
	"net/netip"

	"github.com/squall-dev/squall/runtime/automation"
)

// TLS makes the server speak HTTPS only. The files are PEM, and are read again when
// they change.
type TLS struct {
	Cert string `yaml:"cert"` // the certificate, and those between it and its root
	Key  string `yaml:"key"`
	// ClientCA are the roots of client certificates; without it none is asked for.
	ClientCA string `yaml:"client_ca"`
	// ClientAuth is request (a certificate is verified if one comes) or require (no
	// connection without one, to the page and the API neither). Empty means request.
	ClientAuth string `yaml:"client_auth"`
}

// The values of client_auth.
const (
	ClientAuthRequest = "request"
	ClientAuthRequire = "require"
)

// Enabled tells whether the server speaks HTTPS.
func (t TLS) Enabled() bool { return t.Cert != "" }

// ClientSubject is for proxies that end TLS in front of the server: they tell the
// subject of the client's certificate in a header, which counts only when it comes
// from one of these networks.
type ClientSubject struct {
	Header string   `yaml:"header"`
	From   []string `yaml:"from"` // 10.0.0.0/8, or one address
}

// Networks reads From.
func (s ClientSubject) Networks() ([]netip.Prefix, error) { return Networks(s.From) }

// Networks reads a list of networks and addresses.
func Networks(list []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range list {
		if address, err := netip.ParseAddr(text); err == nil {
			all = append(all, netip.PrefixFrom(address.Unmap(), address.Unmap().BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(text)
		if err != nil || network != network.Masked() {
			return nil, automation.Invalid("%q is not a network such as 10.0.0.0/8, or an address", text)
		}
		all = append(all, network)
	}
	return all, nil
}

// validateTLS tells what is wrong with both, and with the secrets of packs.
func (c Config) validateTLS(bad func(format string, args ...any)) {
	t, s := c.TLS, c.ClientSubject
	if _, err := Networks(c.TrustedProxies); err != nil {
		bad("trusted_proxies: %s", err)
	}
	if (t.Cert == "") != (t.Key == "") {
		bad("tls: cert and key are needed together")
	}
	if t.ClientCA != "" && !t.Enabled() {
		bad("tls: client_ca has no effect without cert and key")
	}
	if t.ClientAuth != "" && t.ClientCA == "" {
		bad("tls: client_auth has no effect without client_ca")
	}
	if modes := []string{ClientAuthRequest, ClientAuthRequire}; t.ClientAuth != "" && t.ClientAuth != modes[0] && t.ClientAuth != modes[1] {
		bad("tls: client_auth %q is neither request nor require%s", t.ClientAuth, near(t.ClientAuth, modes))
	}
	if (s.Header == "") != (len(s.From) == 0) {
		bad("client_subject: header and from are needed together; a header that anybody may send proves nothing")
	}
	if _, err := s.Networks(); err != nil {
		bad("client_subject: from: %s", err)
	}
	for pack, secrets := range c.PackSecrets {
		for name, places := range secrets {
			if len(places) == 0 {
				bad("pack_secrets: %s: %s is said to stand nowhere", pack, name)
			}
		}
	}
}

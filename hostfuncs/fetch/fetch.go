// Package fetch is the host function that sends HTTP requests, fenced twice: by
// the pack's list of hosts, which is asked again at every redirect, and by the
// address that a name has at the moment of dialling, so that no name can lead
// inside unless the pack says that it should.
package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"golang.org/x/time/rate"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// Options configure a [Client]. The zero value dials directly.
type Options struct {
	// Proxy carries requests that may not go inside: it resolves the names then, and
	// must itself keep them from going inside. All others go directly. The environment
	// is never asked.
	Proxy *url.URL
	// Resolve finds the addresses of a name; nil asks the system.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	// RootCAs are whom to trust; nil means whom the system trusts.
	RootCAs *x509.CertPool
	// Own is the address that this server listens on, "host:port". Requests do not
	// reach it unless an entry names it.
	Own string
	// PerSecond is how many requests a host gets from all packs together; 0 is any
	// number.
	PerSecond float64
	Logger    *slog.Logger // nil discards
}

// Client holds the family's functions. It is safe for concurrent use.
type Client struct {
	options Options
	logger  *slog.Logger
	inside  func(netip.Addr) bool
	own     listener
	pace    pace
	machine func() ([]net.Addr, error)
	wait    func(context.Context, time.Duration) error
	// Connections that may lead further are kept apart: one of them must not serve
	// a later request of a pack that may not go there.
	transports [itself + 1]*http.Transport
	secured    secured
}

// New returns the family.
func New(options Options) (*Client, error) {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	own, err := parseListener(options.Own)
	if err != nil {
		return nil, err
	}
	if !(options.PerSecond >= 0) { // NaN too
		return nil, automation.Invalid("%v requests a second is no rate", options.PerSecond)
	}
	c := &Client{
		options: options, logger: options.Logger.With("component", "fetch"),
		inside: inside, own: own, machine: net.InterfaceAddrs, wait: wait,
		pace: pace{perSecond: options.PerSecond, hosts: map[string]*rate.Limiter{}},
	}
	for far := range c.transports {
		c.transports[far] = c.transport(reach(far))
	}
	return c, nil
}

// Funcs announces the family's functions.
func (c *Client) Funcs() []hostfuncs.Func {
	return []hostfuncs.Func{
		hostfuncs.Spec[Request, Response]{
			Name: "http_send", Doc: "Sends an HTTP request.", Granted: granted,
			Describe: Request.describe, Change: Request.change, Preview: c.preview, Do: c.Send,
		}.Func(),
	}
}

// Close drops the connections that are kept for later requests.
func (c *Client) Close() error {
	for _, t := range c.transports {
		t.CloseIdleConnections()
	}
	c.secured.close()
	return nil
}

func granted(caps automation.Capabilities) error {
	if len(caps.HTTP) > 0 {
		return nil
	}
	return automation.Denied("the pack may not send HTTP requests").
		WithHint(`add to pack.yaml under capabilities.http: - {hosts: ["example.com"], methods: [GET], reason: "..."}`)
}

func (c *Client) transport(far reach) *http.Transport {
	t := &http.Transport{
		DialContext:            c.dialer(far),
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.options.RootCAs},
		TLSHandshakeTimeout:    10 * time.Second,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // an artifact holds the bytes that were sent
		MaxIdleConns:           50,
		MaxIdleConnsPerHost:    4,
		MaxConnsPerHost:        32, // more wait: a burst of executions is not to become one of connections
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 256 << 10,
	}
	if c.proxied(far) {
		t.Proxy = http.ProxyURL(c.options.Proxy)
	}
	return t
}

func (c *Client) proxied(far reach) bool { return c.options.Proxy != nil && far == outside }

// dialer looks at every address right before the connection is made, after all
// resolving: what a name meant a moment earlier does not count.
func (c *Client) dialer(far reach) func(context.Context, string, string) (net.Conn, error) {
	d := &net.Dialer{Timeout: 10 * time.Second}
	if far < itself && !c.proxied(far) {
		d.Control = func(_, address string, _ syscall.RawConn) error { return c.checkAddress(address, far) }
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if c.options.Resolve == nil {
			return d.DialContext(ctx, network, address)
		}
		return c.dialResolved(ctx, d, network, address)
	}
}

func (c *Client) dialResolved(ctx context.Context, d *net.Dialer, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return d.DialContext(ctx, network, address)
	}
	addresses, err := c.options.Resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	err = &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	for _, a := range addresses {
		var conn net.Conn
		if conn, err = d.DialContext(ctx, network, net.JoinHostPort(a.String(), port)); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

func (c *Client) checkAddress(address string, far reach) error {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return automation.Denied("address %s can not be read", address)
	}
	switch {
	case far < private && c.inside(parsed.Addr()):
		return refuseInside(parsed.Addr())
	case far < itself && c.own.at(parsed, c.machine):
		return refuseItself(parsed)
	}
	return nil
}

func refuseInside(a netip.Addr) error {
	return automation.Denied("the host's address %s is not a public one", a.Unmap()).
		WithHint("if it is meant to be inside, add private: true to the http capability in pack.yaml that allows the host")
}

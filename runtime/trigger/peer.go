package trigger

import (
	"errors"
	"net/http"
	"net/netip"
	"slices"
)

// Client is who sent a delivery, as far as a certificate tells.
type Client struct {
	Names []Name
	// Err says why what was told can not be used.
	Err error
}

var errUntrusted = errors.New("the peer is no trusted proxy")

// Proxies are those that end TLS in front of the server and pass the subject of the
// client's certificate on in a header. The zero value trusts nobody.
type Proxies struct {
	Header string
	From   []netip.Prefix
}

// Client finds out who sent a request. From a trusted proxy only the header counts:
// a certificate would be the proxy's own. From everybody else only the certificate
// does, which the TLS listener has verified; what they say in the header is refused.
func (p Proxies) Client(r *http.Request) Client {
	told := p.Header != "" && len(r.Header.Values(p.Header)) > 0
	switch {
	case p.Header != "" && p.trusts(r.RemoteAddr):
		return readSubject(r.Header.Values(p.Header))
	case told:
		return Client{Err: errUntrusted}
	case r.TLS != nil && len(r.TLS.VerifiedChains) > 0:
		return Client{Names: NamesOf(r.TLS.VerifiedChains[0][0])}
	}
	return Client{}
}

// readSubject reads the header, which a proxy sets once: of several one is the sender's.
func readSubject(values []string) Client {
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return Client{}
	}
	if len(values) > 1 {
		return Client{Err: errors.New("it was told twice")}
	}
	name, err := commonName(values[0])
	if err != nil {
		return Client{Err: err}
	}
	return Client{Names: []Name{{NameCN, name}}}
}

func (p Proxies) trusts(remote string) bool {
	peer, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	address := peer.Addr().Unmap().WithZone("")
	return slices.ContainsFunc(p.From, func(n netip.Prefix) bool { return n.Contains(address) })
}

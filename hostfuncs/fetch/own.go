package fetch

import (
	"net"
	"net/netip"

	"github.com/squall-dev/squall/runtime/automation"
)

// reach is how far an allowed request may go. A larger one includes the smaller.
type reach int

const (
	outside reach = iota // addresses of the Internet
	private              // private ones too, but not this server
	itself               // this server too
)

// listener is the address that this server itself listens on. What it answers to
// its own host's requests may be more than a pack should ask for, so the right to
// go inside is not enough: an entry must name the host and the port.
type listener struct {
	host netip.Addr // invalid: every address of the machine
	port uint16     // 0: none
}

// parseListener reads "host:port". A name stands for every address of the machine.
func parseListener(address string) (listener, error) {
	if address == "" {
		return listener{}, nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return listener{}, automation.Invalid("the server's own address %q is not host:port", address)
	}
	n, err := net.LookupPort("tcp", port) // a number, or the name of a service
	if err != nil {
		return listener{}, automation.Invalid("the server's own address %q has no port", address)
	}
	own := listener{port: uint16(n)}
	if addr, err := netip.ParseAddr(host); err == nil && !addr.IsUnspecified() {
		own.host = addr.Unmap()
	}
	return own, nil
}

// at tells whether a connection to the address ends at this server.
func (l listener) at(a netip.AddrPort, machine func() ([]net.Addr, error)) bool {
	if l.port == 0 || a.Port() != l.port {
		return false
	}
	addr := a.Addr().WithZone("").Unmap()
	if addr.IsUnspecified() || addr == l.host {
		return true // the kernel turns "no address" into the machine itself
	}
	return !l.host.IsValid() && (addr.IsLoopback() || ofMachine(addr, machine))
}

// ofMachine is true when the machine's addresses can not be read: better to refuse.
func ofMachine(addr netip.Addr, machine func() ([]net.Addr, error)) bool {
	all, err := machine()
	if err != nil {
		return true
	}
	for _, a := range all {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil && prefix.Addr().Unmap() == addr {
			return true
		}
	}
	return false
}

func refuseItself(a netip.AddrPort) error {
	return automation.Denied("%s is this server itself", a).
		WithHint("if it is meant, write the host with its port, without a *, into the http capability in pack.yaml that has private: true")
}

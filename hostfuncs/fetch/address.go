package fetch

import "net/netip"

// reserved are the IPv4 addresses that are not the Internet's. Sources: the IANA registries of special
// purpose addresses, and what cloud providers put their metadata services on.
func reserved() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"),        // this host
		netip.MustParsePrefix("10.0.0.0/8"),       // private
		netip.MustParsePrefix("100.64.0.0/10"),    // carrier-grade NAT; Alibaba's metadata
		netip.MustParsePrefix("127.0.0.0/8"),      // loopback
		netip.MustParsePrefix("168.63.129.16/32"), // Azure's host, on a public address
		netip.MustParsePrefix("169.254.0.0/16"),   // link-local; most metadata services
		netip.MustParsePrefix("172.16.0.0/12"),    // private
		netip.MustParsePrefix("192.0.0.0/24"),     // protocol assignments; Oracle's metadata
		netip.MustParsePrefix("192.0.2.0/24"),     // documentation
		netip.MustParsePrefix("192.88.99.0/24"),   // 6to4 relays
		netip.MustParsePrefix("192.168.0.0/16"),   // private
		netip.MustParsePrefix("198.18.0.0/15"),    // benchmarks
		netip.MustParsePrefix("198.51.100.0/24"),  // documentation
		netip.MustParsePrefix("203.0.113.0/24"),   // documentation
		netip.MustParsePrefix("224.0.0.0/3"),      // multicast, reserved, broadcast
	}
}

// translated are the IPv6 prefixes that carry an IPv4 address, and where in the
// 16 bytes it stands: the translator at the end of the road may be inside.
func translated() map[netip.Prefix]int {
	return map[netip.Prefix]int{
		netip.MustParsePrefix("::/96"):        12, // IPv4-compatible; holds :: and ::1 too
		netip.MustParsePrefix("64:ff9b::/96"): 12, // NAT64
		netip.MustParsePrefix("2002::/16"):    2,  // 6to4
	}
}

// global is what the Internet uses of IPv6; whatever lies outside (unique local,
// link-local, multicast, site-local, local NAT64 64:ff9b:1::/48) is inside.
func global() netip.Prefix { return netip.MustParsePrefix("2000::/3") }

// special are the parts of it that are not for everybody's traffic.
func special() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("2001::/23"),     // protocol assignments, Teredo among them
		netip.MustParsePrefix("2001:db8::/32"), // documentation
		netip.MustParsePrefix("3fff::/20"),     // documentation
	}
}

// inside reports whether an address is anything but a public one.
func inside(a netip.Addr) bool {
	a = a.WithZone("").Unmap()
	if a.Is4() {
		return within(reserved(), a)
	}
	for prefix, at := range translated() {
		if prefix.Contains(a) {
			b := a.As16()
			return inside(netip.AddrFrom4([4]byte(b[at : at+4])))
		}
	}
	return !global().Contains(a) || within(special(), a)
}

func within(prefixes []netip.Prefix, a netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

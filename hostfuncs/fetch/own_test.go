package fetch

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

func TestTheServersOwnAddress(t *testing.T) {
	t.Parallel()
	machine := func() ([]net.Addr, error) {
		return []net.Addr{&net.IPNet{IP: net.ParseIP("10.1.2.3"), Mask: net.CIDRMask(8, 32)}, &net.IPNet{IP: net.ParseIP("fd00::7"), Mask: net.CIDRMask(64, 128)}}, nil
	}
	broken := func() ([]net.Addr, error) { return nil, errors.New("no netlink") }
	tests := []struct {
		name, listens, to string
		machine           func() ([]net.Addr, error)
		own               bool
	}{
		{"the address itself", "127.0.0.1:8085", "127.0.0.1:8085", machine, true},
		{"mapped into IPv6", "127.0.0.1:8085", "[::ffff:127.0.0.1]:8085", machine, true},
		{"the address that is none", "127.0.0.1:8085", "0.0.0.0:8085", machine, true},
		{"another port", "127.0.0.1:8085", "127.0.0.1:8086", machine, false},
		{"another address of the machine", "127.0.0.1:8085", "10.1.2.3:8085", machine, false},
		{"any loopback address, when it listens everywhere", "0.0.0.0:8085", "127.9.9.9:8085", machine, true},
		{"loopback of IPv6, when it listens everywhere", ":8085", "[::1]:8085", machine, true},
		{"an address of the machine, when it listens everywhere", ":8085", "10.1.2.3:8085", machine, true},
		{"one of IPv6, when it listens everywhere", "[::]:8085", "[fd00::7]:8085", machine, true},
		{"another machine", ":8085", "10.1.2.4:8085", machine, false},
		{"a machine that can not be read", ":8085", "10.1.2.4:8085", broken, true},
		{"by a name, which stands for everywhere", "localhost:8085", "127.0.0.1:8085", machine, true},
		{"no server", "", "127.0.0.1:8085", machine, false},
		{"a port that is not known yet", "127.0.0.1:0", "127.0.0.1:8085", machine, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			own, err := parseListener(tt.listens)
			if got := own.at(netip.MustParseAddrPort(tt.to), tt.machine); err != nil || got != tt.own {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	for _, bad := range []string{"8085", "127.0.0.1:no such service", "127.0.0.1:99999"} {
		if _, err := New(Options{Own: bad}); automation.KindOf(err) != "invalid" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// The right to go inside is not the right to speak to Squall as its own host.
func TestSendReachesTheServerItselfOnlyByName(t *testing.T) {
	t.Parallel()
	s, port := serve(t, func(http.ResponseWriter, *http.Request) {})
	c := newClient(t, Options{Own: "127.0.0.1:" + port, Resolve: names(map[string]string{"in.example.com": "127.0.0.1"})})
	both := allowed(true, "127.0.0.1:"+port)
	both.Ceiling = &automation.Capabilities{HTTP: allowed(true, "*:*").Grants.HTTP}
	configured := hostfuncs.Caller{Config: map[string]any{"url": s.URL}, Grants: automation.Capabilities{
		HTTP: []automation.HTTPCapability{{FromConfig: []string{"url"}, Private: true}}}}
	tests := []struct {
		name, url string
		who       hostfuncs.Caller
		ok        bool
	}{
		{"an entry that names it", s.URL, allowed(true, "127.0.0.1:"+port), true},
		{"then a pattern, over no connection that is open", s.URL, allowed(true, "*:*"), false},
		{"a pattern of the port", s.URL, allowed(true, "127.0.0.1:*"), false},
		{"a name that leads there", "http://in.example.com:" + port, allowed(true, "*:*"), false},
		{"such a name, given with its port", "http://in.example.com:" + port, allowed(true, "in.example.com:"+port), true},
		{"the operator's configuration", s.URL, configured, true},
		{"an entry that names it, but a grant that does not", s.URL, both, false},
	}
	for _, tt := range tests { // in order: connections stay open
		_, err := c.Send(t.Context(), tt.who, Request{URL: tt.url})
		if (err == nil) != tt.ok || err != nil && (automation.KindOf(err) != "denied" || !strings.Contains(err.Error(), "is this server itself")) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if _, err := c.Send(t.Context(), allowed(false, "127.0.0.1:"+port), Request{URL: s.URL}); automation.KindOf(err) != "denied" {
		t.Errorf("without private: %v", err)
	}
}

package fetch

import (
	"net/netip"
	"net/url"
	"testing"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

func TestInside(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"127.0.0.1": true, "127.8.9.1": true, "0.0.0.0": true, "0.1.2.3": true, "10.1.2.3": true, "172.16.0.1": true, "172.31.255.255": true,
		"192.168.1.1": true, "169.254.169.254": true, "100.64.0.1": true, "100.100.100.200": true, "192.0.0.192": true, "168.63.129.16": true,
		"198.18.0.1": true, "192.0.2.1": true, "224.0.0.1": true, "240.0.0.1": true, "255.255.255.255": true,
		"::": true, "::1": true, "fe80::1": true, "fe80::1%eth0": true, "fc00::1": true, "fd00:ec2::254": true, "ff02::1": true, "fec0::1": true,
		"::ffff:127.0.0.1": true, "::ffff:10.0.0.1": true, "::127.0.0.1": true, "::ffff:0:127.0.0.1": true,
		"64:ff9b::7f00:1": true, "64:ff9b::a9fe:a9fe": true, "64:ff9b:1::a00:1": true, "2002:7f00:1::": true, "2001:0:1234::1": true, "2001:db8::1": true,
		"8.8.8.8": false, "1.1.1.1": false, "172.32.0.1": false, "172.15.0.1": false, "100.63.0.1": false, "100.128.0.1": false,
		"2606:4700::1111": false, "::ffff:8.8.8.8": false, "64:ff9b::808:808": false, "2002:808:808::": false,
	}
	for address, want := range tests {
		if got := inside(netip.MustParseAddr(address)); got != want {
			t.Errorf("inside(%s) is %v", address, got)
		}
	}
}

func TestParseTargetRefusesWhatParsersReadDifferently(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/", "http://127.0.1/", "http://1/",
		"http://00000177.0.0.1/", "http://127.0.0.01/", "http://0x/", "http://a.0x7f/", "http://[fe80::1%25eth0]/", "http://[::ffff:7f00:1/",
		"http://１２７.0.0.1/", "http://127。0。0。1/", "http://ex%61mple.com:0/", "http://a..b/", "http://.a/", "http://./", "http:///x", "http:x",
		"http://u@example.com/", "http://u:p@example.com/", "https://example.com:99999/", "https://example.com:https/",
		"ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "//example.com/", "example.com", "javascript:alert(1)", "",
		"http://a b/", "http://a\\b/", "http://münchen.de/",
	} {
		u, err := url.Parse(raw)
		if err != nil {
			continue // refused even earlier
		}
		if got, err := parseTarget("GET", u); err == nil {
			t.Errorf("%s became %s", raw, got.url)
		} else if automation.KindOf(err) != "invalid" {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func TestParseTargetNormalises(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"HTTP://Example.COM":                "http://example.com",
		"https://example.com.:443/a?b#c":    "https://example.com/a?b",
		"https://example.com:0443/":         "https://example.com/",
		"http://example.com:8080/":          "http://example.com:8080/",
		"http://[::1]:8080/":                "http://[::1]:8080/",
		"http://[0:0:0:0:0:0:0:1]/":         "http://[::1]/",
		"http://[::ffff:127.0.0.1]/":        "http://127.0.0.1/",
		"http://example.com/%2e%2e/x?y=%20": "http://example.com/%2e%2e/x?y=%20",
	}
	for raw, want := range tests {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := parseTarget("GET", u); err != nil || got.url.String() != want {
			t.Errorf("%s became %v, %v", raw, got.url, err)
		}
	}
}

func TestAllow(t *testing.T) {
	t.Parallel()
	type capability = automation.HTTPCapability
	tests := []struct {
		name, method, url string
		entry             capability
		ok                bool
	}{
		{"a host by name", "GET", "https://example.com/", capability{Hosts: []string{"example.com"}}, true},
		{"a host in another case", "GET", "https://EXAMPLE.com/", capability{Hosts: []string{"Example.COM."}}, true},
		{"no port means 80 and 443", "GET", "http://example.com:443/", capability{Hosts: []string{"example.com"}}, true},
		{"no port means no other", "GET", "http://example.com:8080/", capability{Hosts: []string{"example.com"}}, false},
		{"a port", "GET", "http://example.com:8080/", capability{Hosts: []string{"example.com:8080"}}, true},
		{"another port", "GET", "https://example.com/", capability{Hosts: []string{"example.com:8080"}}, false},
		{"any port", "GET", "https://example.com:9/", capability{Hosts: []string{"example.com:*"}}, true},
		{"a pattern", "GET", "https://a.example.com/", capability{Hosts: []string{"*.example.com"}}, true},
		{"a pattern does not hold the domain itself", "GET", "https://example.com/", capability{Hosts: []string{"*.example.com"}}, false},
		{"a pattern ends where it ends", "GET", "https://a.example.com.evil.org/", capability{Hosts: []string{"*.example.com"}}, false},
		{"a name that only begins alike", "GET", "https://example.com.evil.org/", capability{Hosts: []string{"example.com"}}, false},
		{"a broken pattern matches nothing", "GET", "https://example.com/", capability{Hosts: []string{"[example.com"}}, false},
		{"an IPv6 address", "GET", "http://[::1]:8080/", capability{Hosts: []string{"[::1]:8080"}}, true},
		{"a bare IPv6 address", "GET", "http://[::1]/", capability{Hosts: []string{"::1"}}, true},
		{"no methods mean GET and HEAD", "HEAD", "https://example.com/", capability{Hosts: []string{"example.com"}}, true},
		{"no methods do not mean POST", "POST", "https://example.com/", capability{Hosts: []string{"example.com"}}, false},
		{"a method", "POST", "https://example.com/", capability{Hosts: []string{"example.com"}, Methods: []string{"post"}}, true},
		{"methods replace GET", "GET", "https://example.com/", capability{Hosts: []string{"example.com"}, Methods: []string{"POST"}}, false},
		{"a host from the configuration", "GET", "https://cfg.example.com/other", capability{FromConfig: []string{"hook"}}, true},
		{"another port than the configuration's", "GET", "https://cfg.example.com:8443/", capability{FromConfig: []string{"hook"}}, false},
		{"another host than the configuration's", "GET", "https://example.com/", capability{FromConfig: []string{"hook"}}, false},
		{"a key that is not set", "GET", "https://example.com/", capability{FromConfig: []string{"unset"}}, false},
		{"a key that is no URL", "GET", "https://example.com/", capability{FromConfig: []string{"number"}}, false},
		{"no hosts", "GET", "https://example.com/", capability{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u, err := url.Parse(tt.url)
			if err != nil {
				t.Fatal(err)
			}
			hop, err := parseTarget(tt.method, u)
			if err != nil {
				t.Fatal(err)
			}
			who := hostfuncs.Caller{
				Config: map[string]any{"hook": "https://user:pass@cfg.example.com/path", "number": 7},
				Grants: automation.Capabilities{HTTP: []capability{tt.entry}},
			}
			if _, err := hop.allow(who); (err == nil) != tt.ok || (err != nil && automation.KindOf(err) != "denied") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, seed := range []string{"http://example.com/", "http://127.1", "http://[::ffff:127.0.0.1]:80", "http://0x7f.1", "https://a.b:443/x?y#z", "http://a@b/", "http://%31"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := url.Parse(raw)
		if err != nil {
			return
		}
		first, err := parseTarget("GET", u)
		if err != nil {
			return
		}
		// What was checked must be what the transport reads.
		again, err := url.Parse(first.url.String())
		if err != nil {
			t.Fatalf("%q became %q: %v", raw, first.url, err)
		}
		second, err := parseTarget("GET", again)
		if err != nil || second.host != first.host || second.port != first.port {
			t.Fatalf("%q is first %s:%s, then %s:%s, %v", raw, first.host, first.port, second.host, second.port, err)
		}
	})
}

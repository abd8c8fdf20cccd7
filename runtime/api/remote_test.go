package api

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestOnlyTrustedProxiesTellWhomTheySpeakFor(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("127.0.0.1/32")}
	for _, tt := range []struct {
		name, peer, forwarded, want string
		trusted                     []netip.Prefix
	}{
		{"nobody is trusted", "203.0.113.9:1", "198.51.100.7", "203.0.113.9", nil},
		{"nobody is trusted, not even this machine", "127.0.0.1:1", "198.51.100.7", "127.0.0.1", nil},
		{"a stranger's word", "203.0.113.9:1", "198.51.100.7", "203.0.113.9", proxies},
		{"a private address is not trusted by itself", "192.168.0.1:1", "198.51.100.7", "192.168.0.1", proxies},
		{"a proxy's word", "10.1.2.3:1", "198.51.100.7", "198.51.100.7", proxies},
		{"what the sender told the proxy", "10.1.2.3:1", "1.1.1.1, 198.51.100.7", "198.51.100.7", proxies},
		{"two proxies", "10.1.2.3:1", "198.51.100.7, 10.1.9.9", "198.51.100.7", proxies},
		{"a proxy that says nothing", "10.1.2.3:1", "", "10.1.2.3", proxies},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr = tt.peer
		if tt.forwarded != "" {
			r.Header.Set("X-Forwarded-For", tt.forwarded)
			r.Header.Set("X-Real-Ip", "9.9.9.9")
		}
		if got := remoteOf(tt.trusted)(r); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

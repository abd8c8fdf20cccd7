package daemon

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/fetch"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
)

func TestRequestsOfPacksLeaveAsConfigured(t *testing.T) {
	t.Parallel()
	var proxied atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.IsAbs() {
			proxied.Add(1)
		}
	}))
	t.Cleanup(s.Close)
	c := config.Default()
	c.Listen, c.HTTP.Proxy = s.Listener.Addr().String(), s.URL
	client, err := outbound(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	caller := func(private bool, host string) hostfuncs.Caller {
		return hostfuncs.Caller{Grants: automation.Capabilities{HTTP: []automation.HTTPCapability{{Hosts: []string{host}, Private: private}}}}
	}
	if _, err := client.Send(t.Context(), caller(false, "gone.example.com"), fetch.Request{URL: "http://gone.example.com/"}); err != nil || proxied.Load() != 1 {
		t.Errorf("%d requests went through the proxy: %v", proxied.Load(), err)
	}
	if _, err := client.Send(t.Context(), caller(true, "127.0.0.1:*"), fetch.Request{URL: s.URL}); err == nil || !strings.Contains(err.Error(), "this server itself") {
		t.Errorf("the server's own address: %v", err)
	}
	c.HTTP = config.HTTP{RequestsPerSecond: 0.001}
	slow, err := outbound(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = slow.Close() })
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(other.Close)
	for _, kind := range []string{"", "unavailable"} {
		_, err := slow.Send(t.Context(), caller(true, "127.0.0.1:*"), fetch.Request{URL: other.URL})
		if got := automation.KindOf(err); err == nil != (kind == "") || err != nil && got != kind {
			t.Errorf("at a thousandth of a request a second: %v", err)
		}
	}
	for _, bad := range []config.HTTP{{Proxy: "proxy:3128"}, {CAFile: t.TempDir() + "/missing.pem"}, {RequestsPerSecond: -1}} {
		c.HTTP = bad
		if _, _, err := HostFuncs(c, slog.New(slog.DiscardHandler), World{}); automation.KindOf(err) != "invalid" {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

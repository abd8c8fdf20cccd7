package fetch

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/hostfuncs/hostfuncstest"
	"github.com/squall-dev/squall/runtime/automation"
)

// names resolves every name to the addresses given for it.
func names(table map[string]string) func(context.Context, string) ([]netip.Addr, error) {
	return func(_ context.Context, host string) ([]netip.Addr, error) {
		addr, err := netip.ParseAddr(table[host])
		if err != nil {
			return nil, &net.DNSError{Err: "no such host", Name: host, Server: "10.0.0.2:53", IsNotFound: true}
		}
		return []netip.Addr{addr}, nil
	}
}

func newClient(t *testing.T, o Options) *Client {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func serve(t *testing.T, h http.HandlerFunc) (s *httptest.Server, port string) {
	t.Helper()
	s = httptest.NewServer(h)
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return s, u.Port()
}

func allowed(private bool, hosts ...string) hostfuncs.Caller {
	return hostfuncs.Caller{Pack: "demo", Grants: automation.Capabilities{
		HTTP:      []automation.HTTPCapability{{Hosts: hosts, Methods: []string{"*"}, Private: private}},
		Artifacts: []automation.ArtifactCapability{{}},
	}}
}

func TestSend(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		w.Header().Add("X-Two", "a")
		w.Header().Add("X-Two", "b")
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL, r.Header.Get("X-Key"), b)
	})
	got, err := newClient(t, Options{}).Send(t.Context(), allowed(true, "127.0.0.1:*"), Request{
		Method: "put", URL: s.URL + "/a?b=c#d", Headers: map[string]string{"x-key": "v"}, BodyBase64: "aGVsbG8=",
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != http.StatusTeapot || got.Body != "PUT /a?b=c v hello" || got.Headers["X-Two"] != "a, b" || got.URL != s.URL+"/a?b=c" || got.Size != 18 {
		t.Errorf("got %+v", got)
	}
}

// Names, notations and redirects that lead inside, to a server that would answer.
func TestSendNeverGoesInsideWithoutTheRight(t *testing.T) {
	t.Parallel()
	_, port := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") })
	c := newClient(t, Options{Resolve: names(map[string]string{
		"evil.example.com": "127.0.0.1", "six.example.com": "::1", "mapped.example.com": "::ffff:127.0.0.1", "nat.example.com": "64:ff9b::7f00:1",
		"meta.example.com": "169.254.169.254", "cluster.example.com": "10.96.0.1",
	})})
	for _, host := range []string{
		"evil.example.com", "six.example.com", "mapped.example.com", "nat.example.com", "meta.example.com", "cluster.example.com",
		"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::127.0.0.1]", "0.0.0.0", "[::]", "localhost.",
		"127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0x7f000001", "127.0.0.1.",
	} {
		_, err := c.Send(t.Context(), allowed(false, "*:*", "::*", "64:*"), Request{URL: "http://" + host + ":" + port})
		if kind := automation.KindOf(err); kind != "denied" && kind != "invalid" && host != "localhost." {
			t.Errorf("%s: %v (%s)", host, err, kind)
		}
		if kind := automation.KindOf(err); kind == "denied" && !strings.Contains(automation.HintOf(err), "private: true") {
			t.Errorf("%s: hint is %q", host, automation.HintOf(err))
		}
	}
	system := newClient(t, Options{}) // the machine's own resolver, and its hosts file
	_, err := system.Send(t.Context(), allowed(false, "localhost:*"), Request{URL: "http://localhost:" + port})
	if !errors.Is(err, automation.ErrDenied) {
		t.Errorf("localhost: %v", err)
	}
}

// The second answer of the name server is another than the first: a check
// before dialling would have been passed.
func TestSendLooksAtTheAddressThatIsDialled(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skip("this machine has no second loopback address")
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
	})}
	go func() { _ = s.Serve(listener) }()
	t.Cleanup(func() { _ = s.Close() })
	answers := []string{"127.0.0.2", "127.0.0.1"}
	c := newClient(t, Options{Resolve: func(context.Context, string) ([]netip.Addr, error) {
		next := netip.MustParseAddr(answers[0])
		answers = answers[1:]
		return []netip.Addr{next}, nil
	}})
	c.inside = func(a netip.Addr) bool { return a != netip.MustParseAddr("127.0.0.2") }
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	req := Request{URL: "http://rebind.example.com:" + port}
	if _, err := c.Send(t.Context(), allowed(false, "*:*"), req); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Send(t.Context(), allowed(false, "*:*"), req); !errors.Is(err, automation.ErrDenied) {
		t.Errorf("got %v", err)
	}
}

// A connection that was opened with the right to go inside must not serve a
// request that has none.
func TestSendDoesNotShareConnectionsThatLeadInside(t *testing.T) {
	t.Parallel()
	_, port := serve(t, func(http.ResponseWriter, *http.Request) {})
	c := newClient(t, Options{Resolve: names(map[string]string{"in.example.com": "127.0.0.1"})})
	req := Request{URL: "http://in.example.com:" + port}
	if _, err := c.Send(t.Context(), allowed(true, "*:*"), req); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Send(t.Context(), allowed(false, "*:*"), req); !errors.Is(err, automation.ErrDenied) {
		t.Errorf("got %v", err)
	}
}

func TestSendFollowsRedirectsOnlyWhereItMay(t *testing.T) {
	t.Parallel()
	_, port := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/to":
			w.Header().Set("Location", r.URL.Query().Get("url"))
			w.WriteHeader(http.StatusFound)
		case r.URL.Path == "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		default:
			fmt.Fprint(w, "arrived")
		}
	})
	c := newClient(t, Options{Resolve: names(map[string]string{"a.example.com": "127.0.0.1", "b.example.com": "127.0.0.1", "outer.example.com": "127.0.0.1"})})
	who := allowed(true, "a.example.com:"+port, "b.example.com:"+port)
	who.Grants.HTTP = append(who.Grants.HTTP, automation.HTTPCapability{Hosts: []string{"outer.example.com:" + port}})
	no := false
	tests := []struct {
		name, to, kind string
		follow         *bool
		status         int
	}{
		{"the same host", "/x", "", nil, 200},
		{"another host that is allowed", "http://b.example.com:" + port, "", nil, 200},
		{"a host that is not", "http://c.example.com/", "denied", nil, 0},
		{"another port", "http://a.example.com:1/", "denied", nil, 0},
		{"a host that may not lie inside, but does", "http://outer.example.com:" + port, "denied", nil, 0},
		{"an address inside", "http://127.0.0.1:" + port, "denied", nil, 0},
		{"the metadata service", "http://169.254.169.254/latest/meta-data", "denied", nil, 0},
		{"another scheme", "file:///etc/passwd", "invalid", nil, 0},
		{"a user name", "http://u:p@a.example.com:" + port, "invalid", nil, 0},
		{"an endless loop", "/loop", "unavailable", nil, 0},
		{"nowhere", "", "", nil, 302},
		{"not wanted", "http://c.example.com/", "", &no, 302},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.Send(t.Context(), who, Request{URL: "http://a.example.com:" + port + "/to?url=" + url.QueryEscape(tt.to), FollowRedirects: tt.follow})
			if got.Status != tt.status || (err != nil) != (tt.kind != "") || (err != nil && automation.KindOf(err) != tt.kind) {
				t.Errorf("got %d, %v", got.Status, err)
			}
		})
	}
}

func TestSendLeavesCredentialsBehindOnRedirects(t *testing.T) {
	t.Parallel()
	echo := func(w http.ResponseWriter, r *http.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			w.Header().Set("Location", to)
			w.WriteHeader(map[string]int{"/307": 307, "/303": 303}[r.URL.Path])
			return
		}
		b, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s|%s|%s|%s|%s|%s", r.Method, r.Header.Get("Authorization"), r.Header.Get("Cookie"), r.Header.Get("X-Vault-Token"), r.Header.Get("Accept"), b)
	}
	a, _ := serve(t, echo)
	b, _ := serve(t, echo)
	c := newClient(t, Options{})
	headers := map[string]string{"Authorization": "Bearer x", "Cookie": "s=1", "X-Vault-Token": "t", "Accept": "text/plain"}
	tests := []struct{ name, path, to, want string }{
		{"the same origin keeps them", "/307", a.URL, "POST|Bearer x|s=1|t|text/plain|hello"},
		{"another origin gets none", "/307", b.URL, "POST||||text/plain|hello"},
		{"see other becomes GET without a body", "/303", b.URL, "GET||||text/plain|"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.Send(t.Context(), allowed(true, "127.0.0.1:*"), Request{
				Method: "POST", URL: a.URL + tt.path + "?to=" + url.QueryEscape(tt.to), Headers: headers, Body: "hello",
			})
			if err != nil || got.Body != tt.want {
				t.Errorf("got %q, %v", got.Body, err)
			}
		})
	}
}

// The method of the hop after a redirect needs a right of its own.
func TestSendChecksTheMethodAfterARedirect(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			t.Error("a GET arrived")
		}
		http.Redirect(w, r, "/x", http.StatusSeeOther)
	})
	who := allowed(true, "127.0.0.1:*")
	who.Grants.HTTP[0].Methods = []string{"POST"}
	_, err := newClient(t, Options{}).Send(t.Context(), who, Request{Method: "POST", URL: s.URL})
	if !errors.Is(err, automation.ErrDenied) {
		t.Errorf("got %v", err)
	}
}

func TestSendCapsTheBody(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, strings.NewReader(strings.Repeat("x", 3<<20)))
	})
	c := newClient(t, Options{})
	tests := []struct {
		name     string
		max      int64
		artifact bool
		size     int64
		cut      bool
		kind     string
	}{
		{"the guest gets 1 MiB", 0, false, 1 << 20, true, ""},
		{"the guest gets no more when it asks for more", 8 << 20, false, 1 << 20, true, ""},
		{"the guest gets less when it asks for less", 10, false, 10, true, ""},
		{"an artifact gets all", 0, true, 3 << 20, false, ""},
		{"an artifact that grows too large is refused", 1 << 20, true, 0, false, "invalid"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sink := &hostfuncstest.Sink{}
			who := allowed(true, "127.0.0.1:*")
			who.Artifacts = sink
			req := Request{URL: s.URL, MaxBytes: tt.max}
			if tt.artifact {
				req.Artifact = &hostfuncs.ArtifactSpec{Name: "x"}
			}
			got, err := c.Send(t.Context(), who, req)
			if (err != nil) != (tt.kind != "") || (err != nil && automation.KindOf(err) != tt.kind) {
				t.Fatal(err)
			}
			if err == nil && (got.Size != tt.size || got.Truncated != tt.cut || (got.Artifact != nil) != tt.artifact) {
				t.Errorf("size %d, truncated %v, artifact %v", got.Size, got.Truncated, got.Artifact)
			}
			if sink.Open() != 0 || (len(sink.Kept()) == 1) != (tt.artifact && tt.kind == "") {
				t.Errorf("kept %d, open %d", len(sink.Kept()), sink.Open())
			}
		})
	}
}

func TestSendKeepsNoArtifactOfAnError(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no heap today", http.StatusNotFound) })
	sink := &hostfuncstest.Sink{}
	who := allowed(true, "127.0.0.1:*")
	who.Artifacts = sink
	got, err := newClient(t, Options{}).Send(t.Context(), who, Request{URL: s.URL, Artifact: &hostfuncs.ArtifactSpec{Name: "heap"}})
	if err != nil || got.Artifact != nil || got.Body != "no heap today\n" || len(sink.Kept())+len(sink.Aborted()) != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestSendErrors(t *testing.T) {
	t.Parallel()
	c := newClient(t, Options{Resolve: names(nil)})
	tests := []struct {
		name                string
		req                 Request
		kind, message, hint string
	}{
		{"a host that the pack did not ask for", Request{Method: "POST", URL: "https://evil.org:8443/"}, "denied", "POST requests to evil.org:8443", `- {hosts: ["evil.org:8443"], methods: [POST],`},
		{"a name that does not exist", Request{URL: "http://gone.example.com/"}, "unavailable", "no such host", "DNS"},
		{"a URL that is none", Request{URL: "http://secret:%zz"}, "invalid", "can not be read", "https://"},
		{"a method that is none", Request{Method: "GE T", URL: "http://gone.example.com/"}, "invalid", "method", ""},
		{"a method for proxies", Request{Method: "CONNECT", URL: "http://gone.example.com/"}, "invalid", "method", ""},
		{"a header with a line break", Request{URL: "http://gone.example.com/", Headers: map[string]string{"X": "a\r\nHost: b"}}, "invalid", "header field", ""},
		{"a header without a name", Request{URL: "http://gone.example.com/", Headers: map[string]string{"": "a"}}, "invalid", "header field", ""},
		{"another host in a header", Request{URL: "http://gone.example.com/", Headers: map[string]string{"host": "b"}}, "invalid", "Host is not", "leave it out"},
		{"two bodies", Request{URL: "http://gone.example.com/", Body: "a", BodyBase64: "YQ=="}, "invalid", "both", ""},
		{"a size below zero", Request{URL: "http://gone.example.com/", MaxBytes: -1}, "invalid", "max_bytes", ""},
		{"an artifact's name that is a path", Request{URL: "http://gone.example.com/", Artifact: &hostfuncs.ArtifactSpec{Name: "../x"}}, "invalid", "name an artifact", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := c.Send(t.Context(), allowed(false, "gone.example.com"), tt.req)
			if err == nil || automation.KindOf(err) != tt.kind || !strings.Contains(err.Error(), tt.message) || !strings.Contains(automation.HintOf(err), tt.hint) {
				t.Errorf("got %v (%s), hint %q", err, automation.KindOf(err), automation.HintOf(err))
			}
			if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "10.0.0.2")) {
				t.Errorf("%q tells too much", err)
			}
		})
	}
}

func TestSendNamesTheConfigurationThatIsMissing(t *testing.T) {
	t.Parallel()
	who := hostfuncs.Caller{Pack: "labs_sre", Grants: automation.Capabilities{HTTP: []automation.HTTPCapability{{FromConfig: []string{"pprof_url"}}}}}
	_, err := newClient(t, Options{}).Send(t.Context(), who, Request{URL: "http://127.0.0.1:6060/"})
	if !strings.Contains(automation.HintOf(err), "set pprof_url in the configuration of pack labs_sre") {
		t.Errorf("hint is %q", automation.HintOf(err))
	}
}

func TestSendStopsWhenTimeIsUp(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done() // the body never comes
	})
	_, err := newClient(t, Options{}).Send(t.Context(), allowed(true, "127.0.0.1:*"), Request{URL: s.URL, TimeoutSeconds: 0.05})
	if automation.KindOf(err) != "timeout" {
		t.Errorf("got %v", err)
	}
}

func TestSendTrustsOnlyWhomItShould(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	if _, err := newClient(t, Options{}).Send(t.Context(), allowed(true, "127.0.0.1:*"), Request{URL: s.URL}); automation.KindOf(err) != "unavailable" {
		t.Errorf("got %v", err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	if _, err := newClient(t, Options{RootCAs: pool}).Send(t.Context(), allowed(true, "127.0.0.1:*"), Request{URL: s.URL}); err != nil {
		t.Error(err)
	}
}

// Not parallel: the environment is the process's.
func TestSendAsksAProxyOnlyWhenConfigured(t *testing.T) {
	proxied := 0
	proxy, _ := serve(t, func(http.ResponseWriter, *http.Request) { proxied++ })
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	who := allowed(false, "gone.example.com")
	req := Request{URL: "http://gone.example.com/"}
	if _, err := newClient(t, Options{Resolve: names(nil)}).Send(t.Context(), who, req); err == nil || proxied != 0 {
		t.Errorf("%d requests went through the environment's proxy: %v", proxied, err)
	}
	via, _ := url.Parse(proxy.URL)
	c := newClient(t, Options{Proxy: via})
	if _, err := c.Send(t.Context(), who, req); err != nil || proxied != 1 {
		t.Errorf("%d requests went through the configured proxy: %v", proxied, err)
	}
	here, _ := serve(t, func(http.ResponseWriter, *http.Request) {})
	if _, err := c.Send(t.Context(), allowed(true, "127.0.0.1:*"), Request{URL: here.URL}); err != nil || proxied != 1 {
		t.Errorf("a request inside: %d went through the proxy: %v", proxied, err)
	}
	if _, err := c.Send(t.Context(), allowed(false, "127.0.0.1:*"), Request{URL: here.URL}); automation.KindOf(err) != "denied" || proxied != 1 {
		t.Errorf("an address inside without the right: %d went through the proxy: %v", proxied, err)
	}
}

func TestTheRecordNamesTheHostAlone(t *testing.T) {
	t.Parallel()
	f := newClient(t, Options{}).Funcs()[0]
	_, record := f.Call(t.Context(), allowed(false, "x"), []byte(`{"method":"POST","url":"https://hooks.example.com/services/T0/secret?token=1"}`))
	if record.Detail != "POST hooks.example.com" || record.Error != "denied" || strings.Contains(record.Message, "secret") {
		t.Errorf("got %+v", record)
	}
}

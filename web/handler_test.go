package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

func site() fstest.MapFS {
	return fstest.MapFS{
		"app/index.html":          {Data: []byte(`<meta name="csp-nonce" content="__NONCE__">app`)},
		"app/theme.js":            {Data: []byte("theme")},
		"app/assets/a-1234.js":    {Data: []byte("plain")},
		"app/assets/a-1234.js.br": {Data: []byte("brotli")},
		"app/assets/a-1234.js.gz": {Data: []byte("gzip")},
		"app/assets/i-1.woff2":    {Data: []byte("font")},
		"app/.vite/manifest.json": {Data: []byte("{}")},
		"index.html":              {Data: []byte("UI not built")},
	}
}

func ask(t *testing.T, h http.Handler, method, path, encodings string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Accept-Encoding", encodings)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), string(body)
}

func TestHandlerAnswers(t *testing.T) {
	t.Parallel()
	const forever, again, never = "public, max-age=31536000, immutable", "no-cache", "no-store"
	tests := []struct {
		name, method, path, encodings string
		status                        int
		body, encoding, cache         string
	}{
		{"the root is the page", "GET", "/", "", 200, "app", "", never},
		{"a route of the page is the page", "GET", "/executions/01ab", "br", 200, "app", "", never},
		{"a rule's dotted name is a route", "GET", "/rules/labs_sre.generate", "", 200, "app", "", never},
		{"a trigger's too", "GET", "/triggers/core.st2.webhook", "", 200, "app", "", never},
		{"index.html is filled in too", "GET", "/index.html", "", 200, "app", "", never},
		{"HEAD has no body", "HEAD", "/executions", "", 200, "", "", never},
		{"brotli first", "GET", "/assets/a-1234.js", "gzip, br", 200, "brotli", "br", forever},
		{"gzip when brotli is not accepted", "GET", "/assets/a-1234.js", "gzip", 200, "gzip", "gzip", forever},
		{"a refused encoding is not sent", "GET", "/assets/a-1234.js", "br;q=0, gzip", 200, "gzip", "gzip", forever},
		{"plain for a client without encodings", "GET", "/assets/a-1234.js", "", 200, "plain", "", forever},
		{"a file without compressed copies", "GET", "/assets/i-1.woff2", "br", 200, "font", "", forever},
		{"a file whose name has no hash is asked for again", "GET", "/theme.js", "", 200, "theme", "", again},
		{"a missing asset is not the page", "GET", "/assets/old-9.js", "", 404, "", "", ""},
		{"the API is never the page", "GET", "/api/v1/nothing", "", 404, "", "", ""},
		{"the API's root neither", "GET", "/api", "", 404, "", "", ""},
		{"a path that climbs stays inside", "GET", "/../../assets/a-1234.js", "", 200, "plain", "", forever},
		{"a path that climbs into the API is the API", "GET", "/executions/../api/v1/x", "", 404, "", "", ""},
		{"the build's manifest is not served", "GET", "/.vite/manifest.json", "", 404, "", "", ""},
		{"writing is refused", "POST", "/executions", "", 405, "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			response, body := ask(t, newHandler(built(site())), tt.method, tt.path, tt.encodings)
			if response.StatusCode != tt.status {
				t.Fatalf("status %d, want %d", response.StatusCode, tt.status)
			}
			if tt.status != 200 {
				if strings.Contains(body, "app") {
					t.Errorf("answered with the page: %q", body)
				}
				return
			}
			if !strings.Contains(body, tt.body) {
				t.Errorf("body %q, want %q in it", body, tt.body)
			}
			if got := response.Header.Get("Content-Encoding"); got != tt.encoding {
				t.Errorf("encoding %q, want %q", got, tt.encoding)
			}
			if got := response.Header.Get("Cache-Control"); got != tt.cache {
				t.Errorf("cache control %q, want %q", got, tt.cache)
			}
			if got := response.Header.Get("X-Content-Type-Options"); got != "nosniff" {
				t.Errorf("X-Content-Type-Options %q", got)
			}
		})
	}
}

func TestEveryPageCarriesItsOwnNonce(t *testing.T) {
	t.Parallel()
	h := newHandler(built(site()))
	find := regexp.MustCompile(`content="([^"]+)"`)
	seen := map[string]bool{}
	for range 10 {
		response, body := ask(t, h, "GET", "/executions", "")
		nonce := find.FindStringSubmatch(body)[1]
		if csp := response.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "style-src 'self' 'nonce-"+nonce+"'") {
			t.Errorf("the policy %q does not hold the page's nonce %q", csp, nonce)
		}
		seen[nonce] = true
	}
	if len(seen) != 10 || seen[noncePlaceholder] {
		t.Errorf("10 answers carried %d nonces: %v", len(seen), seen)
	}
}

func TestPolicyAllowsNothingUnsafe(t *testing.T) {
	t.Parallel()
	response, _ := ask(t, newHandler(built(site())), "GET", "/", "")
	csp := response.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self';", "base-uri 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("policy %q lacks %q", csp, want)
		}
	}
	if strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q is unsafe", csp)
	}
	for header, want := range map[string]string{"Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin"} {
		if got := response.Header.Get(header); got != want {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
}

func TestPlaceholderStandsInWithoutABuild(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"index.html": {Data: []byte("UI not built")}}
	response, body := ask(t, newHandler(built(files)), "GET", "/executions", "")
	if response.StatusCode != 200 || body != "UI not built" {
		t.Errorf("got %d %q", response.StatusCode, body)
	}
}

func TestEmbeddedPageAnswers(t *testing.T) {
	t.Parallel()
	response, body := ask(t, Handler(), "GET", "/", "")
	if response.StatusCode != 200 || !strings.Contains(body, "<title>") {
		t.Errorf("got %d %q", response.StatusCode, body)
	}
}

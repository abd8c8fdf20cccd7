package web

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// noncePlaceholder stands in index.html where each answer carries its own nonce.
const noncePlaceholder = "__NONCE__"

// The page needs one nonce only: some components add a <style> of their own.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-" + noncePlaceholder + "'; " +
	"img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

type handler struct{ files fs.FS }

func newHandler(files fs.FS) http.Handler { return handler{files} }

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	switch {
	case name == "api" || strings.HasPrefix(name, "api/"):
		http.NotFound(w, r)
	case isAsset(name) && h.serveFile(w, r, name):
	case path.Ext(name) != "" && name != "index.html" && !isRoute(name):
		http.NotFound(w, r)
	default:
		h.serveIndex(w, r)
	}
}

// isAsset tells files from routes and from what nobody should ask for.
func isAsset(name string) bool {
	return path.Ext(name) != "" && name != "index.html" && !strings.HasPrefix(name, ".")
}

// isRoute knows the routes whose last part holds dots: /rules/pack.name.
func isRoute(name string) bool {
	return strings.HasPrefix(name, "rules/") || strings.HasPrefix(name, "triggers/")
}

func (h handler) serveIndex(w http.ResponseWriter, r *http.Request) {
	page, err := fs.ReadFile(h.files, "index.html")
	if err != nil {
		http.Error(w, "the page is missing from this build", http.StatusInternalServerError)
		return
	}
	nonce := newNonce()
	header := secure(w)
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", strings.ReplaceAll(policy, noncePlaceholder, nonce))
	page = bytes.ReplaceAll(page, []byte(noncePlaceholder), []byte(nonce))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(page))
}

// serveFile reports whether there is such a file. It prefers the copies that the
// build has compressed, in the browser's encodings.
func (h handler) serveFile(w http.ResponseWriter, r *http.Request, name string) bool {
	encoding, data, ok := h.read(name, r.Header.Get("Accept-Encoding"))
	if !ok {
		return false
	}
	header := secure(w)
	header.Set("Vary", "Accept-Encoding")
	header.Set("Cache-Control", cacheControl(name))
	if kind := contentType(name); kind != "" {
		header.Set("Content-Type", kind)
	}
	if encoding != "" {
		header.Set("Content-Encoding", encoding)
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
	return true
}

func (h handler) read(name, accepted string) (encoding string, data []byte, ok bool) {
	for _, c := range []struct{ encoding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}, {"", ""}} {
		if c.encoding != "" && !accepts(accepted, c.encoding) {
			continue
		}
		if data, err := fs.ReadFile(h.files, name+c.suffix); err == nil {
			return c.encoding, data, true
		}
	}
	return "", nil, false
}

// accepts reads an Accept-Encoding header; "br;q=0" refuses.
func accepts(header, encoding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, parameters, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), encoding) {
			q := strings.ReplaceAll(parameters, " ", "")
			return q != "q=0" && !strings.HasPrefix(q, "q=0.0")
		}
	}
	return false
}

// contentType does not ask the machine's mime tables for what the page is made of.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	}
	return mime.TypeByExtension(path.Ext(name))
}

// cacheControl keeps files whose name holds their hash for ever; the others are
// asked for again.
func cacheControl(name string) string {
	if strings.HasPrefix(name, "assets/") {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

func secure(w http.ResponseWriter) http.Header {
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	return header
}

func newNonce() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return base64.StdEncoding.EncodeToString(b[:])
}

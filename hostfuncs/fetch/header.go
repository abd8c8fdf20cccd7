package fetch

import (
	"net/http"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

// requestHeader checks a guest's header fields. Those that steer the connection
// are the client's: with Host, a guest could speak to another site behind an
// address that it may reach.
func requestHeader(fields map[string]string) (http.Header, error) {
	header := http.Header{"User-Agent": {"squall"}}
	for name, value := range fields {
		if !token(name) || strings.ContainsAny(value, "\r\n\x00") {
			return nil, automation.Invalid("header field %q can not be sent", name).
				WithHint("names are letters, digits and hyphens; values are one line")
		}
		if steering(http.CanonicalHeaderKey(name)) {
			return nil, automation.Invalid("header field %s is not the guest's to set", http.CanonicalHeaderKey(name)).
				WithHint("leave it out; it follows from the URL and the body")
		}
		header.Set(name, value)
	}
	return header, nil
}

func token(name string) bool {
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	}
	return name != "" && !strings.ContainsFunc(name, odd)
}

func steering(name string) bool {
	switch name {
	case "Host", "Connection", "Content-Length", "Transfer-Encoding", "Upgrade", "Keep-Alive", "Te", "Trailer":
		return true
	}
	return strings.HasPrefix(name, "Proxy-")
}

// elsewhere returns what of a header may follow a redirect to another origin:
// what describes the request. All else may be a credential of the first host,
// under whatever name.
func elsewhere(header http.Header) http.Header {
	kept := http.Header{}
	for _, name := range []string{"Accept", "Accept-Language", "Content-Type", "User-Agent"} {
		if values := header.Values(name); len(values) > 0 {
			kept[name] = values
		}
	}
	return kept
}

// flat is an answer's header as guests see it: one line a field.
func flat(header http.Header) map[string]string {
	fields := make(map[string]string, len(header))
	for name, values := range header {
		fields[name] = strings.ToValidUTF8(strings.Join(values, ", "), "\uFFFD")
	}
	return fields
}

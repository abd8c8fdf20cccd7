package fetch

import (
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// target is where one hop of a request goes.
type target struct {
	method string
	url    *url.URL // normalised: what is checked is what is dialled
	host   string   // lower case, without brackets and final dot
	port   string
}

// parseTarget reads an address strictly. Every notation that one parser may
// understand differently from the next is refused.
func parseTarget(method string, u *url.URL) (target, error) {
	scheme := strings.ToLower(u.Scheme)
	switch {
	case scheme != "http" && scheme != "https":
		return target{}, automation.Invalid("the URL's scheme is %q", u.Scheme).WithHint("use http or https")
	case u.User != nil:
		return target{}, automation.Invalid("the URL has a user name").WithHint("put credentials into the Authorization header")
	case u.Opaque != "" || u.Hostname() == "":
		return target{}, automation.Invalid("the URL has no host")
	}
	host, err := normalHost(u.Hostname())
	if err != nil {
		return target{}, err
	}
	port, err := normalPort(scheme, u.Port())
	if err != nil {
		return target{}, err
	}
	clean := *u
	clean.Scheme, clean.Fragment, clean.RawFragment = scheme, "", ""
	clean.Host = host
	if strings.Contains(host, ":") {
		clean.Host = "[" + host + "]"
	}
	if port != standardPort(scheme) {
		clean.Host += ":" + port
	}
	return target{method: method, url: &clean, host: host, port: port}, nil
}

func standardPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

func normalPort(scheme, port string) (string, error) {
	if port == "" {
		return standardPort(scheme), nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return "", automation.Invalid("the URL's port is %q", port)
	}
	return strconv.FormatUint(n, 10), nil
}

func normalHost(host string) (string, error) {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if addr, err := netip.ParseAddr(host); err == nil && addr.Zone() == "" {
		return addr.Unmap().String(), nil
	}
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '_'
	}
	if host == "" || len(host) > 253 || strings.ContainsFunc(host, odd) || strings.Contains(host, "..") || host[0] == '.' {
		return "", automation.Invalid("the URL's host %q is not a name", host).
			WithHint("write international names in their xn-- form and IPv6 addresses in brackets, without a zone")
	}
	if numeric(host[strings.LastIndex(host, ".")+1:]) {
		return "", automation.Invalid("the URL's host %q is an unusual notation of an address", host).
			WithHint("write it as four decimal numbers, such as 192.0.2.1")
	}
	return host, nil
}

// numeric reports whether a name that ends in this label is an address to many
// parsers: 127.1, 2130706433, 0x7f.1, 0177.0.0.1.
func numeric(label string) bool {
	if digits, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(digits, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}

// leave is what an allowed request may do.
type leave struct {
	far      reach
	insecure bool // take any certificate
}

// allow decides whether who may send this hop, and how far it may lead. The error
// is of kind ErrDenied and names the missing line.
func (t target) allow(who hostfuncs.Caller) (leave, error) {
	may := leave{far: itself, insecure: true}
	err := who.Permit(func(c automation.Capabilities) error {
		allowed, here := t.allowedBy(c, who.Config)
		may.far, may.insecure = min(may.far, here.far), may.insecure && here.insecure
		if allowed {
			return nil
		}
		return automation.Denied("the pack may not send %s requests to %s", t.method, t.name()).
			WithHint("%s", t.hint(who))
	})
	if err != nil {
		may = leave{}
	}
	return may, err
}

func (t target) allowedBy(c automation.Capabilities, config map[string]any) (allowed bool, may leave) {
	for _, entry := range c.HTTP {
		configured := t.configured(entry.FromConfig, config)
		if !t.methodIn(entry.Methods) || !configured && !t.hostIn(entry.Hosts) {
			continue
		}
		allowed = true
		may.insecure = may.insecure || entry.Insecure
		switch {
		case entry.Private && (configured || t.namedIn(entry.Hosts)):
			may.far = itself
		case entry.Private:
			may.far = max(may.far, private)
		}
	}
	return allowed, may
}

// namedIn tells whether a line is exactly this host and this port.
func (t target) namedIn(patterns []string) bool {
	for _, pattern := range patterns {
		if host, port := splitPattern(pattern); host == t.host && port == t.port {
			return true
		}
	}
	return false
}

func (t target) methodIn(methods []string) bool {
	if len(methods) == 0 {
		return t.method == "GET" || t.method == "HEAD"
	}
	for _, m := range methods {
		if m == "*" || strings.EqualFold(m, t.method) {
			return true
		}
	}
	return false
}

func (t target) hostIn(patterns []string) bool {
	for _, pattern := range patterns {
		host, port := splitPattern(pattern)
		portOK := t.port == "80" || t.port == "443"
		if port != "" {
			portOK = matches(port, t.port)
		}
		if portOK && matches(host, t.host) {
			return true
		}
	}
	return false
}

// splitPattern cuts "host:port"; a bare IPv6 address has no port.
func splitPattern(pattern string) (host, port string) {
	pattern = strings.ToLower(pattern)
	if rest, ok := strings.CutPrefix(pattern, "["); ok {
		if host, port, ok = strings.Cut(rest, "]"); ok {
			return host, strings.TrimPrefix(port, ":")
		}
		return pattern, "" // matches nothing
	}
	if strings.Count(pattern, ":") == 1 {
		host, port, _ = strings.Cut(pattern, ":")
		return strings.TrimSuffix(host, "."), port
	}
	return strings.TrimSuffix(pattern, "."), ""
}

func matches(pattern, value string) bool {
	ok, err := path.Match(pattern, value)
	return err == nil && ok
}

// configured reports whether the operator wrote a URL of this host and port
// under one of the configuration's keys.
func (t target) configured(keys []string, config map[string]any) bool {
	for _, key := range keys {
		text, _ := config[key].(string)
		u, err := url.Parse(text)
		if err != nil || text == "" {
			continue
		}
		u.User = nil // the operator's own credentials are no reason to refuse
		if c, err := parseTarget(t.method, u); err == nil && c.host == t.host && c.port == t.port {
			return true
		}
	}
	return false
}

// name is the host as pack.yaml writes it.
func (t target) name() string {
	host := t.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if t.port == "80" || t.port == "443" {
		return host
	}
	return host + ":" + t.port
}

func (t target) hint(who hostfuncs.Caller) string {
	line := fmt.Sprintf(`add to pack.yaml under capabilities.http: - {hosts: [%q], methods: [%s], reason: "..."}`, t.name(), t.method)
	for _, entry := range who.Grants.HTTP {
		for _, key := range entry.FromConfig {
			if text, _ := who.Config[key].(string); text == "" && t.methodIn(entry.Methods) {
				return fmt.Sprintf("set %s in the configuration of pack %s, or %s", key, who.Pack, line)
			}
		}
	}
	return line
}

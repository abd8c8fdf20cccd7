package fetch

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
)

// maxRedirects is how many redirects a request follows.
const maxRedirects = 5

// Request asks for an HTTP request.
type Request struct {
	Method          string                  `json:"method,omitempty" doc:"GET when empty"`
	URL             string                  `json:"url" doc:"it, header values and the body may hold handles of secrets"`
	Headers         map[string]string       `json:"headers,omitempty"`
	BasicAuth       *BasicAuth              `json:"basic_auth,omitempty" doc:"sets the header Authorization"`
	Body            string                  `json:"body,omitempty" doc:"the body, when it is text"`
	BodyBase64      string                  `json:"body_base64,omitempty" doc:"the body, when it is not text"`
	TimeoutSeconds  float64                 `json:"timeout_seconds,omitempty" doc:"30 when 0"`
	FollowRedirects *bool                   `json:"follow_redirects,omitempty" doc:"true when absent; at most 5, each checked like the first URL"`
	TLS             *TLS                    `json:"tls,omitempty" doc:"how to secure the connection, when the server's own way does not do"`
	Artifact        *hostfuncs.ArtifactSpec `json:"artifact,omitempty" doc:"streams the body into an artifact when the status is 2xx; it never enters the guest"`
	Retries         int                     `json:"retries,omitempty" doc:"at most 5: how often to send it again when there is no answer, or one of 429, 502, 503, 504; all within timeout_seconds, after Retry-After or a random pause that grows; POST and PATCH need a header Idempotency-Key"`
	MaxBytes        int64                   `json:"max_bytes,omitempty" doc:"of the answer's body; 1 MiB into the guest, the pack's limit into an artifact when 0"`
}

// Response is what the host answered, whatever its status.
type Response struct {
	Status     int                  `json:"status"`
	URL        string               `json:"url" doc:"after redirects"`
	Headers    map[string]string    `json:"headers" doc:"names as in Content-Type; several values are joined by a comma"`
	Body       string               `json:"body,omitempty"`
	BodyBase64 string               `json:"body_base64,omitempty" doc:"instead of body, when that is not UTF-8"`
	Size       int64                `json:"size" doc:"bytes of the body that were read"`
	Truncated  bool                 `json:"truncated" doc:"the body was longer than max_bytes; the beginning is here"`
	Artifact   *automation.Artifact `json:"artifact,omitempty"`
	Attempts   int                  `json:"attempts,omitempty" doc:"how often it was sent, when the request allows retries"`
}

// describe names the host alone: paths and queries may hold secrets.
func (r Request) describe() string {
	u, err := url.Parse(r.URL)
	if err != nil {
		return r.method()
	}
	return r.method() + " " + u.Host
}

// change is nil for the methods that are safe by their definition (RFC 9110, 9.2.1).
func (r Request) change() *automation.HostChange {
	method := r.method()
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return &automation.HostChange{Verb: method}
	}
	return &automation.HostChange{Verb: method, Target: strings.ToLower(u.Host), Host: strings.ToLower(u.Hostname())}
}

// preview answers as a server does that accepts a request and has nothing to say.
func (c *Client) preview(_ context.Context, who hostfuncs.Caller, req Request) (Response, string, error) {
	first, err := c.firstHop(who, req)
	if err != nil {
		return Response{}, "", err
	}
	may, err := first.allow(who)
	if err == nil {
		err = first.checkTLS(may)
	}
	return Response{Status: http.StatusOK, URL: first.url.String(), Headers: map[string]string{}}, "", err
}

func (r Request) method() string {
	if r.Method == "" {
		return http.MethodGet
	}
	return strings.ToUpper(r.Method)
}

// Send sends a request and waits for the answer. An answer that tells of an
// error is a result; an error means that there was no answer.
func (c *Client) Send(ctx context.Context, who hostfuncs.Caller, req Request) (Response, error) {
	hop, err := c.firstHop(who, req)
	if err != nil {
		return Response{}, err
	}
	ctx, cancel, err := hostfuncs.WithTimeout(ctx, req.TimeoutSeconds, 30*time.Second)
	if err != nil {
		return Response{}, err
	}
	defer cancel()
	resp, err := c.persist(ctx, who, hop, req)
	if err != nil {
		return Response{}, err
	}
	defer resp.Body.Close()
	spec := req.Artifact
	if resp.StatusCode/100 != 2 {
		spec = nil // a page that explains an error is not the file that was asked for
	}
	got, err := hostfuncs.Receive(ctx, who, resp.Body, spec, req.MaxBytes)
	r := Response{
		Status: resp.StatusCode, URL: resp.last.String(), Headers: flat(resp.Header),
		Body: got.Text, BodyBase64: got.Base64,
		Size: got.Size, Truncated: got.Truncated, Artifact: got.Artifact,
	}
	if req.Retries > 0 {
		r.Attempts = resp.attempts
	}
	return r, err
}

// answer is the one that redirects led to, which is nil when there was none.
type answer struct {
	*http.Response
	last     *url.URL
	attempts int
}

// hop is one request of a chain of redirects.
type hop struct {
	target
	header http.Header
	body   []byte
	tls    *TLS // nil: as all requests
	secret bool // it holds secrets, which are for this host alone
}

func (c *Client) firstHop(who hostfuncs.Caller, req Request) (hop, error) {
	if err := req.Artifact.Check(who); err != nil {
		return hop{}, err
	}
	if req.MaxBytes < 0 {
		return hop{}, automation.Invalid("max_bytes is %d", req.MaxBytes)
	}
	if err := req.checkRetries(); err != nil {
		return hop{}, err
	}
	method := req.method()
	if !token(method) || method == http.MethodConnect || method == http.MethodTrace {
		return hop{}, automation.Invalid("method %q can not be sent", method).WithHint("use GET, POST, PUT, PATCH, DELETE or HEAD")
	}
	used := req.secrets()
	req, err := req.filled(who)
	if err != nil {
		return hop{}, err
	}
	u, err := url.Parse(req.URL)
	if err != nil { // whose text repeats the URL, with all that may stand in it
		return hop{}, automation.Invalid("the URL can not be read").WithHint("write it as https://host/path")
	}
	first, err := parseTarget(method, u)
	if err != nil {
		return hop{}, err
	}
	if err := who.MaySend(used, first.host); err != nil {
		return hop{}, err
	}
	body, err := hostfuncs.Bytes(req.Body, req.BodyBase64, "body")
	if err != nil {
		return hop{}, err
	}
	header, err := requestHeader(req.Headers)
	return hop{target: first, header: header, body: body, tls: req.TLS, secret: len(used) > 0}, err
}

// follow sends a hop and those it leads to.
func (c *Client) follow(ctx context.Context, who hostfuncs.Caller, h hop, follow bool) (answer, error) {
	for redirects := 0; ; redirects++ {
		resp, err := c.send(ctx, who, h)
		if err != nil {
			return answer{}, err
		}
		next, more := h.next(resp)
		if !follow || !more || h.secret && !strings.EqualFold(next.Host, h.url.Host) {
			return answer{Response: resp, last: h.url}, nil
		}
		_ = resp.Body.Close()
		if redirects == maxRedirects {
			return answer{}, automation.Unavailable("%s: more than %d redirects", h.name(), maxRedirects).
				WithHint("see where they lead with follow_redirects: false")
		}
		if h, err = h.redirected(next, resp.StatusCode); err != nil {
			return answer{}, err
		}
	}
}

// send sends one hop, after asking whether it may be sent.
func (c *Client) send(ctx context.Context, who hostfuncs.Caller, h hop) (*http.Response, error) {
	may, err := h.allow(who)
	if err != nil {
		return nil, err
	}
	if err := h.checkTLS(may); err != nil {
		return nil, err
	}
	if addr, err := netip.ParseAddr(h.host); err == nil && may.far < private && c.inside(addr) {
		return nil, refuseInside(addr)
	}
	if err := c.pace.wait(ctx, h.host); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, h.method, h.url.String(), bodyOf(h.body))
	if err != nil {
		return nil, automation.Invalid("the request to %s can not be built", h.name())
	}
	req.Header = h.header
	transport, err := c.transportOf(h, may)
	if err != nil {
		return nil, err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, explain(ctx, err, h.target)
	}
	return resp, nil
}

func bodyOf(b []byte) io.Reader {
	if len(b) == 0 {
		return nil
	}
	return bytes.NewReader(b)
}

// next is where a redirect points to; an answer that points nowhere is the last.
func (h hop) next(resp *http.Response) (*url.URL, bool) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, false
	}
	next, err := h.url.Parse(resp.Header.Get("Location"))
	return next, err == nil && resp.Header.Get("Location") != ""
}

// redirected is the hop after a redirect. As browsers do, what was not GET or
// HEAD becomes GET without a body, unless the status says to repeat it.
func (h hop) redirected(to *url.URL, status int) (hop, error) {
	follows := hop{target: target{method: h.method}, header: h.header.Clone(), body: h.body, tls: h.tls, secret: h.secret}
	if status < http.StatusTemporaryRedirect && h.method != http.MethodHead {
		follows.method, follows.body = http.MethodGet, nil
		follows.header.Del("Content-Type")
	}
	next, err := parseTarget(follows.method, to)
	if err != nil {
		return hop{}, err
	}
	follows.target = next
	if next.url.Scheme != h.url.Scheme || next.url.Host != h.url.Host {
		follows.header, follows.tls = elsewhere(follows.header), nil
	}
	return follows, nil
}

// explain turns an error of the transport into one of a kind.
func explain(ctx context.Context, err error, t target) error {
	if known := (*automation.Error)(nil); errors.As(err, &known) {
		return automation.Denied("send %s to %s: %s", t.method, t.name(), known.Message).WithHint("%s", known.Hint)
	}
	if hostfuncs.Over(ctx) {
		return hostfuncs.Interrupted(ctx, "send "+t.method+" to "+t.name())
	}
	if dns := (*net.DNSError)(nil); errors.As(err, &dns) { // whose text names the resolver's address
		return automation.Unavailable("send %s to %s: %s", t.method, t.name(), dns.Err).
			WithHint("check the name and the server's DNS")
	}
	return automation.Unavailable("send %s to %s", t.method, t.name()).Because(err)
}

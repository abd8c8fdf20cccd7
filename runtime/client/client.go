// Package client speaks Squall's HTTP API for the command line and for tests
// that look at the server from outside. One method stands for one route and
// answers with the types of package automation.
//
// Errors are those of package automation too: errors.Is tells their kind,
// whether the server refused or could not be reached at all. [RequestID] finds
// the number under which the server's log knows a refusal.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// DefaultURL is where a server listens that was told nothing.
const DefaultURL = "http://127.0.0.1:8085"

// maxAnswer bounds what is read of one answer; files and the live stream are
// not bounded by it.
const maxAnswer = 64 << 20

// Options say which server to speak to. The zero value means the default
// address without a token.
type Options struct {
	BaseURL   string
	Token     string
	HTTP      *http.Client
	UserAgent string
	// Reconnecting is told when the live stream was lost and how long it waits
	// before it tries again. It may be nil.
	Reconnecting func(cause error, wait time.Duration)
}

// Client speaks to one server. It is safe for concurrent use.
type Client struct {
	base         *url.URL
	token        string
	agent        string
	http         *http.Client
	reconnecting func(error, time.Duration)
}

// New checks the options. It does not connect.
func New(o Options) (*Client, error) {
	base, err := parseBase(o.BaseURL)
	if err != nil {
		return nil, err
	}
	c := &Client{base: base, token: o.Token, agent: o.UserAgent, http: o.HTTP, reconnecting: o.Reconnecting}
	if c.agent == "" {
		c.agent = "squall"
	}
	if c.http == nil {
		c.http = &http.Client{Transport: NewTransport()}
	}
	if c.reconnecting == nil {
		c.reconnecting = func(error, time.Duration) {}
	}
	return c, nil
}

// NewTransport returns the connection settings of a client without Options.HTTP.
// There is no limit on a whole exchange, because files and streams may be long.
func NewTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		IdleConnTimeout:       time.Minute,
		ForceAttemptHTTP2:     true,
	}
}

func parseBase(text string) (*url.URL, error) {
	if text == "" {
		text = DefaultURL
	}
	base, err := url.Parse(text)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, automation.Invalid("server address %q is not a URL", text).
			WithCode("invalid_url").WithHint("write it as %s", DefaultURL)
	}
	if base.User != nil {
		return nil, automation.Invalid("server address holds a user name or password").
			WithCode("invalid_url").WithHint("leave it out and use a token")
	}
	base.RawQuery, base.Fragment = "", ""
	return base, nil
}

// BaseURL is the address of the server.
func (c *Client) BaseURL() string { return strings.TrimSuffix(c.base.String(), "/") }

// request is one exchange. The path's elements are escaped one by one.
type request struct {
	method    string
	path      []string
	query     url.Values
	body      any               // encoded as JSON; an io.Reader is sent as it is
	header    map[string]string // on top of the usual ones
	anonymous bool              // the token stays at home
}

func get(path ...string) request { return request{method: http.MethodGet, path: path} }
func post(b any, path ...string) request {
	return request{method: http.MethodPost, path: path, body: b}
}

func (r request) with(query url.Values) request {
	r.query = query
	return r
}

// call performs an exchange and decodes its answer; a nil answer discards it.
func (c *Client) call(ctx context.Context, r request, answer any) (http.Header, error) {
	resp, err := c.send(ctx, r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if answer == nil {
		return resp.Header, nil
	}
	// Numbers stay as they are written: an id of 64 bits must not lose digits.
	decoder := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer))
	decoder.UseNumber()
	if err := decoder.Decode(answer); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, c.strange(err)
	}
	return resp.Header, nil
}

// send performs an exchange. Answers other than 2xx become errors; the caller
// closes the body of the others.
func (c *Client) send(ctx context.Context, r request) (*http.Response, error) {
	req, err := c.build(ctx, r)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	if resp.StatusCode/100 != 2 {
		defer resp.Body.Close()
		return nil, refusal(resp)
	}
	return resp, nil
}

func (c *Client) build(ctx context.Context, r request) (*http.Request, error) {
	target, err := c.target(r)
	if err != nil {
		return nil, err
	}
	body, contentType, err := encode(r.body)
	if err != nil {
		return nil, fmt.Errorf("encode request to %s: %w", target, err)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, fmt.Errorf("make request to %s: %w", target, err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.agent)
	if c.token != "" && !r.anonymous {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	return req, nil
}

// target refuses elements that would name another route than the one meant.
func (c *Client) target(r request) (string, error) {
	elements := make([]string, 0, len(r.path)+2)
	elements = append(elements, "api", "v1")
	for _, e := range r.path {
		if e == "" || e == "." || e == ".." {
			return "", automation.Invalid("%q names nothing", e)
		}
		elements = append(elements, url.PathEscape(e))
	}
	target := c.base.JoinPath(elements...)
	target.RawQuery = r.query.Encode()
	return target.String(), nil
}

func encode(body any) (io.Reader, string, error) {
	switch b := body.(type) {
	case nil:
		return nil, "", nil
	case io.Reader:
		return b, "application/octet-stream", nil
	}
	text, err := json.Marshal(body)
	return bytes.NewReader(text), "application/json", err
}

// unreachable explains why there was no answer at all.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err // its text repeats the whole address
	}
	return automation.Unavailable("no Squall server answers at %s", c.BaseURL()).WithCode("unreachable").
		WithHint("start one with: squall server; or name another with --server or SQUALL_URL").Because(err)
}

// strange explains an answer that no Squall server gives.
func (c *Client) strange(err error) error {
	return automation.Unavailable("what answers at %s does not speak as Squall does", c.BaseURL()).
		WithCode("unexpected_answer").WithHint("check the address, and proxies on the way").Because(err)
}

package api

import (
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/trigger"
)

// Webhook is a path that rules listen to.
type Webhook struct {
	Path  string           `json:"path"`
	URL   string           `json:"url"`
	Rules []automation.Ref `json:"rules"`
	// Auth is how senders are checked; none for an open webhook.
	Auth string `json:"auth"`
	// Observe tells that what would be rejected is accepted.
	Observe bool `json:"observe,omitempty"`
	// Closed tells that nothing is accepted, because the path is not declared.
	Closed bool `json:"closed,omitempty"`
	// Counts are the deliveries since the server started.
	Counts WebhookCounts `json:"counts"`
	// Pack is whose file says how senders are checked; empty when the server's
	// configuration does, or nobody.
	Pack string `json:"pack,omitempty"`
}

const webhookPrefix = "/api/v1/webhooks/"

// ingestPatience is how long a sender waits for a slow store before it is told to
// send again.
const ingestPatience = 10 * time.Second

// receiveWebhook answers 202 only after the event is durable.
func (s *Server) receiveWebhook(c echo.Context) error {
	path := trigger.WebhookPath(c.Param("*"))
	if path == anyTrigger {
		return s.receiveAny(c)
	}
	if rules := s.Catalogue().Webhooks()[path]; len(rules) == 0 {
		s.Rejected("unknown_webhook")
		return automation.NotFound("no enabled rule listens to the webhook %q", brief(path)).WithCode("unknown_webhook").
			WithHint("%s", s.knownWebhooks(c))
	}
	endpoint, err := s.endpoint(path)
	if err != nil {
		s.Rejected("undeclared")
		return err
	}
	d := trigger.Delivery{Path: path, Header: c.Request().Header, Client: s.Proxies.Client(c.Request())}
	if d.Body, err = s.readBody(c); err != nil {
		s.keepRejected(c, endpoint, d, err)
		return err
	}
	refusal := endpoint.Verify(d, time.Now())
	if refusal != nil && !endpoint.Observe {
		s.Rejected(codeOf(refusal))
		s.keepRejected(c, endpoint, d, refusal)
		return echo.NewHTTPError(http.StatusUnauthorized, refusal)
	}
	accepted, again, err := s.accept(c, endpoint, d, refusal == nil)
	if err != nil {
		s.Rejected(automation.KindOf(err))
		s.keepRejected(c, endpoint, d, err)
		return err
	}
	s.keepOddity(c, endpoint, d, accepted.Event, again, refusal)
	if again {
		return c.JSON(http.StatusOK, accepted)
	}
	if endpoint.WaitFor != "" {
		return s.answerWithResult(c, endpoint, accepted)
	}
	return c.JSON(http.StatusAccepted, accepted)
}

// endpoint says how deliveries to a path are checked.
func (s *Server) endpoint(path string) (trigger.Endpoint, error) {
	if e, declared := s.Endpoints[path]; declared {
		return e, nil
	}
	if e, declared := s.Catalogue().Endpoint(path); declared {
		return e, nil
	}
	if s.DeclaredOnly {
		return trigger.Endpoint{}, automation.Denied("the webhook %q is not declared, and this server accepts no others", brief(path)).
			WithCode("undeclared_webhook").WithHint("declare it under webhooks: in the server's configuration, or in webhooks/ of a pack")
	}
	return trigger.Endpoint{Path: path, Auth: trigger.AuthNone}, nil
}

// accept makes the event of a delivery durable, once for each key.
func (s *Server) accept(c echo.Context, endpoint trigger.Endpoint, d trigger.Delivery, known bool) (_ automation.Accepted, again bool, err error) {
	if endpoint.Auth != trigger.AuthNone { // an open webhook's rules may check the sender themselves
		d.Secret = endpoint.SecretHeaders()
	}
	ev, err := d.Event()
	if err != nil {
		return automation.Accepted{}, false, err
	}
	// The delivery is whole: a sender that has closed its half of the connection
	// must not undo it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), ingestPatience)
	defer cancel()
	// A stranger must not use up the key of a delivery that is yet to come.
	if key := endpoint.Key(d.Header); key != "" && known {
		return s.Engine.IngestOnce(ctx, ev, store.EventKey{Webhook: d.Path, Key: key, Expires: time.Now().Add(endpoint.Remembered())})
	}
	accepted, err := s.Engine.Ingest(ctx, ev)
	return accepted, false, err
}

func (s *Server) readBody(c echo.Context) ([]byte, error) {
	reader, err := s.unpacked(c)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(reader)
	if err == nil && int64(len(body)) > s.MaxBody { // small as it came, large unpacked
		s.Rejected("too_large")
		return nil, errTooLarge(s.MaxBody)
	}
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		s.Rejected("too_large")
		return nil, errTooLarge(tooLarge.Limit)
	}
	if err != nil {
		s.Rejected("incomplete")
		return nil, automation.Invalid("the body ended early").WithCode("malformed").Because(err)
	}
	return body, nil
}

// unpacked reads a body that may be compressed. Both what comes and what comes out
// of it are bounded.
func (s *Server) unpacked(c echo.Context) (io.Reader, error) {
	r := c.Request()
	raw := http.MaxBytesReader(c.Response(), r.Body, s.MaxBody)
	switch enc := r.Header.Get("Content-Encoding"); enc {
	case "", "identity":
		return raw, nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(raw)
		if err != nil {
			s.Rejected("incomplete")
			return nil, automation.Invalid("the body is not compressed with gzip").WithCode("malformed").Because(err)
		}
		return io.LimitReader(z, s.MaxBody+1), nil
	default:
		s.Rejected("unsupported_encoding")
		return nil, echo.NewHTTPError(http.StatusUnsupportedMediaType,
			automation.Invalid("content encoding %q is not supported", brief(enc)).WithCode("unsupported_encoding").WithHint("send the body uncompressed, or with gzip"))
	}
}

// knownWebhooks helps who may know. A path can be its webhook's only secret, so
// that strangers are not told the others.
func (s *Server) knownWebhooks(c echo.Context) string {
	if _, err := s.authenticate(c); err != nil {
		return "the server's operator finds the webhooks that rules listen to at GET " + strings.TrimSuffix(webhookPrefix, "/")
	}
	paths := slices.Sorted(maps.Keys(s.Catalogue().Webhooks()))
	if len(paths) == 0 {
		return "load a pack with a rule whose trigger is core.st2.webhook"
	}
	return "rules listen to: " + strings.Join(paths, ", ")
}

func (s *Server) listWebhooks(c echo.Context) error {
	l := List[Webhook]{Items: []Webhook{}}
	base := s.PublicURL
	if base == "" {
		base = c.Scheme() + "://" + c.Request().Host
	}
	for path, rules := range s.Catalogue().Webhooks() {
		e, err := s.endpoint(path)
		l.Items = append(l.Items, Webhook{Path: path, URL: base + webhookPrefix + (&url.URL{Path: path}).EscapedPath(), Rules: rules,
			Auth: e.Auth, Observe: e.Observe, Closed: err != nil, Pack: e.Pack, Counts: s.tally.of(path)})
	}
	slices.SortFunc(l.Items, func(a, b Webhook) int { return cmp.Compare(a.Path, b.Path) })
	return c.JSON(http.StatusOK, l)
}

package api

import (
	"cmp"
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
	"github.com/squall-dev/squall/runtime/trigger"
)

// Webhook is a path that rules listen to.
type Webhook struct {
	Path  string           `json:"path"`
	URL   string           `json:"url"`
	Rules []automation.Ref `json:"rules"`
}

const webhookPrefix = "/api/v1/webhooks/"

// ingestPatience is how long a sender waits for a slow store before it is told to
// send again.
const ingestPatience = 10 * time.Second

// receiveWebhook answers 202 only after the event is durable.
func (s *Server) receiveWebhook(c echo.Context) error {
	r := c.Request()
	path := trigger.WebhookPath(c.Param("*"))
	if rules := s.Catalogue().Webhooks()[path]; len(rules) == 0 {
		s.Rejected("unknown_webhook")
		return automation.NotFound("no enabled rule listens to the webhook %q", brief(path)).WithCode("unknown_webhook").
			WithHint("%s", s.knownWebhooks(c))
	}
	if enc := r.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		s.Rejected("unsupported_encoding")
		return echo.NewHTTPError(http.StatusUnsupportedMediaType,
			automation.Invalid("content encoding %q is not supported", brief(enc)).WithCode("unsupported_encoding").WithHint("send the body uncompressed"))
	}
	body, err := s.readBody(c)
	if err != nil {
		return err
	}
	ev, err := trigger.Delivery{Path: path, Header: r.Header, Body: body}.Event()
	if err != nil {
		return err
	}
	// The delivery is whole: a sender that has closed its half of the connection
	// must not undo it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), ingestPatience)
	defer cancel()
	accepted, err := s.Engine.Ingest(ctx, ev)
	if err != nil {
		s.Rejected(automation.KindOf(err))
		return err
	}
	return c.JSON(http.StatusAccepted, accepted)
}

func (s *Server) readBody(c echo.Context) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, s.MaxBody))
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
		l.Items = append(l.Items, Webhook{Path: path, URL: base + webhookPrefix + (&url.URL{Path: path}).EscapedPath(), Rules: rules})
	}
	slices.SortFunc(l.Items, func(a, b Webhook) int { return cmp.Compare(a.Path, b.Path) })
	return c.JSON(http.StatusOK, l)
}

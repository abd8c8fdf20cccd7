package api

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

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

// receiveWebhook answers 202 only after the event is durable.
func (s *Server) receiveWebhook(c echo.Context) error {
	r := c.Request()
	path := trigger.WebhookPath(c.Param("*"))
	if rules := s.Catalogue().Webhooks()[path]; len(rules) == 0 {
		s.Rejected("unknown_webhook")
		return automation.NotFound("no enabled rule listens to the webhook %q", path).WithCode("unknown_webhook").
			WithHint("%s", s.knownWebhooks())
	}
	if enc := r.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		s.Rejected("unsupported_encoding")
		return echo.NewHTTPError(http.StatusUnsupportedMediaType,
			automation.Invalid("content encoding %q is not supported", enc).WithCode("unsupported_encoding").WithHint("send the body uncompressed"))
	}
	body, err := s.readBody(c)
	if err != nil {
		return err
	}
	ev, err := trigger.Delivery{Path: path, Header: r.Header, Body: body}.Event()
	if err != nil {
		return err
	}
	accepted, err := s.Engine.Ingest(r.Context(), ev)
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

func (s *Server) knownWebhooks() string {
	var paths []string
	for path := range s.Catalogue().Webhooks() {
		paths = append(paths, path)
	}
	if len(paths) == 0 {
		return "load a pack with a rule whose trigger is core.st2.webhook"
	}
	slices.Sort(paths)
	return "rules listen to: " + strings.Join(paths, ", ")
}

func (s *Server) listWebhooks(c echo.Context) error {
	l := List[Webhook]{Items: []Webhook{}}
	base := s.PublicURL
	if base == "" {
		base = c.Scheme() + "://" + c.Request().Host
	}
	for path, rules := range s.Catalogue().Webhooks() {
		l.Items = append(l.Items, Webhook{Path: path, URL: base + webhookPrefix + path, Rules: rules})
	}
	slices.SortFunc(l.Items, func(a, b Webhook) int { return cmp.Compare(a.Path, b.Path) })
	return c.JSON(http.StatusOK, l)
}

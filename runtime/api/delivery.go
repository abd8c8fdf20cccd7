package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/trigger"
)

const (
	// keptBody is how much of a refused body is kept.
	keptBody = 4 << 10
	// deliveryBurst and deliveryEvery bound how many deliveries of one webhook are
	// kept: whoever may not come in must not fill the disk either.
	deliveryBurst = 20
	deliveryEvery = time.Second
	// keepPatience is how long keeping one may take; the sender waits for it.
	keepPatience = 2 * time.Second
)

// allowance says how many deliveries of each webhook may still be kept.
type allowance struct {
	mu   sync.Mutex
	used map[string]time.Time // when the webhook would have none left over
}

// take tells whether one more may be kept. A webhook earns one every deliveryEvery,
// and saves up deliveryBurst of them (the generic cell rate algorithm).
func (a *allowance) take(webhook string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.used == nil {
		a.used = map[string]time.Time{}
	}
	at := a.used[webhook]
	if at.Before(now) {
		at = now
	}
	if at.Sub(now) > (deliveryBurst-1)*deliveryEvery {
		return false
	}
	a.used[webhook] = at.Add(deliveryEvery)
	return true
}

// keepRejected counts and keeps a delivery that was not accepted, with the reason.
func (s *Server) keepRejected(c echo.Context, e trigger.Endpoint, d trigger.Delivery, why error) {
	s.delivered(d.Path, automation.DeliveryRejected)
	record := s.record(c, e, d, automation.DeliveryRejected)
	record.Code, record.Message, record.Status = codeOf(why), why.Error(), problemOf(why).Status
	if record.Code == "" {
		record.Code = automation.KindOf(why)
	}
	if errors.Is(why, automation.ErrDenied) {
		record.Status = http.StatusUnauthorized
	}
	s.keep(c, record)
}

// keepOddity counts a delivery, and keeps one that was accepted though its sender was not known, or
// that had come before.
func (s *Server) keepOddity(c echo.Context, e trigger.Endpoint, d trigger.Delivery, event string, again bool, refusal error) {
	switch {
	case again:
		s.delivered(d.Path, automation.DeliveryDuplicate)
		record := s.record(c, e, d, automation.DeliveryDuplicate)
		record.Event, record.Status, record.Message = event, http.StatusOK, "the same delivery was accepted before"
		s.keep(c, record)
	case refusal != nil:
		s.delivered(d.Path, automation.DeliveryObserved)
		record := s.record(c, e, d, automation.DeliveryObserved)
		record.Event, record.Status, record.Code, record.Message = event, http.StatusAccepted, codeOf(refusal), refusal.Error()
		s.keep(c, record)
	default:
		s.delivered(d.Path, automation.DeliveryAccepted)
	}
}

func (s *Server) record(c echo.Context, e trigger.Endpoint, d trigger.Delivery, outcome automation.DeliveryOutcome) automation.Delivery {
	d.Secret = e.SecretHeaders()
	headers, err := json.Marshal(d.PublicHeaders())
	if err != nil || len(headers) > keptBody {
		headers = nil
	}
	body, redacted := s.redactor.redact(beginning(d.Body))
	return automation.Delivery{
		ID: s.ids.New(), Webhook: d.Path, At: time.Now(), Outcome: outcome, Remote: c.RealIP(),
		Headers: headers, Body: body, BodyBytes: int64(len(d.Body)), Redacted: redacted,
	}
}

func beginning(body []byte) string {
	if len(body) > keptBody {
		body = body[:keptBody]
		for len(body) > 0 && !utf8.Valid(body[max(0, len(body)-utf8.UTFMax):]) && len(body) > keptBody-utf8.UTFMax {
			body = body[:len(body)-1]
		}
	}
	return strings.ToValidUTF8(string(body), "\uFFFD")
}

// keep stores a record, as long as the webhook has not had too many of late.
func (s *Server) keep(c echo.Context, d automation.Delivery) {
	// Each outcome has an allowance of its own: a flood of refused ones must not push
	// out the duplicates, nor the other way round.
	if !s.kept.take(d.Webhook+" "+string(d.Outcome), d.At) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), keepPatience)
	defer cancel()
	if err := s.Store.PutDelivery(ctx, d); err != nil {
		s.Logger.Warn("a delivery was not kept", "webhook", brief(d.Webhook), "outcome", d.Outcome, "err", err)
	}
}

func codeOf(err error) string {
	if known := (*automation.Error)(nil); errors.As(err, &known) {
		return known.Code
	}
	if he := (*echo.HTTPError)(nil); errors.As(err, &he) {
		if inner, ok := he.Message.(error); ok {
			return codeOf(inner)
		}
	}
	return ""
}

// listDeliveries lists what was posted to webhooks and not simply accepted, newest
// first: ?webhook=, ?outcome= (a list with commas), ?after=, ?limit=.
func (s *Server) listDeliveries(c echo.Context) error {
	q := query{c: c}
	want := store.DeliveryQuery{Webhook: trigger.WebhookPath(q.text("webhook")), Outcomes: q.deliveryOutcomes(), After: q.id("after"), Limit: q.limit()}
	if q.err != nil {
		return q.err
	}
	all, err := s.Store.Deliveries(c.Request().Context(), want)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, page(all, want.Limit, func(d automation.Delivery) string { return d.ID }))
}

func (q *query) deliveryOutcomes() []automation.DeliveryOutcome {
	return wordsOf(q, "outcome", []automation.DeliveryOutcome{automation.DeliveryRejected, automation.DeliveryObserved, automation.DeliveryDuplicate})
}

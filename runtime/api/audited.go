package api

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/access"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// auditor keeps and shows the audit chain.
type auditor interface {
	AppendAudit(ctx context.Context, records ...automation.AuditRecord) error
	AuditRecords(ctx context.Context, q store.AuditQuery) ([]automation.AuditRecord, error)
	VerifyAudit(ctx context.Context, c store.AuditCheck) (automation.AuditReport, error)
}

const noteKey = "audit"

// note is what a request leaves in the audit chain, while it is made.
type note struct {
	id     string
	detail map[string]string
}

// noted lets the record of a request say what was done with: an id, unless the path
// names it, and pairs of names and texts. Values of keys and secrets are none of them.
func noted(c echo.Context, id string, detail ...string) {
	n, ok := c.Get(noteKey).(*note)
	if !ok { // a request that leaves no record
		return
	}
	if id != "" {
		n.id = id
	}
	for i := 0; i+1 < len(detail); i += 2 {
		if detail[i+1] != "" {
			n.detail[detail[i]] = detail[i+1]
		}
	}
}

// audited gives each request that changes something one record in the audit chain. It
// is committed before the answer leaves: who was told that something was done can find
// who did it. A request whose record can not be written is told so, whatever it did.
func (s *Server) audited(known map[string]act, next echo.HandlerFunc) echo.HandlerFunc {
	safe := s.recoverPanic(next) // one that panics may have changed something as well
	return func(c echo.Context) error {
		a, ok := actOf(known, c)
		if !ok {
			return next(c)
		}
		n := &note{detail: map[string]string{}}
		if a.id != nil {
			n.id = a.id(c)
		}
		c.Set(noteKey, n)
		if a.begins {
			if err := s.writeDown(c, a, n, automation.AuditOK); err != nil {
				return unrecorded(err, "it was not begun")
			}
			return next(c)
		}
		return s.heldBack(c, func() error { return safe(c) }, func(answer error) error {
			outcome := outcomeOf(answer)
			err := s.writeDown(c, a, n, outcome)
			switch {
			case err == nil || statusOf(answer) == http.StatusServiceUnavailable: // the same trouble, and that is said
				return answer
			case answer != nil:
				return unrecorded(err, "it was refused: "+outcome)
			}
			return unrecorded(err, "it was done all the same")
		})
	}
}

// heldBack keeps the answer of do until then has said that it may leave. An error of
// then is the answer instead.
func (s *Server) heldBack(c echo.Context, do func() error, then func(answer error) error) error {
	real := c.Response()
	draft := &draft{header: real.Header().Clone()}
	c.SetResponse(echo.NewResponse(draft, s.echo))
	err := then(do())
	c.SetResponse(real)
	if err != nil {
		return err
	}
	clear(real.Header())
	maps.Copy(real.Header(), draft.header)
	if draft.status != 0 {
		real.WriteHeader(draft.status)
	}
	_, err = draft.body.WriteTo(real)
	if err != nil {
		s.Logger.Debug("answer not delivered", "err", err)
	}
	return nil
}

// draft is an answer that has not left yet.
type draft struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (d *draft) Header() http.Header         { return d.header }
func (d *draft) WriteHeader(status int)      { d.status = status }
func (d *draft) Write(p []byte) (int, error) { return d.body.Write(p) }

// auditPatience is how long a request waits for its record.
const auditPatience = 10 * time.Second

// writeDown appends a request's record. The caller may have gone; the record is made.
func (s *Server) writeDown(c echo.Context, a act, n *note, outcome string) error {
	if outcome == access.CodeTooManyLogins { // anybody can send these, as fast as they like
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), auditPatience)
	defer cancel()
	who := identity(c)
	err := s.Audit.AppendAudit(ctx, automation.AuditRecord{
		At: time.Now(), User: who.User, Role: who.Role, Via: viaOf(c, who), Remote: c.RealIP(),
		Verb: a.verb, Kind: a.kind, ID: n.id, Outcome: outcome, Detail: n.detail,
	})
	s.Recorded(err == nil)
	if err != nil {
		s.Logger.Error("no audit record", "verb", a.verb, "kind", a.kind, "id", brief(n.id), "by", who.User, "outcome", outcome, "err", err)
	}
	return err
}

// viaOf says what vouched for who asks.
func viaOf(c echo.Context, who access.Identity) string {
	switch {
	case who.Token != "":
		return "token " + who.Token
	case who.User == "":
		return ""
	case c.Path() == "/api/v1/login":
		return "code"
	}
	return "session"
}

func outcomeOf(answer error) string {
	if answer == nil {
		return automation.AuditOK
	}
	return problemOf(answer).Code
}

// unrecorded is the answer to a request without a record.
func unrecorded(err error, what string) error {
	known := automation.Unavailable("the request could not be written into the audit chain; %s", what).WithCode("not_audited").Because(err)
	return known.WithHint("look at what it was about before you repeat it; squall doctor says what is wrong with the database")
}

// onlyTrue is for details that are worth a word when they are so.
func onlyTrue(is bool) string {
	if is {
		return "true"
	}
	return ""
}

func onlySet(d automation.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

package api

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/squall-dev/squall/runtime/access"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// listAudit lists who changed what, newest first: ?user=, ?verb=, ?kind=, ?id=,
// ?failed=, ?since=, ?until=, ?oldest=true for the other order, ?after= a number, ?limit=.
func (s *Server) listAudit(c echo.Context) error {
	if err := adminOnly(c); err != nil {
		return err
	}
	q := &query{c: c}
	want := store.AuditQuery{
		User: q.text("user"), Verb: q.text("verb"), Kind: q.text("kind"), ID: q.text("id"), Failed: q.flag("failed"),
		Since: q.moment("since"), Until: q.moment("until"), After: int64(q.number("after", 0, 1, 1<<31-1)), Limit: q.limit(),
	}
	if oldest := q.flag("oldest"); oldest != nil {
		want.Oldest = *oldest
	}
	if q.err != nil {
		return q.err
	}
	items, err := s.Audit.AuditRecords(c.Request().Context(), want)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, page(items, want.Limit, func(r automation.AuditRecord) string { return strconv.FormatInt(r.Seq, 10) }))
}

// verifyAudit looks at all of the chain; ?head=SEQ:HASH is a place that must be in it,
// ?newest=N looks at that many records only.
func (s *Server) verifyAudit(c echo.Context) error {
	if err := adminOnly(c); err != nil {
		return err
	}
	q := &query{c: c}
	check := store.AuditCheck{Newest: q.number("newest", 0, 1, 1<<31-1)}
	if text := q.text("head"); text != "" {
		p, err := automation.ParseAuditPlace(brief(text))
		if err != nil {
			return err
		}
		check.Expect = &p
	}
	if q.err != nil {
		return q.err
	}
	report, err := s.Audit.VerifyAudit(c.Request().Context(), check)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, report)
}

// adminOnly refuses those who may not see what others do.
func adminOnly(c echo.Context) error {
	if identity(c).Role == access.RoleAdmin {
		return nil
	}
	return automation.Denied("the audit chain is for the role %s", access.RoleAdmin)
}

package client

import (
	"context"
	"strconv"

	"github.com/squall-dev/squall/runtime/automation"
)

// AuditQuery selects records of the audit chain; empty fields do not restrict.
type AuditQuery struct {
	User, Verb, Kind, ID string
	Failed               *bool // true: what was refused or failed; false: what was done
	Since, Until         Time
	Oldest               bool // first
	Page
}

// Audit lists who changed what, newest first.
func (c *Client) Audit(ctx context.Context, q AuditQuery) (List[automation.AuditRecord], error) {
	v := q.values().set("user", q.User).set("verb", q.Verb).set("kind", q.Kind).set("id", q.ID).
		set("since", string(q.Since)).set("until", string(q.Until))
	if q.Failed != nil {
		v.set("failed", strconv.FormatBool(*q.Failed))
	}
	if q.Oldest {
		v.set("oldest", "true")
	}
	return list[automation.AuditRecord](ctx, c, get("audit").with(v.query()))
}

// AuditCheck says how the chain is looked at; the zero value means all of it.
type AuditCheck struct {
	Head string // SEQ:HASH, a place that must be in it
}

// VerifyAudit looks whether the audit chain holds.
func (c *Client) VerifyAudit(ctx context.Context, check AuditCheck) (automation.AuditReport, error) {
	return one[automation.AuditReport](ctx, c, get("audit", "verify").with(values{}.set("head", check.Head).query()))
}

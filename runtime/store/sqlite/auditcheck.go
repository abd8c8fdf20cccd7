package sqlite

import (
	"context"
	"fmt"
	"math"

	"github.com/squall-dev/squall/runtime/audit"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

// VerifyAudit looks at the chain, as it is at one moment.
func (s *Store) VerifyAudit(ctx context.Context, o store.AuditCheck) (report automation.AuditReport, err error) {
	err = s.snapshot(ctx, "verify the audit chain", func(q querier) error {
		report, err = verifyAudit(ctx, q, o)
		return err
	})
	return report, err
}

// CheckAudit looks at the chain in a database file, in service or not. It changes
// nothing.
func CheckAudit(ctx context.Context, path string, o store.AuditCheck) (report automation.AuditReport, err error) {
	if _, _, err := Inspect(ctx, path); err != nil { // is it ours, and not too new
		return report, err
	}
	db, err := openRead(ctx, path, "")
	if err != nil {
		return report, err
	}
	s := &Store{path: path, read: db}
	defer func() { _ = db.Close() }() // it was only read
	var tables int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = 'audit_chain'`).Scan(&tables); err != nil {
		return report, fmt.Errorf("look for the audit chain: %w", s.readError(ctx, err))
	}
	if tables == 0 {
		return report, automation.NotFound("%s has no audit chain: it is of an older squall", path).WithCode("no_audit_chain").
			WithHint("the chain begins at the first start of a newer one")
	}
	return s.VerifyAudit(ctx, o)
}

func verifyAudit(ctx context.Context, q querier, o store.AuditCheck) (automation.AuditReport, error) {
	chain, err := scanChain(q.QueryRowContext(ctx, auditEnds))
	if err != nil {
		return automation.AuditReport{}, err
	}
	begin, err := whereToBegin(ctx, q, chain, o.Newest)
	if err != nil {
		return automation.AuditReport{}, err
	}
	v := audit.NewVerifier(begin)
	if o.Expect != nil {
		v.Expect(*o.Expect)
	}
	// What stands at or before the anchor was put there by hand: nothing may. It is
	// read as well, and found.
	after := begin.Seq
	if begin == chain.Anchor {
		after = math.MinInt64
	}
	rows, err := q.QueryContext(ctx, `SELECT `+auditColumns+` FROM audit WHERE seq > ? ORDER BY seq`, after)
	if err != nil {
		return automation.AuditReport{}, err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanAudit(rows)
		if err != nil {
			v.Break(v.At(), fmt.Sprintf("it can not be read: %v", err))
		}
		if !v.Next(r) {
			break
		}
	}
	if err := rows.Err(); err != nil {
		return automation.AuditReport{}, err
	}
	return v.End(&chain.Head), nil
}

// whereToBegin is the anchor, or the record before the newest ones that are wanted.
// That record is taken at its word.
func whereToBegin(ctx context.Context, q querier, chain automation.AuditChain, newest int) (automation.AuditPlace, error) {
	first := chain.Head.Seq - int64(newest)
	if newest == 0 || first <= chain.Anchor.Seq {
		return chain.Anchor, nil
	}
	begin := automation.AuditPlace{Seq: first}
	list, err := collect(ctx, q, func(r scanner) (hash string, err error) { return hash, r.Scan(&hash) }, `SELECT hash FROM audit WHERE seq = ?`, first)
	if err == nil && len(list) == 0 { // then all of it is looked at, and the gap is found
		return chain.Anchor, nil
	}
	if err == nil {
		begin.Hash = list[0]
	}
	return begin, err
}

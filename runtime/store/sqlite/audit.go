package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/squall-dev/squall/runtime/audit"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

const auditColumns = `seq, at, user, role, via, remote, verb, kind, id, outcome, detail, prev, hash`

func scanAudit(row scanner) (r automation.AuditRecord, err error) {
	err = row.Scan(&r.Seq, instant{&r.At}, &r.User, &r.Role, &r.Via, &r.Remote, &r.Verb, &r.Kind, &r.ID, &r.Outcome,
		decoded{&r.Detail}, &r.Prev, &r.Hash)
	return r, err
}

// AppendAudit adds records to the chain.
func (s *Store) AppendAudit(ctx context.Context, records ...automation.AuditRecord) error {
	return s.do(ctx, "append to the audit chain", func(t *tx) error { return appendAudit(t, records) })
}

// AppendAudit adds records to the chain of a database that no server has open. Its
// schema is brought up to date.
func AppendAudit(ctx context.Context, path string, records ...automation.AuditRecord) (err error) {
	s, err := Open(ctx, Options{Path: path})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return s.AppendAudit(ctx, records...)
}

// appendAudit is for other closures, whose change and whose record are then one. The
// writer alone knows the order, so the chain is made here. The head is read anew each
// time: a batch may have been rolled back.
func appendAudit(t *tx, records []automation.AuditRecord) error {
	if len(records) == 0 {
		return nil
	}
	chain, err := auditChain(t)
	if err != nil {
		return err
	}
	for _, r := range records {
		r = audit.Seal(chain.Head, r)
		detail, err := json.Marshal(r.Detail)
		if err != nil {
			return err
		}
		err = t.exec(`INSERT INTO audit (`+auditColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, r.Seq, nanos(r.At),
			r.User, r.Role, r.Via, r.Remote, r.Verb, r.Kind, r.ID, r.Outcome, string(detail), r.Prev, r.Hash)
		if err != nil {
			return err
		}
		chain.Head = audit.Place(r)
		if err := t.exec(`UPDATE audit_chain SET head_seq = ?, head_hash = ?`, chain.Head.Seq, chain.Head.Hash); err != nil {
			return err
		}
	}
	return nil
}

const auditEnds = `SELECT anchor_seq, anchor_hash, head_seq, head_hash FROM audit_chain`

func scanChain(row scanner) (c automation.AuditChain, err error) {
	return c, row.Scan(&c.Anchor.Seq, &c.Anchor.Hash, &c.Head.Seq, &c.Head.Hash)
}

func auditChain(t *tx) (automation.AuditChain, error) {
	row, err := t.row(auditEnds)
	if err != nil {
		return automation.AuditChain{}, err
	}
	return scanChain(row)
}

// AuditRecords lists records, newest first.
func (s *Store) AuditRecords(ctx context.Context, q store.AuditQuery) ([]automation.AuditRecord, error) {
	w := &where{}
	w.equal("user", q.User)
	w.equal("verb", q.Verb)
	w.equal("kind", q.Kind)
	w.equal("id", q.ID)
	switch {
	case q.Failed == nil:
	case *q.Failed:
		w.add("outcome <> ?", automation.AuditOK)
	default:
		w.equal("outcome", automation.AuditOK)
	}
	w.between("at", q.Since, q.Until)
	behind, order := "seq < ?", " ORDER BY seq DESC LIMIT ?"
	if q.Oldest {
		behind, order = "seq > ?", " ORDER BY seq LIMIT ?"
	}
	if q.After > 0 {
		w.add(behind, q.After)
	}
	list, err := collect(ctx, s.read, scanAudit, `SELECT `+auditColumns+` FROM audit`+w.String()+order,
		append(w.args, limitOr(q.Limit, defaultLimit))...)
	if err != nil {
		return nil, fmt.Errorf("list the audit chain: %w", s.readError(ctx, err))
	}
	return list, nil
}

// AuditChain returns the ends of the chain.
func (s *Store) AuditChain(ctx context.Context) (automation.AuditChain, error) {
	c, err := scanChain(s.read.QueryRowContext(ctx, auditEnds))
	if err != nil {
		return c, fmt.Errorf("read the ends of the audit chain: %w", s.readError(ctx, err))
	}
	return c, nil
}

// PruneAudit moves the anchor forward and removes what is then behind it.
func (s *Store) PruneAudit(ctx context.Context, before time.Time, limit int) (removed int, err error) {
	err = s.do(ctx, "prune the audit chain", func(t *tx) error {
		removed = 0
		rows, err := t.rows(`SELECT seq, at, hash FROM audit ORDER BY seq LIMIT ?`, limit)
		if err != nil {
			return err
		}
		type row struct {
			automation.AuditPlace
			at time.Time
		}
		oldest, err := drain(rows, func(r scanner) (p row, err error) { return p, r.Scan(&p.Seq, instant{&p.at}, &p.Hash) })
		if err != nil {
			return err
		}
		for removed < len(oldest) && oldest[removed].at.Before(before) {
			removed++
		}
		if removed == 0 {
			return nil
		}
		anchor := oldest[removed-1].AuditPlace
		if err := t.exec(`UPDATE audit_chain SET anchor_seq = ?, anchor_hash = ?`, anchor.Seq, anchor.Hash); err != nil {
			return err
		}
		return t.exec(`DELETE FROM audit WHERE seq <= ?`, anchor.Seq)
	})
	return removed, err
}

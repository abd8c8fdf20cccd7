package torture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/squall-dev/squall/runtime/audit"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

const (
	promiseChain   = "the audit chain holds, and every head that was seen is in it"
	promiseAudited = "what was acknowledged, or refused, has exactly one audit record"
)

// change is a request that leaves an audit record, and what came of it.
type change struct {
	verb, id string
	outcome  string // "" when there was no answer, or one that promises nothing
}

// alter sets a key, or deletes one that is not there, and notes the answer; false when
// there was none.
func (b *bench) alter(ctx context.Context, api *client.Client) bool {
	n := b.changed.Add(1)
	name := fmt.Sprintf("torture/%d", n)
	c := change{verb: "set", id: automation.ScopeSystem + "/" + name}
	var err error
	if n%4 == 0 {
		c.verb = "delete"
		err = api.DeleteKey(ctx, automation.ScopeSystem, name)
	} else {
		_, err = api.SetKey(ctx, automation.KVEntry{Scope: automation.ScopeSystem, Name: name, Value: "x"}, 0)
	}
	answered := err == nil || client.RequestID(err) != ""
	known := (*automation.Error)(nil)
	switch {
	case err == nil:
		c.outcome = automation.AuditOK
	case answered && !errors.Is(err, automation.ErrUnavailable) && errors.As(err, &known):
		c.outcome = known.Code
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changes = append(b.changes, c)
	return answered
}

// alterOnce makes one audited change, which must be answered.
func (b *bench) alterOnce(ctx context.Context, url string) error {
	api, err := b.client(url)
	if err != nil {
		return err
	}
	if !b.alter(ctx, api) {
		return errors.New("there was no answer")
	}
	return nil
}

// keepChanging makes audited changes until the server is gone. It notes where the
// chain stood before.
func (b *bench) keepChanging(ctx context.Context, url string) {
	api, err := b.client(url)
	if err != nil {
		return
	}
	if report, err := api.VerifyAudit(ctx, client.AuditCheck{}); err == nil {
		b.mu.Lock()
		b.heads = append(b.heads, report.Head)
		b.mu.Unlock()
	}
	for ctx.Err() == nil && b.alter(ctx, api) {
	}
}

// answeredChanges is how many audited changes were answered.
func (b *bench) answeredChanges() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.changes {
		if c.outcome != "" {
			n++
		}
	}
	return n
}

// audited compares the chain with what callers were told.
func (t *tested) audited(ctx context.Context) error {
	chain, one := t.promise("chains", promiseChain), t.promise("requests", promiseAudited)
	for _, head := range append([]automation.AuditPlace{{}}, t.heads...) {
		c := store.AuditCheck{Expect: &head}
		if head == (automation.AuditPlace{}) {
			c.Expect = nil
		}
		report, err := t.db.VerifyAudit(ctx, c)
		if err != nil {
			return err
		}
		t.check(chain, report.Verified, "head %v: %+v", head, report.Broken)
	}
	records, err := auditRecords(ctx, t.db)
	if err != nil {
		return err
	}
	said := map[string][]string{} // verb and id -> outcomes
	for _, r := range records {
		said[r.Verb+" "+r.ID] = append(said[r.Verb+" "+r.ID], r.Outcome)
	}
	answered := 0
	for _, c := range t.changes {
		outcomes := said[c.verb+" "+c.id]
		if c.outcome == "" { // it may have been done, and it may have its record
			t.check(one, len(outcomes) <= 1, "%s %s, without an answer, has the records %v", c.verb, c.id, outcomes)
			continue
		}
		answered++
		t.check(one, slices.Equal(outcomes, []string{c.outcome}), "%s %s was answered %s and has the records %v", c.verb, c.id, c.outcome, outcomes)
	}
	t.sum("audited requests answered", answered)
	t.sum("audit records", len(records))
	return nil
}

// auditRecords reads the whole chain, oldest first, without looking at hashes.
func auditRecords(ctx context.Context, db *sqlite.Store) (all []automation.AuditRecord, err error) {
	q := store.AuditQuery{Oldest: true, Limit: 1000}
	for {
		page, err := db.AuditRecords(ctx, q)
		if err != nil {
			return nil, err
		}
		if all = append(all, page...); len(page) < q.Limit {
			return all, nil
		}
		q.After = page[len(page)-1].Seq
	}
}

// auditFlips turns bits within audit records of a database that is closed. Each one
// that changes what a record says must be found.
func (r *run) auditFlips(ctx context.Context, from string) error {
	p := r.promise("flips", "a flipped bit in an audit record: verification names the record")
	path := filepath.Join(from, "data", "squall.db")
	good, err := readChain(ctx, path)
	if err != nil {
		return err
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var places []int
	for at := 0; ; at++ {
		next := bytes.Index(whole[at:], []byte(automation.ScopeSystem+"/torture/"))
		if next < 0 {
			break
		}
		at += next
		places = append(places, at)
	}
	if len(places) == 0 {
		return errors.New("no audit record is in the database")
	}
	for i := range r.Rounds * 4 {
		at := flipped(places[r.random.IntN(len(places))], r.random)
		content := slices.Clone(whole)
		content[at] ^= 1 << r.random.IntN(8)
		copied := filepath.Join(r.dir, fmt.Sprintf("audit%d.db", i))
		if err := os.WriteFile(copied, content, 0o600); err != nil {
			return err
		}
		r.judgeAudit(ctx, p, copied, at, good)
		if err := r.forget(copied); err != nil {
			return err
		}
	}
	return nil
}

// flipped is a byte of the record whose id begins there: the texts before it have 42
// bytes and the time 8, behind it are the outcome, the detail and two hashes.
func flipped(id int, random *rand.Rand) int {
	const before, behind = 50, 150
	return id - before + random.IntN(before+behind)
}

// judgeAudit compares what verification says of a copy with what was changed in it.
func (r *run) judgeAudit(ctx context.Context, p int, path string, at int, good []automation.AuditRecord) {
	report, verifyErr := sqlite.CheckAudit(ctx, path, store.AuditCheck{})
	is, err := readChain(ctx, path)
	found := verifyErr != nil || !report.Verified
	first := firstDifference(good, is)
	switch same := err == nil && first == 0; {
	case same && !found:
		r.sum("flips in audit records: beside them, or in what SQLite no longer uses", 1)
	case same: // in the structure of the page
		r.check(p, true, "")
	case !found:
		r.check(p, false, "byte %d: record %d is another, and the chain verifies; %v", at, first, err)
	default:
		r.check(p, verifyErr != nil || err != nil || first == report.Broken.Seq, "byte %d: record %d changed, and %+v is named", at, first, report.Broken)
	}
}

// firstDifference is the number of the first record that is another; 0 when none is.
func firstDifference(good, is []automation.AuditRecord) int64 {
	said := func(r automation.AuditRecord) string { return string(audit.Bytes(r)) + r.Prev + r.Hash }
	for i, r := range good {
		if i >= len(is) || said(r) != said(is[i]) {
			return r.Seq
		}
	}
	if len(is) > len(good) {
		return is[len(good)].Seq
	}
	return 0
}

func readChain(ctx context.Context, path string) (all []automation.AuditRecord, err error) {
	db, err := sqlite.Open(ctx, sqlite.Options{Path: path, NoSync: true})
	if err != nil {
		return nil, err
	}
	all, err = auditRecords(ctx, db)
	return all, errors.Join(err, db.Close())
}

// forget removes a database and what lies beside it.
func (r *run) forget(path string) error {
	if r.broken() {
		return nil // it is looked at
	}
	files, err := filepath.Glob(path + "*")
	for _, f := range files {
		err = errors.Join(err, os.Remove(f))
	}
	return err
}

// audit reads the chain as a server shows it. Its records count only while it holds:
// else a damage is named.
func (s *sight) audit(ctx context.Context, api *client.Client) {
	report, err := api.VerifyAudit(ctx, client.AuditCheck{})
	if s.said("audit chain", err) {
		return
	}
	if report.Broken != nil {
		s.damage = append(s.damage, fmt.Sprintf("audit record %d: %s", report.Broken.Seq, report.Broken.Reason))
		return
	}
	list, err := api.Audit(ctx, client.AuditQuery{Page: client.Page{Limit: 1000}})
	if s.said("audit chain", err) {
		return
	}
	for _, r := range list.Items {
		s.read[fmt.Sprintf("audit record %d", r.Seq)] = r.Hash
	}
}

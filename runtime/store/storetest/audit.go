package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
)

func testAudit(t *testing.T, open func(*testing.T) store.Store) {
	cases{
		{"an empty chain holds", auditEmpty},
		{"records are read as they were given, newest first", auditRead},
		{"records are selected", auditSelect},
		{"records page by number", auditPage},
		{"many writers make one chain", auditMany},
		{"what is pruned is the old end, and the rest still holds", auditPrune},
		{"a record that is younger than the next one keeps it from being pruned", auditPruneClock},
		{"all can be pruned, and the chain goes on", auditPruneAll},
		{"a place that was noted down is looked for", auditExpect},
		{"only the newest can be looked at", auditNewest},
		{"a token and its record are one", auditToken},
	}.run(t, open)
}

// record makes a record that its number tells from others.
func (b *bench) record(n int) automation.AuditRecord {
	return automation.AuditRecord{
		At: b.pass(time.Second), User: "ada", Role: "admin", Via: "token ci", Remote: "192.0.2.7", Verb: "set", Kind: "key",
		ID: fmt.Sprint("system/k", n), Outcome: automation.AuditOK, Detail: map[string]string{"ttl": "10m"},
	}
}

// audit appends records, one after the other.
func (b *bench) audit(t *testing.T, n int) []automation.AuditRecord {
	t.Helper()
	for i := range n {
		must(t, b.AppendAudit(t.Context(), b.record(i)))
	}
	list, err := b.AuditRecords(t.Context(), store.AuditQuery{Limit: 1000})
	must(t, err)
	return newestFirst(list)
}

// holds wants a chain that holds, with so many records.
func (b *bench) holds(t *testing.T, records int, c store.AuditCheck) automation.AuditReport {
	t.Helper()
	r, err := b.VerifyAudit(t.Context(), c)
	must(t, err)
	if !r.Verified || r.Records != records {
		t.Errorf("%+v, broken %+v; want %d records verified", r, r.Broken, records)
	}
	return r
}

func auditEmpty(t *testing.T, b *bench) {
	r := b.holds(t, 0, store.AuditCheck{})
	c, err := b.AuditChain(t.Context())
	must(t, err)
	same(t, "chain", c, automation.AuditChain{Anchor: automation.AuditPlace{Hash: hash(0)}, Head: automation.AuditPlace{Hash: hash(0)}})
	same(t, "chain of the report", r.AuditChain, c)
}

func auditRead(t *testing.T, b *bench) {
	want := b.record(1)
	want.ID, want.Detail = strange, map[string]string{strange: strange}
	must(t, b.AppendAudit(t.Context(), want, b.record(2)))
	list, err := b.AuditRecords(t.Context(), store.AuditQuery{})
	must(t, err)
	if len(list) != 2 || list[0].Seq != 2 || list[0].Prev != list[1].Hash || list[1].Prev != hash(0) {
		t.Fatalf("records %+v", list)
	}
	want.Seq, want.Prev, want.Hash = 1, list[1].Prev, list[1].Hash
	same(t, "record", list[1], want)
	b.holds(t, 2, store.AuditCheck{})
}

func auditSelect(t *testing.T, b *bench) {
	var all []automation.AuditRecord
	for i, change := range []func(*automation.AuditRecord){
		func(r *automation.AuditRecord) { r.User = "bob" },
		func(r *automation.AuditRecord) { r.Verb = "delete" },
		func(r *automation.AuditRecord) { r.Kind = "secret" },
		func(r *automation.AuditRecord) { r.Outcome = "not_found" },
	} {
		r := b.record(i)
		change(&r)
		all = append(all, r)
	}
	must(t, b.AppendAudit(t.Context(), all...))
	yes, no := true, false
	for _, tt := range []struct {
		name string
		q    store.AuditQuery
		want []int64
	}{
		{"user", store.AuditQuery{User: "bob"}, []int64{1}},
		{"verb", store.AuditQuery{Verb: "delete"}, []int64{2}},
		{"kind", store.AuditQuery{Kind: "secret"}, []int64{3}},
		{"id", store.AuditQuery{ID: "system/k2"}, []int64{3}},
		{"failed", store.AuditQuery{Failed: &yes}, []int64{4}},
		{"not failed", store.AuditQuery{Failed: &no}, []int64{3, 2, 1}},
		{"since", store.AuditQuery{Since: all[2].At}, []int64{4, 3}},
		{"until", store.AuditQuery{Until: all[2].At}, []int64{2, 1}},
		{"two of them", store.AuditQuery{User: "ada", Failed: &no}, []int64{3, 2}},
		{"none", store.AuditQuery{User: "eve"}, []int64{}},
	} {
		list, err := b.AuditRecords(t.Context(), tt.q)
		must(t, err)
		same(t, tt.name, seqs(list), tt.want)
	}
}

func seqs(list []automation.AuditRecord) []int64 {
	all := []int64{}
	for _, r := range list {
		all = append(all, r.Seq)
	}
	return all
}

func auditPage(t *testing.T, b *bench) {
	b.audit(t, 5)
	list, err := b.AuditRecords(t.Context(), store.AuditQuery{Limit: 2})
	must(t, err)
	same(t, "first page", seqs(list), []int64{5, 4})
	list, err = b.AuditRecords(t.Context(), store.AuditQuery{After: 4, Limit: 10})
	must(t, err)
	same(t, "second page", seqs(list), []int64{3, 2, 1})
	list, err = b.AuditRecords(t.Context(), store.AuditQuery{Oldest: true, Limit: 2})
	must(t, err)
	same(t, "first page, oldest first", seqs(list), []int64{1, 2})
	list, err = b.AuditRecords(t.Context(), store.AuditQuery{Oldest: true, After: 2})
	must(t, err)
	same(t, "second page, oldest first", seqs(list), []int64{3, 4, 5})
}

func auditMany(t *testing.T, b *bench) {
	var all sync.WaitGroup
	for w := range 16 {
		all.Go(func() {
			for i := range 20 {
				if err := b.AppendAudit(t.Context(), b.record(100*w+i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if r := b.holds(t, 320, store.AuditCheck{}); r.Head.Seq != 320 {
		t.Errorf("the head is %v", r.Head)
	}
}

func auditPrune(t *testing.T, b *bench) {
	all := b.audit(t, 6)
	n, err := b.PruneAudit(t.Context(), all[4].At, 3)
	must(t, err)
	same(t, "removed with a limit", n, 3)
	n, err = b.PruneAudit(t.Context(), all[4].At, 3)
	must(t, err)
	same(t, "removed after that", n, 1)
	n, err = b.PruneAudit(t.Context(), all[4].At, 3)
	must(t, err)
	same(t, "removed at last", n, 0)
	r := b.holds(t, 2, store.AuditCheck{})
	same(t, "anchor", r.Anchor, automation.AuditPlace{Seq: 4, Hash: all[3].Hash})
	must(t, b.AppendAudit(t.Context(), b.record(7)))
	b.holds(t, 3, store.AuditCheck{})
}

func auditPruneClock(t *testing.T, b *bench) {
	all := b.audit(t, 1)
	b.pass(-time.Hour)
	b.audit(t, 1)
	n, err := b.PruneAudit(t.Context(), all[0].At, 10)
	must(t, err)
	same(t, "removed", n, 0)
}

func auditPruneAll(t *testing.T, b *bench) {
	b.audit(t, 3)
	n, err := b.PruneAudit(t.Context(), b.time().Add(time.Hour), 10)
	must(t, err)
	same(t, "removed", n, 3)
	b.holds(t, 0, store.AuditCheck{})
	must(t, b.AppendAudit(t.Context(), b.record(4)))
	if r := b.holds(t, 1, store.AuditCheck{}); r.Head.Seq != 4 || r.Anchor.Seq != 3 {
		t.Errorf("the chain goes from %v to %v", r.Anchor, r.Head)
	}
}

func auditExpect(t *testing.T, b *bench) {
	all := b.audit(t, 4)
	for _, r := range all {
		b.holds(t, 4, store.AuditCheck{Expect: &automation.AuditPlace{Seq: r.Seq, Hash: r.Hash}})
	}
	for _, p := range []automation.AuditPlace{{Seq: 2, Hash: all[0].Hash}, {Seq: 5, Hash: all[3].Hash}} {
		r, err := b.VerifyAudit(t.Context(), store.AuditCheck{Expect: &p})
		must(t, err)
		if r.Verified || r.Broken == nil || r.Broken.Seq != p.Seq {
			t.Errorf("expecting %v: %+v", p, r)
		}
	}
}

func auditNewest(t *testing.T, b *bench) {
	b.audit(t, 6)
	b.holds(t, 2, store.AuditCheck{Newest: 2})
	b.holds(t, 6, store.AuditCheck{Newest: 6})
	b.holds(t, 6, store.AuditCheck{Newest: 100})
}

func auditToken(t *testing.T, b *bench) {
	token := store.Token{Hash: hash(1), Name: "ci", User: "ada", Role: "admin", CreatedAt: b.time()}
	must(t, b.PutToken(t.Context(), token, b.record(1)))
	b.holds(t, 1, store.AuditCheck{})
}

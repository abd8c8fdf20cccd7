package audit

import (
	"fmt"

	"github.com/squall-dev/squall/runtime/automation"
)

// Verifier looks at a chain, record by record, oldest first.
//
//	v := audit.NewVerifier(anchor)
//	for _, r := range records { v.Next(r) }
//	report := v.End(head)
//
// It finds each change that was not followed by new hashes for all that come after.
// Whoever can write all of the database can do that: therefore note the head down
// elsewhere, and let [Verifier.Expect] look for it.
type Verifier struct {
	report automation.AuditReport
	last   automation.AuditPlace
	expect *automation.AuditPlace
	met    bool
}

// NewVerifier begins behind an anchor.
func NewVerifier(anchor automation.AuditPlace) *Verifier {
	return &Verifier{report: automation.AuditReport{AuditChain: automation.AuditChain{Anchor: anchor, Head: anchor}}, last: anchor}
}

// Expect asks for a place that somebody noted down to be in the chain.
func (v *Verifier) Expect(p automation.AuditPlace) {
	v.expect = &p
	v.meet(v.last)
}

// Next looks at the next record. After the first break it looks no more, and returns
// false.
func (v *Verifier) Next(r automation.AuditRecord) bool {
	want := v.last.Seq + 1
	switch {
	case v.report.Broken != nil:
	case r.Seq != want:
		v.Break(want, fmt.Sprintf("it is missing: %d follows %d", r.Seq, v.last.Seq))
	case r.Prev != v.last.Hash:
		v.Break(want, fmt.Sprintf("it does not follow record %d: that has another hash", v.last.Seq))
	case r.Hash != hashOf(r):
		v.Break(want, "it is not what was written: its hash is another")
	default:
		v.last = Place(r)
		v.report.Records++
		v.meet(v.last)
	}
	return v.report.Broken == nil
}

// Break notes that the chain does not hold at a record; only the first counts.
func (v *Verifier) Break(seq int64, reason string) {
	if v.report.Broken == nil {
		v.report.Broken = &automation.AuditBreak{Seq: seq, Reason: reason}
	}
}

// At is the number of the record that comes next.
func (v *Verifier) At() int64 { return v.last.Seq + 1 }

func (v *Verifier) meet(p automation.AuditPlace) {
	v.met = v.met || v.expect != nil && p == *v.expect
}

// End compares the end of the chain with what is known of it; a nil head is unknown.
func (v *Verifier) End(head *automation.AuditPlace) automation.AuditReport {
	r := v.report
	r.Head = v.last
	if head != nil && *head != v.last {
		v.Break(v.strayed(*head))
	}
	if v.expect != nil && !v.met {
		v.Break(v.expect.Seq, v.unmet())
	}
	r.Broken = v.report.Broken
	r.Verified = r.Broken == nil
	return r
}

// strayed says how the end of the chain differs from its head.
func (v *Verifier) strayed(head automation.AuditPlace) (seq int64, reason string) {
	switch {
	case v.last.Seq < head.Seq:
		return v.last.Seq + 1, fmt.Sprintf("it is missing: the chain ends at %d, and its head is %d", v.last.Seq, head.Seq)
	case v.last.Seq > head.Seq:
		return head.Seq + 1, fmt.Sprintf("it was added: the head of the chain is %d", head.Seq)
	}
	return head.Seq, "it has another hash than the head of the chain"
}

// unmet says why a place that was noted down is not there.
func (v *Verifier) unmet() string {
	switch p := v.expect; {
	case p.Seq > v.last.Seq:
		return fmt.Sprintf("it was noted down, and the chain ends at %d", v.last.Seq)
	case p.Seq < v.report.Anchor.Seq:
		return fmt.Sprintf("it was noted down, and retention has removed all up to %d", v.report.Anchor.Seq)
	}
	return "it has another hash than the one that was noted down"
}

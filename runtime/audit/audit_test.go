package audit_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/audit"
	"github.com/squall-dev/squall/runtime/automation"
)

// chain makes a chain of n records.
func chain(n int) []automation.AuditRecord {
	last, all := audit.Beginning(), []automation.AuditRecord{}
	for i := range n {
		r := audit.Seal(last, automation.AuditRecord{
			At: time.Date(2026, 5, 4, 12, 0, i, 120_000_000, time.UTC), User: "admin", Role: "admin", Via: "token first start",
			Remote: "192.0.2.7", Verb: "set", Kind: "key", ID: "system/größe", Outcome: automation.AuditOK,
			Detail: map[string]string{"ttl": "10m", "encrypted": "true"},
		})
		all, last = append(all, r), audit.Place(r)
	}
	return all
}

func verify(records []automation.AuditRecord, head automation.AuditPlace) automation.AuditReport {
	v := audit.NewVerifier(audit.Beginning())
	for _, r := range records {
		if !v.Next(r) {
			break
		}
	}
	return v.End(&head)
}

func TestWhatWasDoneToAChainIsFound(t *testing.T) {
	t.Parallel()
	type records = []automation.AuditRecord
	for _, tt := range []struct {
		name string
		do   func(records) records
		at   int64 // 0: the chain holds
	}{
		{"nothing was done", func(r records) records { return r }, 0},
		{"the user of a record was changed", func(r records) records { r[4].User = "mallory"; return r }, 5},
		{"the time of a record was changed", func(r records) records { r[4].At = r[4].At.Add(1); return r }, 5},
		{"the outcome of a record was changed", func(r records) records { r[4].Outcome = "denied"; return r }, 5},
		{"an entry of a detail was changed", func(r records) records { r[4].Detail["ttl"] = "11m"; return r }, 5},
		{"an entry of a detail was removed", func(r records) records { delete(r[4].Detail, "ttl"); return r }, 5},
		{"a letter went from one text to the next", func(r records) records { r[4].Verb, r[4].Kind = "se", "tkey"; return r }, 5},
		{"a record was changed and hashed again", func(r records) records {
			r[4].User = "mallory"
			r[4] = audit.Seal(audit.Place(r[3]), r[4])
			return r
		}, 6},
		{"the hash of a record was changed", func(r records) records { r[4].Hash = r[3].Hash; return r }, 5},
		{"the first record was removed", func(r records) records { return r[1:] }, 1},
		{"a record was removed", func(r records) records { return slices.Delete(r, 4, 5) }, 5},
		{"a record was removed and the next one renumbered", func(r records) records {
			r = slices.Delete(r, 4, 5)
			r[4].Seq = 5
			return r
		}, 5},
		{"the last record was removed", func(r records) records { return r[:9] }, 10},
		{"all records were removed", func(records) records { return nil }, 1},
		{"a record was inserted", func(r records) records { return slices.Insert(r, 4, audit.Seal(audit.Place(r[3]), r[7])) }, 6},
		{"a record was there twice", func(r records) records { return slices.Insert(r, 4, r[3]) }, 5},
		{"a record was added", func(r records) records { return append(r, audit.Seal(audit.Place(r[9]), r[9])) }, 11},
		{"two records were swapped", func(r records) records { r[4], r[5] = r[5], r[4]; return r }, 5},
		{"two records were swapped with their numbers", func(r records) records {
			r[4], r[5] = r[5], r[4]
			r[4].Seq, r[5].Seq = 5, 6
			return r
		}, 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			all := chain(10)
			head := audit.Place(all[9])
			report := verify(tt.do(all), head)
			switch {
			case tt.at == 0 && (!report.Verified || report.Records != 10 || report.Head != head):
				t.Errorf("a chain that holds: %+v", report)
			case tt.at != 0 && (report.Verified || report.Broken == nil || report.Broken.Seq != tt.at):
				t.Errorf("%+v, broken %+v; want it broken at %d", report, report.Broken, tt.at)
			}
		})
	}
}

// A chain that was made anew from some record on holds; only who has noted its head
// down can tell.
func TestANotedHeadFindsAChainThatWasMadeAnew(t *testing.T) {
	t.Parallel()
	all := chain(10)
	noted := audit.Place(all[6])
	forged := all[:4:4]
	for _, r := range all[5:] {
		forged = append(forged, audit.Seal(audit.Place(forged[len(forged)-1]), r))
	}
	for _, tt := range []struct {
		name    string
		records []automation.AuditRecord
		expect  automation.AuditPlace
		holds   bool
	}{
		{"the chain as it was", all, noted, true},
		{"the beginning was noted", all, audit.Beginning(), true},
		{"the chain made anew", forged, noted, false},
		{"the chain cut off", all[:5], noted, false},
	} {
		v := audit.NewVerifier(audit.Beginning())
		v.Expect(tt.expect)
		for _, r := range tt.records {
			v.Next(r)
		}
		report := v.End(nil)
		if report.Verified != tt.holds || !tt.holds && report.Broken.Seq != noted.Seq {
			t.Errorf("%s: %+v %+v", tt.name, report, report.Broken)
		}
	}
}

func TestARecordSurvivesJSON(t *testing.T) {
	t.Parallel()
	last := audit.Beginning()
	v := audit.NewVerifier(last)
	for _, id := range []string{"a&b<c>", "quote \" back \\ \u2028", "\xff\xfe broken", strings.Repeat("ä", 600), ""} {
		r := audit.Seal(last, automation.AuditRecord{At: time.Now(), ID: id, Detail: map[string]string{id: id}})
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var back automation.AuditRecord
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if !v.Next(back) {
			t.Errorf("%.20q: %+v", id, v.End(nil).Broken)
		}
		if len(back.ID) > 520 {
			t.Errorf("an id of %d bytes is kept", len(back.ID))
		}
		last = audit.Place(r)
	}
}

// What the page for people says of the bytes and the hash is true: its example is
// this record.
func TestTheDocumentedExampleIsTrue(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "web", "docs", "audit.md"))
	if err != nil {
		t.Fatal(err)
	}
	r := chain(1)[0]
	line, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range [][]byte{line, audit.Bytes(r), []byte(r.Hash)} {
		if !bytes.Contains(page, want) {
			t.Errorf("web/docs/audit.md lacks %s", want)
		}
	}
}

func TestPlacesAreRead(t *testing.T) {
	t.Parallel()
	p := audit.Place(chain(1)[0])
	if back, err := automation.ParseAuditPlace(p.String()); err != nil || back != p {
		t.Errorf("%v, %v", back, err)
	}
	for _, bad := range []string{"", "7", "7:", "x:" + p.Hash, "-1:" + p.Hash, "7:" + p.Hash[1:], "7:" + strings.ToUpper(p.Hash)} {
		if _, err := automation.ParseAuditPlace(bad); err == nil {
			t.Errorf("%q is taken for a place", bad)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	r := chain(1)[0]
	last := audit.Place(r)
	b.ReportAllocs()
	for b.Loop() {
		r = audit.Seal(last, r)
	}
}

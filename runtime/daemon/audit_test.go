package daemon

import (
	"bytes"
	"database/sql"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/backup"
	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/store/sqlite"
)

// The chain of a server from its first start over a backup to what is made of that.
func TestTheAuditChainOfAServerAndOfItsBackup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := serve(t, dir, nil)
	if _, err := h.SetKey(t.Context(), automation.KVEntry{Scope: "system", Name: "a", Value: "x"}, 0); err != nil {
		t.Fatal(err)
	}
	body, err := h.Backup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	archive, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	list, err := h.Audit(t.Context(), client.AuditQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if got := said(list.Items); got != "take backup ; set key system/a; create token first start" {
		t.Errorf("the chain says %q", got)
	}
	report, err := h.VerifyAudit(t.Context(), client.AuditCheck{})
	if err != nil || !report.Verified || report.Records != 3 {
		t.Errorf("%+v, %v", report, err)
	}
	checks, err := h.Doctor(t.Context(), true)
	if err != nil || !strings.Contains(checkOf(t, checks.Items, "audit chain").Detail, "all 3 records hold") {
		t.Errorf("%+v, %v", checks, err)
	}
	if m := h.get("/metrics"); !strings.Contains(m, `squall_audit_records_total{result="ok"} 2`) || !strings.Contains(m, "squall_audit_head 3") {
		t.Error("the metrics lack the records")
	}
	h.stop()

	restored := filepath.Join(t.TempDir(), "data")
	if _, err := backup.Restore(t.Context(), bytes.NewReader(archive), restored, false, time.Now()); err != nil {
		t.Fatal(err)
	}
	again, err := sqlite.CheckAudit(t.Context(), filepath.Join(restored, "squall.db"), store.AuditCheck{Expect: &report.Head})
	if err != nil || !again.Verified || again.Records != 4 { // with its own taking, and its restore
		t.Errorf("of the backup: %+v, %v", again, err)
	}
}

func said(list []automation.AuditRecord) string {
	var all []string
	for _, r := range list {
		all = append(all, strings.Join([]string{r.Verb, r.Kind, r.ID}, " "))
	}
	return strings.Join(all, "; ")
}

// A record that was changed by hand is found by the doctor, with and without a server.
func TestTheDoctorFindsARecordThatWasChanged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	serve(t, dir, nil).stop()
	db, err := sql.Open("sqlite", filepath.Join(dir, "data", "squall.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{`DROP TRIGGER audit_changed`, `UPDATE audit SET id = 'another'`} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	found, err := Examine(t.Context(), filepath.Join(dir, "data"), false)
	if err != nil {
		t.Fatal(err)
	}
	if c := checkOf(t, found, "audit chain"); c.Status != automation.CheckFailed || !strings.Contains(c.Detail, "at record 1") {
		t.Errorf("without a server: %+v", c)
	}
	h := serve(t, dir, nil)
	checks, err := h.Doctor(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	if c := checkOf(t, checks.Items, "audit chain"); c.Status != automation.CheckFailed || !strings.Contains(c.Detail, "at record 1") {
		t.Errorf("of a server: %+v", c)
	}
}

func TestOldAuditRecordsGo(t *testing.T) {
	t.Parallel()
	h := serve(t, t.TempDir(), func(c *config.Config) { c.Audit.Age = config.Age(time.Nanosecond) })
	if _, err := h.ApplyRetention(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the chain is pruned", func() bool {
		report, err := h.VerifyAudit(t.Context(), client.AuditCheck{})
		return err == nil && report.Verified && report.Anchor.Seq >= 1
	})
}

// Packs come from the disk: each digest that came into service is noted once, also when
// it came while the server was down.
func TestPacksThatCameAndWentAreInTheChain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePack(t, dir, "behave", behavePack(t))
	h := serve(t, dir, nil)
	first := h.pack("behave").Digest
	manifest := filepath.Join(dir, "packs", "behave", "pack.yaml")
	good := behavePack(t)["pack.yaml"]
	write(t, manifest, strings.Replace(good, "1.0.0", "1.1.0\ncapabilities: {teleport: []}", 1))
	eventually(t, "a broken pack says so", func() bool { return h.pack("behave").Error != "" })
	h.stop()

	write(t, manifest, strings.Replace(good, "1.0.0", "1.1.0", 1)) // while nobody looks
	h = serve(t, dir, nil)
	h.stop()
	h = serve(t, dir, nil)
	list, err := h.Audit(t.Context(), client.AuditQuery{Kind: "pack"})
	if err != nil || len(list.Items) != 2 {
		t.Fatalf("%+v, %v", list.Items, err)
	}
	if r := list.Items[0]; r.Verb != "load" || r.ID != "behave" || r.Via != "server" || r.Detail["was"] != first || r.Detail["version"] != "1.1.0" || r.Detail["digest"] == first {
		t.Errorf("the new version left %+v", r)
	}
	h.stop()

	if err := os.RemoveAll(filepath.Dir(manifest)); err != nil {
		t.Fatal(err)
	}
	h = serve(t, dir, nil)
	if list, err = h.Audit(t.Context(), client.AuditQuery{Kind: "pack", Verb: "unload"}); err != nil || len(list.Items) != 1 {
		t.Errorf("a pack that is gone left %+v, %v", list.Items, err)
	}
	writePack(t, dir, "behave", behavePack(t))
	eventually(t, "the pack is back and recorded", func() bool { // in service first
		list, err = h.Audit(t.Context(), client.AuditQuery{Kind: "pack"})
		return err != nil || len(list.Items) == 4
	})
	if err != nil || list.Items[0].Verb != "load" || list.Items[0].Detail["was"] != "" || !h.pack("behave").InService {
		t.Errorf("a pack that came back left %+v, %v", list.Items, err)
	}
	if report, err := h.VerifyAudit(t.Context(), client.AuditCheck{}); err != nil || !report.Verified {
		t.Errorf("%+v, %v", report, err)
	}
}

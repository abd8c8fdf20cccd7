package daemon

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/backup"
	"github.com/squall-dev/squall/runtime/client"
)

// A backup that is written under load becomes a server that has all that was
// acknowledged before it began; webhooks hardly notice.
func TestABackupUnderLoadIsRestoredElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePack(t, dir, "behave", behavePack(t))
	h := serve(t, dir, nil)
	post := func() (string, time.Duration) {
		began := time.Now()
		resp, body := h.post("/api/v1/webhooks/behave", "application/json", `{}`)
		if resp.StatusCode != http.StatusAccepted {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
		_, id, _ := strings.Cut(body, `"event":"`)
		id, _, _ = strings.Cut(id, `"`)
		return id, time.Since(began)
	}
	var before []string
	for range 200 {
		id, _ := post()
		before = append(before, id)
	}
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	var slowest time.Duration
	load.Go(func() {
		for ctx.Err() == nil {
			_, took := post()
			slowest = max(slowest, took)
		}
	})
	body, err := h.Backup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	archive, err := io.ReadAll(body)
	stop()
	load.Wait()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes; the slowest webhook meanwhile took %s", len(archive), slowest)
	last, err := h.LastBackup(t.Context())
	if err != nil || last.At.IsZero() || last.Bytes == 0 || !strings.Contains(h.get("/metrics"), "squall_backup_last_timestamp_seconds 1.") {
		t.Errorf("the last backup: %+v, %v", last, err)
	}
	checks, err := h.Doctor(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"backup": "before compression", "database": "rows are as they were written"} {
		if c := checkOf(t, checks.Items, name); c.Status != automation.CheckOK || !strings.Contains(c.Detail, want) {
			t.Errorf("doctor: %+v, want %s", c, want)
		}
	}
	h.stop()

	elsewhere := t.TempDir()
	writePack(t, elsewhere, "behave", behavePack(t))
	if _, err := backup.Restore(t.Context(), bytes.NewReader(archive), filepath.Join(elsewhere, "data"), false, time.Now()); err != nil {
		t.Fatal(err)
	}
	token := filepath.Join(elsewhere, "data", "admin.token")
	copyFile(t, filepath.Join(dir, "data", "admin.token"), token)
	again := serve(t, elsewhere, nil)
	var there []string
	for after := ""; ; {
		page, err := again.Events(t.Context(), client.EventQuery{Page: client.Page{Limit: 1000, After: after}})
		if err != nil {
			t.Fatal(err)
		}
		for _, ev := range page.Items {
			there = append(there, ev.ID)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	slices.Sort(there)
	for _, id := range before {
		if _, found := slices.BinarySearch(there, id); !found {
			t.Fatalf("event %s, which was acknowledged before, is not there", id)
		}
	}
}

func TestOfflineBackupNeedsAServerThatIsStopped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := serve(t, dir, nil)
	if _, err := Backup(t.Context(), filepath.Join(dir, "data"), "1", io.Discard); automation.KindOf(err) != "conflict" {
		t.Errorf("beside a server: %v", err)
	}
	h.stop()
	var out bytes.Buffer
	if s, err := Backup(t.Context(), filepath.Join(dir, "data"), "1", &out); err != nil || s.Version != "1" {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := Backup(t.Context(), t.TempDir(), "1", io.Discard); automation.KindOf(err) != "not_found" {
		t.Errorf("of nothing: %v", err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

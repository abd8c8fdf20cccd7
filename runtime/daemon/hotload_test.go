package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
)

func TestPacksLoadHotAndABrokenOneChangesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := serve(t, dir, nil)
	if p := h.pack("behave"); p.Name != "" {
		t.Fatalf("a pack that was never there: %+v", p)
	}
	writePack(t, dir, "behave", behavePack(t))
	eventually(t, "a new pack serves", func() bool { return h.pack("behave").InService })
	first := h.pack("behave").Digest

	manifest := filepath.Join(dir, "packs", "behave", "pack.yaml")
	good, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	write(t, manifest, strings.Replace(string(good), "version: 1.0.0", "version: 1.1.0\nlimitz: {}\ncapabilities: {teleport: []}", 1))
	eventually(t, "a broken pack says so", func() bool { return h.pack("behave").Error != "" })
	p := h.pack("behave")
	if !p.InService || p.Digest != first || !strings.Contains(p.Error, "teleport") {
		t.Errorf("with a broken file: %+v", p)
	}
	if x := h.run("behave.silent"); x.Status != automation.Succeeded {
		t.Errorf("the old version does not serve: %+v", x)
	}

	write(t, manifest, strings.Replace(string(good), "1.0.0", "1.2.0", 1))
	eventually(t, "the mended pack serves", func() bool { p := h.pack("behave"); return p.Version == "1.2.0" && p.Error == "" })
	if err := os.RemoveAll(filepath.Join(dir, "packs", "behave")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a removed pack is gone", func() bool { return h.pack("behave").Name == "" })
}

func TestRunningExecutionsEndOnTheOldPack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePack(t, dir, "relay", relayPack("http://127.0.0.1:1"))
	h := serve(t, dir, nil)
	x, err := h.Run(t.Context(), "relay.spin", nil)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the guest runs", func() bool { p, err := h.Log(t.Context(), x.ID, 1, 1); return err == nil && p.Total > 0 })
	old := h.pack("relay").Digest
	files := relayPack("http://127.0.0.1:1")
	files["pack.yaml"] = strings.Replace(files["pack.yaml"], "1.0.0", "2.0.0", 1)
	writePack(t, dir, "relay", files)
	eventually(t, "the new version serves", func() bool { return h.pack("relay").Version == "2.0.0" })
	if _, err := h.Cancel(t.Context(), x.ID); err != nil {
		t.Fatal(err)
	}
	x = h.final(x.ID)
	if got := x.AttemptList[0].Usage.PackDigest; x.Status != automation.Canceled || got != old {
		t.Errorf("%s on %s, want canceled on %s", x.Status, got, old)
	}
}

func TestAModuleThatImportsMoreThanItsPackAsksForDoesNotLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := relayPack("http://127.0.0.1:1")
	files["pack.yaml"] = "name: relay\nversion: 1.0.0\ndescription: Asks for nothing.\nauthor: test\n"
	writePack(t, dir, "relay", files)
	h := serve(t, dir, nil)
	p := h.pack("relay")
	if p.InService || !strings.Contains(p.Error, "http_send") || !strings.Contains(p.Error+p.Hint, "http:") {
		t.Errorf("pack = %+v, want an error that names http_send and the missing line", p)
	}
}

func TestShutdownGivesARunningExecutionBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePack(t, dir, "relay", relayPack("http://127.0.0.1:1"))
	h := serve(t, dir, func(c *config.Config) { c.DrainTimeout = 50 * time.Millisecond })
	x, err := h.Run(t.Context(), "relay.spin", nil)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the guest runs", func() bool { p, err := h.Log(t.Context(), x.ID, 1, 1); return err == nil && p.Total > 0 })
	h.stop()
	again := serve(t, dir, nil)
	eventually(t, "it runs again", func() bool {
		y, err := again.Execution(t.Context(), x.ID)
		return err == nil && len(y.AttemptList) == 2 && y.Status == automation.Running
	})
	y, err := again.Execution(t.Context(), x.ID)
	if err != nil || y.AttemptList[0].Status != automation.AttemptInterrupted {
		t.Errorf("first attempt: %+v, %v", y.AttemptList, err)
	}
	if _, err := again.Cancel(t.Context(), x.ID); err != nil {
		t.Error(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (h *harness) run(ref automation.Ref) automation.Execution {
	h.t.Helper()
	x, err := h.Run(h.t.Context(), ref, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.final(x.ID)
}

package daemon

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
)

// A real run becomes a test, which holds until the code asks for something else.
func TestARealRunBecomesATestOfItsPack(t *testing.T) {
	t.Parallel()
	world := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<hello> & goodbye")) }))
	t.Cleanup(world.Close)
	dir := t.TempDir()
	writePack(t, dir, "relay", relayPack(world.URL))
	pack := filepath.Join(dir, "packs", "relay")
	if _, err := TestPack(t.Context(), pack); automation.KindOf(err) != "not_found" {
		t.Errorf("a pack without tests: %v", err)
	}
	h := serve(t, dir, nil)
	x, err := h.Run(t.Context(), "relay.relay", map[string]any{"url": world.URL, "body": "knock"})
	if err != nil {
		t.Fatal(err)
	}
	if x = h.final(x.ID); x.Status != automation.Succeeded {
		t.Fatalf("%s %s", x.Status, x.Message)
	}
	recorded, err := h.Case(t.Context(), x.ID)
	if err != nil {
		t.Fatal(err)
	}
	h.stop()
	world.Close() // nobody is asked again

	text, err := FormatCase(recorded)
	if err != nil {
		t.Fatal(err)
	}
	tests := filepath.Join(pack, "tests")
	if err := os.MkdirAll(tests, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"a.txtar": string(text),
		"b.txtar": strings.Replace(string(text), "knock", "kick", 1), // other parameters: another request
		"c.txtar": "nothing in it",
		"d.txtar": strings.Replace(string(text), `"action": "relay.relay"`, `"action": "relay.gone"`, 1),
	} {
		if err := os.WriteFile(filepath.Join(tests, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	results, err := TestPack(t.Context(), pack)
	if err != nil || len(results) != 4 {
		t.Fatalf("%+v, %v", results, err)
	}
	if a := results[0]; !a.OK || a.File != "a.txtar" || a.Error != "" {
		t.Errorf("as it was: %+v", a)
	}
	if b := results[1]; b.OK || b.Differs == nil || b.Differs.Number != 1 || b.Got.Code != automation.CodeDiverged {
		t.Errorf("with other parameters: %+v", b)
	}
	if c, d := results[2], results[3]; c.OK || !strings.Contains(c.Error, "case.json") || d.OK || !strings.Contains(d.Error, "relay.gone") {
		t.Errorf("broken ones: %+v, %+v", c, d)
	}
}

// The cases that a shipped pack comes with are runs of its code as it is now.
func TestTheCasesOfShippedPacksHold(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob(filepath.Join("..", "..", "packs", "std", "*", "tests"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("%v, %v", folders, err)
	}
	for _, folder := range folders {
		results, err := TestPack(t.Context(), buildPackFrom(t, filepath.Dir(folder)))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if !r.OK {
				t.Errorf("%s: %s %+v", r.File, r.Error, r)
			}
		}
	}
}

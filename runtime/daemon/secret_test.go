package daemon

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// lockedBuffer is a log that many write to.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// canary is a value that no encoding leaves as it is.
const canary = `canary/7f3+"ä` + "QzWx"

func canaryWritings() map[string]string {
	return map[string]string{
		"raw": canary, "base64": base64.StdEncoding.EncodeToString([]byte(canary)), "URL": url.QueryEscape(canary),
		"hex": hex.EncodeToString([]byte(canary)), "tail": "QzWx",
	}
}

// A secret is used by one pack, and told by everybody who hears of it: an echoing
// server in four encodings, and a pack that may see it. Afterwards nothing that Squall
// keeps or says has it.
func TestNothingTellsASecret(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	heard := ""
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		heard = string(body)
		mu.Unlock()
		for name, text := range canaryWritings() {
			if name == "tail" { // a part of it, which nobody tells
				continue
			}
			if name != "raw" {
				w.Header().Set("X-"+name, text)
			}
			_, _ = io.WriteString(w, text+" ")
		}
		_, _ = io.WriteString(w, base64.StdEncoding.EncodeToString([]byte("user:"+canary)))
	}))
	t.Cleanup(echo.Close)
	dir := t.TempDir()
	files := relayPack(echo.URL)
	files["pack.yaml"] += "  \n"
	files["pack.yaml"] = strings.Replace(files["pack.yaml"], "capabilities:\n", "capabilities:\n  secrets: [{name: canary, reason: Is sent.}]\n", 1)
	writePack(t, dir, "relay", files)
	leak, err := os.ReadFile("testdata/leak.wasm")
	if err != nil {
		t.Fatal(err)
	}
	writePack(t, dir, "leak", map[string]string{
		"pack.wasm":         string(leak),
		"pack.yaml":         "name: leak\nversion: 1.0.0\ndescription: Tells all.\nauthor: test\ncapabilities: {secrets: [{name: canary, reveal: true, reason: Sees it.}]}\n",
		"actions/leak.yaml": "name: leak\nrunner_type: wasm\nentry_point: pack.wasm\nparameters: {name: {type: string}, reveal: {type: boolean}}\n",
	})
	var log lockedBuffer
	h := serveWith(t, dir, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), nil)
	if _, err := h.SetSecret(t.Context(), "canary", canary); err != nil {
		t.Fatal(err)
	}

	x, err := h.Run(t.Context(), "relay.relay", map[string]any{"url": echo.URL, "body": "$SQUALL_SECRET{canary}"})
	if err != nil {
		t.Fatal(err)
	}
	x = h.final(x.ID)
	mu.Lock()
	if heard != canary || x.Status != automation.Succeeded || !strings.Contains(string(x.Output), "********") {
		t.Fatalf("the server heard %q; %s %s", heard, x.Status, x.Output)
	}
	mu.Unlock()
	revealed, err := h.Run(t.Context(), "leak.leak", map[string]any{"name": "canary", "reveal": true})
	if err != nil {
		t.Fatal(err)
	}
	revealed = h.final(revealed.ID)
	if revealed.Code != automation.CodeExitCode || !strings.Contains(revealed.Message, "********") {
		t.Fatalf("%s %q", revealed.Code, revealed.Message)
	}

	said := map[string]string{"the server's log": log.String()}
	for _, id := range []string{x.ID, revealed.ID} {
		for _, path := range []string{"", "/log", "/tape"} {
			said["GET executions/"+id+path] = h.get("/api/v1/executions/" + id + path)
		}
	}
	for _, path := range []string{"/api/v1/secrets", "/api/v1/executions", "/api/v1/kv?scope=all", "/metrics", "/api/v1/doctor", "/api/v1/packs"} {
		said["GET "+path] = h.get(path)
	}
	h.stop()
	err = filepath.Walk(filepath.Join(dir, "data"), func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			var content []byte
			content, err = os.ReadFile(path)
			said[path] = string(content)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(canary)
	if err != nil {
		t.Fatal(err)
	}
	for where, text := range said {
		for name, form := range canaryWritings() {
			if strings.Contains(text, form) {
				at := strings.Index(text, form)
				t.Errorf("%s has the secret, %s: %q", where, name, text[max(0, at-60):min(len(text), at+40)])
			}
		}
		if strings.Contains(text, strings.Trim(string(quoted), `"`)) {
			t.Errorf("%s has the secret, as JSON", where)
		}
	}
	if len(said) < 12 {
		t.Errorf("only %d places were searched", len(said))
	}
}

// The value of an encrypted key is nowhere in the data, and people see it when they ask.
func TestEncryptedKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePack(t, dir, "ask", askPack(t))
	writePack(t, dir, "site", map[string]string{
		"pack.yaml":          "name: site\nversion: 1.0.0\ndescription: Watches keys.\nauthor: test\n",
		"rules/changed.yaml": "name: changed\ntrigger: {type: core.st2.key_value_pair.value_change}\naction: {ref: core.noop}\n",
	})
	h := serve(t, dir, nil)
	put := func(value string, encrypted bool) automation.KVEntry {
		e, err := h.SetKey(t.Context(), automation.KVEntry{Scope: "system", Name: "token", Value: value, Encrypted: encrypted}, 0)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	if e := put(canary, true); !e.Encrypted || e.Value != "" {
		t.Errorf("the answer is %+v", e)
	}
	if e := put(canary+"2", false); !e.Encrypted {
		t.Error("a new value is not encrypted any more")
	}
	put(canary, false)
	read := func(h *harness) {
		t.Helper()
		if e, err := h.Key(t.Context(), "system", "token", false); err != nil || e.Value != "" || !e.Encrypted {
			t.Errorf("unasked, people see %+v, %v", e, err)
		}
		if e, err := h.Key(t.Context(), "system", "token", true); err != nil || e.Value != canary {
			t.Errorf("people who ask see %+v, %v", e, err)
		}
	}
	read(h)
	if n, err := h.RotateSecrets(t.Context()); err != nil || n != 1 {
		t.Errorf("rotated %d, %v", n, err)
	}
	read(h)
	test, err := h.TestRule(t.Context(), client.RuleTrial{Payload: json.RawMessage(`{"a":"b"}`),
		Rule: "name: r\ntrigger: {type: core.webhook}\ncriteria:\n  trigger.a: {type: equals, pattern: \"{{ st2kv.system.token | decrypt_kv }}\"}\naction: {ref: core.noop}\n"})
	if text, _ := json.Marshal(test); err != nil || strings.Contains(string(text), "canary") || !strings.Contains(string(text), "********") {
		t.Errorf("a rule's trial says %s, %v", text, err)
	}
	list := h.get("/api/v1/kv?scope=all") + h.get("/api/v1/events") + h.get("/api/v1/executions")
	if strings.Contains(list, "canary") {
		t.Errorf("lists say %s", list)
	}
	h.stop()
	data, err := os.ReadFile(filepath.Join(dir, "data", "squall.db"))
	if err != nil || bytes.Contains(data, []byte(canary)) {
		t.Errorf("the database has the value, %v", err)
	}
	again := serve(t, dir, nil)
	read(again)
	if err := again.DeleteKey(t.Context(), "system", "token"); err != nil {
		t.Error(err)
	}
	again.stop()
}

// The rotation goes through the API, and what it sealed is still there.
func TestSecretsOverTheAPI(t *testing.T) {
	t.Parallel()
	h := serve(t, t.TempDir(), nil)
	if _, err := h.SetSecret(t.Context(), "a", "the value of a"); err != nil {
		t.Fatal(err)
	}
	if n, err := h.RotateSecrets(t.Context()); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
	list, err := h.Secrets(t.Context())
	if err != nil || len(list.Items) != 1 || list.Items[0].Name != "a" || list.Items[0].Error != "" {
		t.Errorf("%+v, %v", list.Items, err)
	}
	if err := h.DeleteSecret(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	if err := h.DeleteSecret(t.Context(), "a"); automation.KindOf(err) != "not_found" {
		t.Errorf("deleted twice: %v", err)
	}
	if _, err := h.SetSecret(t.Context(), "a b", "x"); automation.KindOf(err) != "invalid" {
		t.Errorf("a bad name: %v", err)
	}
}

// get reads from the API as an administrator.
func (h *harness) get(path string) string {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.URL+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.adminToken())
	resp, body := h.do(req)
	if resp.StatusCode != http.StatusOK {
		h.t.Fatalf("GET %s: %d %s", path, resp.StatusCode, body)
	}
	return body
}

// What a person gives as a secret parameter is used, and not told.
func TestSecretParametersAreNotTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	echo, err := os.ReadFile("../wasm/testdata/echo.wasm")
	if err != nil {
		t.Fatal(err)
	}
	writePack(t, dir, "say", map[string]string{
		"pack.wasm":        string(echo),
		"pack.yaml":        "name: say\nversion: 1.0.0\ndescription: Says.\nauthor: test\n",
		"actions/say.yaml": "name: say\nrunner_type: wasm\nexport: echo\nparameters:\n  who: {type: string}\n  password: {type: string, secret: true}\n",
	})
	h := serve(t, dir, nil)
	x, err := h.Run(t.Context(), "say.say", map[string]any{"who": "ada", "password": "correct horse"})
	if err != nil {
		t.Fatal(err)
	}
	if string(x.Parameters) != `{"password":"********","who":"ada"}` {
		t.Errorf("the answer has %s", x.Parameters)
	}
	if x = h.final(x.ID); x.Status != automation.Succeeded || string(x.Output) != `{"password":"********","who":"ada"}` {
		t.Errorf("%s, %s", x.Status, x.Output)
	}
	for _, path := range []string{"", "/log", "/tape"} {
		if text := h.get("/api/v1/executions/" + x.ID + path); strings.Contains(text, "correct horse") {
			t.Errorf("%s: %s", path, text)
		}
	}
	if _, err := h.Case(t.Context(), x.ID); automation.KindOf(err) != "conflict" {
		t.Errorf("a test with a secret in it: %v", err)
	}
	again, err := h.Rerun(t.Context(), x.ID, map[string]any{"who": "eve", "password": "********"})
	if err != nil {
		t.Fatal(err)
	}
	again = h.final(again.ID)
	if string(again.Output) != `{"password":"********","who":"eve"}` { // eight stars would stay eight stars; the value is hidden
		t.Errorf("again: %s", again.Output)
	}
}

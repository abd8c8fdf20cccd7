package daemon

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/config"
)

func hookRule(name string) string {
	return "name: on_" + name + "\nenabled: true\ntrigger: {type: core.st2.webhook, parameters: {url: " + name + "}}\naction: {ref: behave.silent}\n"
}

// guarded is a server with an open webhook, one of GitHub's kind, and one of that
// kind that only observes.
func guarded(t *testing.T, change func(*config.Config)) *harness {
	t.Helper()
	dir := t.TempDir()
	files := behavePack(t)
	for _, name := range []string{"open", "github", "watched"} {
		files["rules/"+name+".yaml"] = hookRule(name)
	}
	writePack(t, dir, "behave", files)
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return serve(t, dir, func(c *config.Config) {
		w := config.Webhook{Auth: "github", Secrets: []config.Secret{{File: secret}}}
		c.Webhooks = map[string]config.Webhook{"/github": w}
		w.Mode = "observe"
		c.Webhooks["watched"] = w
		if change != nil {
			change(c)
		}
	})
}

func sign(body string) string {
	mac := hmac.New(sha256.New, []byte("hunter2"))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func (h *harness) deliveries(webhook string) []automation.Delivery {
	h.t.Helper()
	list, err := h.Deliveries(h.t.Context(), client.DeliveryQuery{Webhook: webhook})
	if err != nil {
		h.t.Fatal(err)
	}
	return list.Items
}

func TestAWebhookThatIsDeclaredChecksWhoSends(t *testing.T) {
	t.Parallel()
	h := guarded(t, nil)
	post := func(path, signature, id string) (int, string) {
		resp, answer := h.post("/api/v1/webhooks/"+path, "application/json", `{"n":1}`, "X-Hub-Signature-256", signature, "X-GitHub-Delivery", id)
		return resp.StatusCode, answer
	}
	if status, answer := post("open", "", ""); status != http.StatusAccepted {
		t.Errorf("open: %d %s", status, answer)
	}
	if status, answer := post("github", sign(`{"n":2}`), "a"); status != http.StatusUnauthorized || !strings.Contains(answer, "wrong_signature") {
		t.Errorf("wrong signature: %d %s", status, answer)
	}
	status, first := post("github", sign(`{"n":1}`), "b")
	if status != http.StatusAccepted {
		t.Fatalf("right signature: %d %s", status, first)
	}
	status, again := post("github", sign(`{"n":1}`), "b")
	if status != http.StatusOK || !strings.Contains(again, `"executions":[]`) || eventIn(t, again) != eventIn(t, first) {
		t.Errorf("the same delivery again: %d %s, after %s", status, again, first)
	}
	kept := h.deliveries("github")
	if len(kept) != 2 || kept[0].Outcome != automation.DeliveryDuplicate || kept[1].Code != "wrong_signature" || kept[1].Status != http.StatusUnauthorized || kept[1].Body != `{"n":1}` {
		t.Errorf("deliveries = %+v", kept)
	}
	for _, d := range kept {
		if strings.Contains(strings.ToLower(string(d.Headers)), "signature") {
			t.Errorf("a signature was kept: %s", d.Headers)
		}
	}
	ev, err := h.Event(t.Context(), eventIn(t, first))
	if err != nil || strings.Contains(strings.ToLower(string(ev.Payload)), "hub-signature") {
		t.Errorf("the signature reaches rules: %s, err %v", ev.Payload, err)
	}
	if status, answer := post("watched", "", "c"); status != http.StatusAccepted {
		t.Errorf("observing: %d %s", status, answer)
	}
	if status, answer := post("watched", sign(`{"n":1}`), "c"); status != http.StatusAccepted {
		t.Errorf("a stranger has used up the key of the right sender: %d %s", status, answer)
	}
	_, open := h.post("/api/v1/webhooks/open", "application/json", "{}", "X-Gitlab-Token", "t")
	if ev, err := h.Event(t.Context(), eventIn(t, open)); err != nil || !strings.Contains(string(ev.Payload), "X-Gitlab-Token") {
		t.Errorf("rules of an open webhook do not see the sender's token: %v", err)
	}
	if kept := h.deliveries("watched"); len(kept) != 1 || kept[0].Outcome != automation.DeliveryObserved || kept[0].Event == "" {
		t.Errorf("observed: %+v", kept)
	}
}

func eventIn(t *testing.T, answer string) string {
	t.Helper()
	_, rest, ok := strings.Cut(answer, `"event":"`)
	if !ok || len(rest) < automation.IDLength {
		t.Fatalf("no event in %s", answer)
	}
	return rest[:automation.IDLength]
}

func TestAServerMayRefuseWebhooksThatAreNotDeclared(t *testing.T) {
	t.Parallel()
	h := guarded(t, func(c *config.Config) { c.WebhooksDefault = config.WebhooksDeclared })
	resp, answer := h.post("/api/v1/webhooks/open", "application/json", "{}")
	if resp.StatusCode != http.StatusForbidden || !strings.Contains(answer, "undeclared_webhook") {
		t.Errorf("%d %s", resp.StatusCode, answer)
	}
}

func TestStrangersCannotFillTheDisk(t *testing.T) {
	t.Parallel()
	h := guarded(t, nil)
	for range 60 {
		h.post("/api/v1/webhooks/github", "application/json", "{}")
	}
	if n := len(h.deliveries("github")); n < 20 || n > 40 {
		t.Errorf("%d of 60 refused deliveries are kept, want about 20", n)
	}
}

func TestAWebhookWithoutItsSecretStopsTheStart(t *testing.T) {
	t.Parallel()
	c := testConfig(t.TempDir())
	c.Webhooks = map[string]config.Webhook{"x": {Auth: "slack", Secrets: []config.Secret{{Env: "SQUALL_TEST_NOT_SET"}}}}
	_, err := New(t.Context(), Options{Config: c})
	if err == nil || !strings.Contains(err.Error(), "webhook x") || !strings.Contains(err.Error(), "SQUALL_TEST_NOT_SET") {
		t.Errorf("err = %v", err)
	}
}

func TestACompressedBodyIsRead(t *testing.T) {
	t.Parallel()
	h := guarded(t, nil)
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(`{"n":1}`)); err != nil || z.Close() != nil {
		t.Fatal("not compressed")
	}
	resp, answer := h.post("/api/v1/webhooks/open", "application/json", b.String(), "Content-Encoding", "gzip")
	if resp.StatusCode != http.StatusAccepted {
		t.Fatalf("%d %s", resp.StatusCode, answer)
	}
	ev, err := h.Event(t.Context(), eventIn(t, answer))
	if err != nil || !strings.Contains(string(ev.Payload), `"body":{"n":1}`) {
		t.Errorf("payload = %s, err %v", ev.Payload, err)
	}
}

func TestASenderMayWaitForTheResult(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := behavePack(t)
	files["rules/ask.yaml"] = strings.Replace(hookRule("ask"), "behave.silent", "behave.text", 1)
	files["rules/slow.yaml"] = strings.Replace(hookRule("slow"), "behave.silent", "behave.spin", 1)
	writePack(t, dir, "behave", files)
	h := serve(t, dir, func(c *config.Config) {
		c.Webhooks = map[string]config.Webhook{
			"ask":  {Auth: "none", Answer: config.WebhookAnswer{WaitFor: "behave.on_ask"}},
			"slow": {Auth: "none", Answer: config.WebhookAnswer{WaitFor: "behave.on_slow", Timeout: 50 * time.Millisecond}},
		}
	})
	resp, answer := h.post("/api/v1/webhooks/ask", "application/json", "{}")
	if resp.StatusCode != http.StatusOK || !strings.Contains(answer, `"status":"succeeded"`) || !strings.Contains(answer, `"output":`) {
		t.Errorf("%d %s", resp.StatusCode, answer)
	}
	resp, answer = h.post("/api/v1/webhooks/slow", "application/json", "{}")
	if resp.StatusCode != http.StatusAccepted || strings.Contains(answer, `"status"`) {
		t.Errorf("an action that goes on: %d %s", resp.StatusCode, answer)
	}
}

func TestAWebhookIsDeclaredOnce(t *testing.T) {
	t.Parallel()
	c := testConfig(t.TempDir())
	c.Webhooks = map[string]config.Webhook{"/x": {Auth: "none"}, "x": {Auth: "none"}}
	if _, err := New(t.Context(), Options{Config: c}); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("err = %v", err)
	}
}

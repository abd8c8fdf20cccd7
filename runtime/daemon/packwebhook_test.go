package daemon

import (
	"bytes"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/trigger"
)

const githubHook = "path: github\nauth: github\nsecrets: [{name: key}]\n"

// withHook is a server whose pack declares how the senders to "github" are checked.
func withHook(t *testing.T, hook string, change func(c *config.Config, secret string)) *harness {
	t.Helper()
	dir, files := t.TempDir(), behavePack(t)
	files["rules/github.yaml"], files["webhooks/github.yaml"] = hookRule("github"), hook
	writePack(t, dir, "behave", files)
	secret := filepath.Join(dir, "secret")
	write(t, secret, "hunter2\n")
	return serve(t, dir, func(c *config.Config) {
		c.PackSecrets = map[string]map[string][]config.Secret{"behave": {"key": {{File: secret}}}}
		if change != nil {
			change(c, secret)
		}
	})
}

func (h *harness) hook(signature string) (int, string) {
	h.t.Helper()
	resp, answer := h.post("/api/v1/webhooks/github", "application/json", "{}", "X-Hub-Signature-256", signature)
	return resp.StatusCode, answer
}

func TestAPackSaysWhoMaySend(t *testing.T) {
	t.Parallel()
	h := withHook(t, githubHook, func(c *config.Config, _ string) { c.WebhooksDefault = config.WebhooksDeclared })
	if status, answer := h.hook(sign("other")); status != http.StatusUnauthorized {
		t.Errorf("wrong signature: %d %s", status, answer)
	}
	if status, answer := h.hook(sign("{}")); status != http.StatusAccepted {
		t.Errorf("right signature: %d %s", status, answer)
	}
	list, err := h.Client.Webhooks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range list.Items {
		if mine := w.Path == "github"; mine != (w.Pack == "behave") || mine != (w.Auth == "github") || mine == w.Closed {
			t.Errorf("webhook = %+v", w)
		}
	}
	if err := os.Remove(filepath.Join(h.dir, "packs", "behave", "webhooks", "github.yaml")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the webhook goes with its file", func() bool { status, _ := h.hook(sign("{}")); return status == http.StatusForbidden })
}

func TestTheConfigurationWinsOverAPack(t *testing.T) {
	t.Parallel()
	var log logged
	dir, files := t.TempDir(), behavePack(t)
	files["rules/github.yaml"], files["webhooks/github.yaml"] = hookRule("github"), githubHook
	writePack(t, dir, "behave", files)
	h := serveWith(t, dir, slog.New(slog.NewTextHandler(&log, nil)), func(c *config.Config) { // knows no secret of the pack
		c.Webhooks = map[string]config.Webhook{"github": {Auth: "none"}}
	})
	if status, answer := h.hook(""); status != http.StatusAccepted {
		t.Errorf("%d %s", status, answer)
	}
	list, err := h.Client.Webhooks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range list.Items {
		if w.Pack != "" {
			t.Errorf("webhook = %+v", w)
		}
	}
	if !strings.Contains(log.String(), "webhooks/github.yaml:1:1: webhook github: the server's configuration declares this path too, and wins") {
		t.Errorf("nobody was warned:\n%s", log.String())
	}
}

// logged is a log that may be read while somebody writes.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestAPackGetsAtNoSecretButItsOwn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, hook string
		change     func(c *config.Config, secret string)
		want       []string
	}{
		{"another name", strings.Replace(githubHook, "key", "other", 1), nil,
			[]string{"webhooks/github.yaml:1:1: webhook github", "gives pack behave no secret other"}},
		{"the secret of another pack", githubHook, func(c *config.Config, secret string) {
			c.PackSecrets = map[string]map[string][]config.Secret{"another": {"key": {{File: secret}}}}
		}, []string{"gives pack behave no secret key"}},
		{"a secret that is not there", githubHook, func(c *config.Config, secret string) {
			c.PackSecrets["behave"]["key"][0].File = secret + ".gone"
		}, []string{"secret.gone can not be read"}},
		{"certificates that nobody verifies", "path: github\nauth: mtls\nsubjects: [x]\n", nil, []string{"verifies client certificates"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := withHook(t, tt.hook, tt.change)
			p := h.pack("behave")
			for _, part := range tt.want {
				if p.InService || !strings.Contains(p.Error, part) {
					t.Errorf("pack = %+v, want %q", p, part)
				}
			}
			if p.Hint == "" && !strings.Contains(p.Error, "can not be read") {
				t.Error("nobody is told what to do")
			}
		})
	}
}

func TestAPackIsCheckedWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, hook, want string }{
		{"a webhook that is well", githubHook, ""},
		{"one of a kind with keys of its own", strings.Replace(githubHook, "auth: github", "auth: standard_webhooks", 1), ""},
		{"no secrets at all", "path: github\nauth: github\n", "needs secrets"},
		{"a text that is signed without its body", "path: github\nauth: hmac\nheader: X\nsigned: v0\nsecrets: [{name: key}]\n", "lacks {body}"},
	} {
		files := behavePack(t)
		dir := t.TempDir()
		files["webhooks/github.yaml"] = tt.hook
		writePack(t, dir, "behave", files)
		status, err := CheckPack(t.Context(), filepath.Join(dir, "packs", "behave"))
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: err = %v, want %q", tt.name, err, tt.want)
		}
		if err == nil && !slices.Equal(status.Webhooks, []string{"github"}) {
			t.Errorf("%s: webhooks %v", tt.name, status.Webhooks)
		}
	}
}

// TestTheKindsAreTheSame holds the table of config, which says what each kind looks
// at, to the checks that there are.
func TestTheKindsAreTheSame(t *testing.T) {
	t.Parallel()
	kinds := map[string]bool{}
	for _, kind := range trigger.AuthKinds() {
		kinds[kind] = true
	}
	known := config.WebhookAuths()
	for _, kind := range known {
		if !kinds[kind] {
			t.Errorf("config knows a kind %s that nothing checks", kind)
		}
	}
	if len(known) != len(kinds) {
		t.Errorf("config knows %v, trigger %v", known, trigger.AuthKinds())
	}
}

package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func load(t *testing.T, text string) (Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path)
}

func TestAWebhookIsRead(t *testing.T) {
	t.Parallel()
	c, err := load(t, `webhooks:
  grafana: &grafana
    auth: hmac
    header: X-Grafana-Alerting-Signature
    timestamp_header: X-Time
    signed: "{timestamp}:{body}"
    replay_window: 1m
    secrets: [{env: A}, {file: /b}]
    answer: {wait_for: p.r, timeout: 2s}
  second: {<<: *grafana, header: X-Other}
  mesh: {auth: mtls, subjects: ["cn:am", "dns:*.example.com"]}
`)
	if err != nil {
		t.Fatal(err)
	}
	grafana := Webhook{
		Auth: "hmac", Header: "X-Grafana-Alerting-Signature", TimestampHeader: "X-Time", Signed: "{timestamp}:{body}", ReplayWindow: time.Minute,
		Secrets: []Secret{{Env: "A"}, {File: "/b"}}, Answer: WebhookAnswer{WaitFor: "p.r", Timeout: 2 * time.Second},
	}
	second := grafana
	second.Header = "X-Other"
	want := map[string]Webhook{"grafana": grafana, "second": second, "mesh": {Auth: "mtls", Subjects: []string{"cn:am", "dns:*.example.com"}}}
	if diff := cmp.Diff(want, c.Webhooks); diff != "" {
		t.Errorf("webhooks (-want +got):\n%s", diff)
	}
}

func TestWhatAWebhookDoesNotUseIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, yaml string
		want       []string
	}{
		{"a username that github does not look at", "auth: github\nusername: u\nsecrets: [{env: A}]",
			[]string{"line 4: username has no effect with auth github", "username belongs to auth alertmanager, basic; this one looks at secrets, mode"}},
		{"secrets that nobody looks at", "auth: none\nsecrets: [{env: A}]", []string{"line 4: secrets has no effect with auth none"}},
		{"a mode of a webhook that is open", "auth: none\nmode: observe", []string{"line 4: mode has no effect with auth none"}},
		{"subjects without certificates", "auth: token\nsecrets: [{env: A}]\nsubjects: [x]", []string{"line 5: subjects has no effect with auth token"}},
		{"secrets beside certificates", "auth: mtls\nsubjects: [x]\nsecrets: [{env: A}]", []string{"line 5: secrets has no effect with auth mtls"}},
		{"a replay window without a time", "auth: hmac\nheader: X\nreplay_window: 5m\nsecrets: [{env: A}]", []string{"line 5: replay_window has no effect without timestamp_header"}},
		{"a memory for nothing", "auth: token\nsecrets: [{env: A}]\nidempotency_window: 5m", []string{"line 5: idempotency_window has no effect"}},
		{"a wait for nothing", "auth: none\nanswer: {timeout: 5s}", []string{"line 4: answer has a timeout and nothing to wait for"}},
		{"a slip in a key", "auth: github\nsecret: [{env: A}]", []string{"line 4: a webhook has no key secret; did you mean secrets?"}},
		{"a slip in a kind", "auth: githb\nsecrets: [{env: A}]", []string{`line 3: auth "githb" is not known; did you mean github?`}},
		{"a slip in a mode", "auth: github\nmode: observ\nsecrets: [{env: A}]", []string{`line 4: mode "observ" is neither strict nor observe; did you mean observe?`}},
		{"a slip in a secret", "auth: github\nsecrets: [{enw: A}]", []string{"line 4: a secret has no key enw; did you mean env?"}},
		{"a secret with two places", "auth: github\nsecrets: [{env: A, file: /b}]", []string{"line 4: a secret has exactly one key"}},
		{"a slip in answer", "auth: none\nanswer: {waitfor: x.y}", []string{"line 4: answer has no key waitfor; did you mean wait_for?"}},
		{"a name where only packs have them", "auth: github\nsecrets: [{name: A}]", []string{"line 4: only packs name secrets"}},
		{"a key that stands twice", "auth: github\nauth: none", []string{"line 4: auth stands here for the second time"}},
		{"no kind", "header: X", []string{"line 3: a webhook needs auth", "auth: none"}},
		{"a time that is none", "auth: slack\nreplay_window: soon\nsecrets: [{env: A}]", []string{"line 4: replay_window: str `soon` is not a duration such as 20s"}},
		{"no mapping", "- x", []string{"line 3: a webhook must be a mapping"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, "webhooks:\n  hook:\n    "+strings.ReplaceAll(tt.yaml, "\n", "\n    ")+"\n")
			for _, part := range tt.want {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("err = %v\nwant %q", err, part)
				}
			}
		})
	}
}

func TestASecretThatStandsInTheFileIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"webhooks: {x: {auth: github, secrets: [hunter2]}}",
		"webhooks: {x: {auth: github, secrets: hunter2}}",
		"pack_secrets: {p: {n: [hunter2]}}",
	} {
		if _, err := load(t, text); err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%s: err = %v", text, err)
		}
	}
}

func TestAPacksWebhookNamesItsSecrets(t *testing.T) {
	t.Parallel()
	path, w, problems := ReadWebhook([]byte("path: /pager/\nauth: github\nsecrets: [{name: key}]\n"))
	if path != "pager" || len(problems) > 0 || cmp.Diff(Webhook{Auth: "github", Secrets: []Secret{{Name: "key"}}}, w) != "" {
		t.Errorf("path %q, %+v, problems %v", path, w, problems)
	}
	for _, tt := range []struct{ name, yaml, want string }{
		{"no path", "auth: none", "1:1 a webhook of a pack needs a path"},
		{"a variable", "path: x\nauth: github\nsecrets: [{env: HOME}]", "3:12 a pack names a secret"},
		{"a file", "path: x\nauth: github\nsecrets: [{file: /etc/shadow}]", "3:12 a pack names a secret"},
		{"the secret itself", "path: x\nauth: github\nsecrets: [hunter2]", "3:11 a secret itself must not stand here"},
		{"merges without an end", "path: &a {<<: *a}\nauth: none", ""},
		{"merges of merges", bomb(), "more entries"},
	} {
		_, _, problems := ReadWebhook([]byte(tt.yaml))
		if len(problems) == 0 || !strings.Contains(fmt.Sprintf("%d:%d %s", problems[0].Line, problems[0].Column, problems[0].Text), tt.want) {
			t.Errorf("%s: problems = %+v, want %q", tt.name, problems, tt.want)
		}
	}
}

// bomb is a small file that merges would make large.
func bomb() string {
	var b strings.Builder
	b.WriteString("x0: &x0 {a: 1}\n")
	for i := 1; i < 7; i++ {
		fmt.Fprintf(&b, "x%d: &x%d {<<: [%s]}\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*x%d, ", i-1), 9), ", "))
	}
	return b.String() + "<<: *x6\n"
}

func TestTLSIsChecked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, yaml, want string }{
		{"a certificate without its key", "tls: {cert: a}", "cert and key are needed together"},
		{"client certificates without TLS", "tls: {client_ca: a}", "client_ca has no effect without cert"},
		{"a demand without roots", "tls: {cert: a, key: b, client_auth: require}", "client_auth has no effect without client_ca"},
		{"a demand that is none", "tls: {cert: a, key: b, client_ca: c, client_auth: requir}", "did you mean require?"},
		{"a key that is none", "tls: {crt: a}", "field crt is not a key of tls; did you mean cert?"},
		{"a header that anybody may send", "client_subject: {header: X}", "needed together"},
		{"a network that is none", "client_subject: {header: X, from: [10.0.0.1/8]}", `"10.0.0.1/8" is not a network`},
		{"a secret that stands nowhere", "pack_secrets: {p: {n: []}}", "p: n is said to stand nowhere"},
	} {
		if _, err := load(t, tt.yaml); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: err = %v, want %q", tt.name, err, tt.want)
		}
	}
	c, err := load(t, "tls: {cert: a, key: b, client_ca: c}\nclient_subject: {header: X, from: [10.0.0.0/8, \"::1\"]}\npack_secrets: {p: {n: [{env: A}]}}")
	if err != nil || !c.TLS.Enabled() || c.PackSecrets["p"]["n"][0].Env != "A" {
		t.Errorf("config = %+v, err %v", c, err)
	}
	if n, err := c.ClientSubject.Networks(); err != nil || len(n) != 2 || n[1].String() != "::1/128" {
		t.Errorf("networks = %v, err %v", n, err)
	}
}

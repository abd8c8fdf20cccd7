package daemon

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/config"
)

// behavePack has one action for each way in which a guest can misbehave.
func behavePack(t testing.TB) map[string]string {
	t.Helper()
	module, err := os.ReadFile("../wasm/testdata/behave.wasm")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"pack.wasm": string(module),
		"pack.yaml": "name: behave\nversion: 1.0.0\ndescription: Behaves badly.\nauthor: test\n" +
			"limits: {timeout: 60s, memory: 4MiB, output: 256KiB}\n",
		"rules/go.yaml": `
name: go
enabled: true
trigger: {type: core.st2.webhook, parameters: {url: behave}}
criteria: {}
action: {ref: "behave.silent", parameters: {}}
`,
		"rules/missing.yaml": `
name: missing
enabled: true
trigger: {type: core.st2.webhook, parameters: {url: missing}}
action: {ref: "behave.does_not_exist", parameters: {}}
`,
		"rules/template.yaml": `
name: template
enabled: true
trigger: {type: core.st2.webhook, parameters: {url: template}}
action: {ref: "behave.silent", parameters: {pod: "{{ trigger.body.alerts[0].labels.pod }}"}}
`,
	}
	for _, name := range []string{"spin", "trap", "outside", "recurse", "bomb", "print", "chatter", "fail", "text", "silent", "nag"} {
		files["actions/"+name+".yaml"] = "name: " + name + "\nrunner_type: wasm\n"
	}
	files["actions/spin.yaml"] += "limits: {timeout: 500ms}\n"
	return files
}

func TestDeliveriesThatAreNotAsExpected(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePack(t, dir, "behave", behavePack(t))
	h := serve(t, dir, func(c *config.Config) { c.MaxBody = 1000 })
	tests := []struct {
		name, path, contentType, body string
		header                        []string
		status                        int
		code                          string
	}{
		{"text is kept as text", "behave", "text/plain", "it broke", nil, 202, ""},
		{"broken JSON is kept as text", "behave", "application/json", `{"a":`, nil, 202, ""},
		{"an empty body is an event", "behave", "", "", nil, 202, ""},
		{"slashes at the ends do not matter", "/behave/", "application/json", "{}", nil, 202, ""},
		{"a body over the limit", "behave", "text/plain", strings.Repeat("x", 1001), nil, 413, "too_large"},
		{"an unknown path", "nobody", "application/json", "{}", nil, 404, "unknown_webhook"},
		{"a body compressed in a way we do not know", "behave", "application/json", "{}", []string{"Content-Encoding", "br"}, 415, "unsupported_encoding"},
		{"a body that is not compressed as it says", "behave", "application/json", "{}", []string{"Content-Encoding", "gzip"}, 400, "malformed"},
		{"a small body that grows too large", "behave", "application/json", bomb(), []string{"Content-Encoding", "gzip"}, 413, "too_large"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			resp, body := h.post("/api/v1/webhooks/"+tt.path, tt.contentType, tt.body, tt.header...)
			if resp.StatusCode != tt.status {
				t.Fatalf("status %d: %s", resp.StatusCode, body)
			}
			if tt.code != "" {
				var p struct{ Code, Detail, Hint string }
				if err := json.Unmarshal([]byte(body), &p); err != nil || p.Code != tt.code || p.Detail == "" {
					t.Errorf("problem %s, %v", body, err)
				}
				return
			}
			h.checkKept(body, tt.contentType, tt.body)
		})
	}
}

// checkKept: nothing of a body that is no JSON is lost.
func (h *harness) checkKept(answer, contentType, body string) {
	h.t.Helper()
	var a automation.Accepted
	if err := json.Unmarshal([]byte(answer), &a); err != nil {
		h.t.Fatal(err)
	}
	ev, err := h.Event(h.t.Context(), a.Event)
	if err != nil {
		h.t.Fatal(err)
	}
	var payload struct {
		Body         any
		HeadersLower map[string]string `json:"headers_lower"`
	}
	if err := json.Unmarshal(ev.Payload, &payload); err != nil {
		h.t.Fatal(err)
	}
	if text, isText := payload.Body.(string); isText && text != body {
		h.t.Errorf("body became %q", text)
	}
	if payload.HeadersLower["content-type"] != contentType {
		h.t.Errorf("content type became %q", payload.HeadersLower["content-type"])
	}
}

func TestRulesThatCannotStartTheirAction(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePack(t, dir, "behave", behavePack(t))
	h := serve(t, dir, nil)

	a, err := h.Webhook(t.Context(), "missing", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	x := h.final(a.Executions[0])
	if x.Status != automation.Failed || x.Code != automation.CodeUnknownAction || !strings.Contains(x.Message, "behave.does_not_exist") {
		t.Errorf("unknown action: %s (%s) %q", x.Status, x.Code, x.Message)
	}

	a, err = h.Webhook(t.Context(), "template", "application/json", strings.NewReader(`{"alerts":[{"labels":{"job":"x"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	ev, err := h.Event(t.Context(), a.Event)
	if err != nil {
		t.Fatal(err)
	}
	if v := ev.Verdicts[0]; v.Outcome != automation.Errored || !strings.Contains(v.Error, "pod") || len(ev.Executions) != 0 {
		t.Errorf("a template that cannot render: %+v", v)
	}
}

// Whatever a guest does, its execution ends with a status, a code and a message
// for people, and the server lives on.
func TestGuestsThatMisbehave(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePack(t, dir, "behave", behavePack(t))
	h := serve(t, dir, nil)
	tests := []struct {
		action string
		status automation.Status
		code   automation.FailureCode
		says   string
	}{
		{"spin", automation.TimedOut, automation.CodeTimeout, "500ms"},
		{"trap", automation.Failed, automation.CodeTrap, ""},
		{"outside", automation.Failed, automation.CodeTrap, ""},
		{"recurse", automation.Failed, automation.CodeStackLimit, ""},
		{"bomb", automation.Failed, automation.CodeMemoryLimit, "4"},
		{"print", automation.Failed, automation.CodeOutputLimit, "256"},
		{"chatter", automation.Failed, automation.CodeOutputLimit, ""},
		{"fail", automation.Failed, automation.CodeExitCode, "it is broken"},
		{"text", automation.Succeeded, "", ""},
	}
	t.Run("all at once", func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.action, func(t *testing.T) {
				t.Parallel()
				x := h.run(automation.NewRef("behave", tt.action))
				if x.Status != tt.status || x.Code != tt.code {
					t.Errorf("%s (%s) %q, want %s (%s)", x.Status, x.Code, x.Message, tt.status, tt.code)
				}
				if tt.status != automation.Succeeded && (x.Message == "" || !strings.Contains(x.Message, tt.says)) {
					t.Errorf("message %q does not say %q", x.Message, tt.says)
				}
				if tt.action == "text" && string(x.Output) != `"plain text"` {
					t.Errorf("output = %s", x.Output)
				}
			})
		}
	})
	resp, body := h.post("/api/v1/webhooks/behave", "application/json", "{}")
	if resp.StatusCode != http.StatusAccepted {
		t.Errorf("after all that the server answers %d %s", resp.StatusCode, body)
	}
}

func TestCancelStopsAGuestThatLoops(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePack(t, dir, "relay", relayPack("http://127.0.0.1:1"))
	h := serve(t, dir, nil)
	x, err := h.Run(t.Context(), "relay.spin", nil)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the guest runs", func() bool {
		p, err := h.Log(t.Context(), x.ID, 1, 1)
		return err == nil && p.Total > 0
	})
	began := time.Now()
	if _, err := h.Cancel(t.Context(), x.ID); err != nil {
		t.Fatal(err)
	}
	x = h.final(x.ID)
	if x.Status != automation.Canceled || time.Since(began) > 5*time.Second {
		t.Errorf("%s after %s", x.Status, time.Since(began))
	}
	if _, err := h.Cancel(t.Context(), x.ID); automation.KindOf(err) != "conflict" {
		t.Errorf("cancel again: %v, want conflict", err)
	}
}

func TestListsPageAndFilter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePack(t, dir, "behave", behavePack(t))
	h := serve(t, dir, nil)
	for range 5 {
		a, err := h.Webhook(t.Context(), "behave", "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		h.final(a.Executions[0])
	}
	seen := map[string]bool{}
	for after := ""; ; {
		l, err := h.Executions(t.Context(), client.ExecutionQuery{Page: client.Page{Limit: 2, After: after}, Statuses: []automation.Status{automation.Succeeded}})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range l.Items {
			seen[x.ID] = true
		}
		if after = l.Next; after == "" {
			break
		}
	}
	if len(seen) != 5 {
		t.Errorf("paging showed %d of 5", len(seen))
	}
	if _, err := h.Executions(t.Context(), client.ExecutionQuery{Statuses: []automation.Status{"nonsense"}}); automation.KindOf(err) != "invalid" {
		t.Errorf("bad filter: %v, want invalid", err)
	}
}

// bomb is 64 MiB of zeros in 64 KiB.
func bomb() string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(make([]byte, 64<<20)) // a buffer takes everything
	_ = z.Close()
	return b.String()
}

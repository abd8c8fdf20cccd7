package daemon

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/config"
)

// StackStorm's webhook st2 raises any trigger, for those who may send events.
func TestTheWebhookST2RaisesAnyTrigger(t *testing.T) {
	t.Parallel()
	h := guarded(t, nil)
	const body = `{"trigger":"core.st2.webhook","payload":{"body":{"n":1}}}`
	resp, answer := h.post("/api/v1/webhooks/st2", "application/json", body)
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a stranger: %d %s", resp.StatusCode, answer)
	}
	auth := "Bearer " + h.adminToken()
	resp, answer = h.post("/api/v1/webhooks/st2", "application/json", body, "Authorization", auth, "St2-Trace-Tag", "story-7")
	if resp.StatusCode != http.StatusAccepted {
		t.Fatalf("%d %s", resp.StatusCode, answer)
	}
	ev, err := h.Event(t.Context(), eventIn(t, answer))
	if err != nil || ev.Trigger != "core.st2.webhook" || ev.Trace != "story-7" || string(ev.Payload) != `{"body":{"n":1}}` {
		t.Errorf("%+v %s, %v", ev, ev.Payload, err)
	}
	for name, bad := range map[string]string{
		"unknown_trigger": `{"trigger":"no.such","payload":{}}`, "trigger is missing": `{"payload":{}}`, "malformed": `{"trigger":`,
	} {
		resp, answer := h.post("/api/v1/webhooks/st2", "application/json", bad, "Authorization", auth)
		if resp.StatusCode/100 != 4 || !strings.Contains(answer, name) {
			t.Errorf("%s: %d %s", name, resp.StatusCode, answer)
		}
	}
}

func TestATraceTagIsTheEventsAndNoBusinessOfRules(t *testing.T) {
	t.Parallel()
	h := guarded(t, nil)
	_, answer := h.post("/api/v1/webhooks/open", "application/json", "{}", "St2-Trace-Tag", strings.Repeat("é", 150))
	ev, err := h.Event(t.Context(), eventIn(t, answer))
	if err != nil || ev.Trace != strings.Repeat("é", 100) || strings.Contains(string(ev.Payload), "Trace-Tag") {
		t.Errorf("trace %q, payload %s, %v", ev.Trace, ev.Payload, err)
	}
}

// The counts are of what came since the start, and each outcome has an allowance.
func TestDeliveriesAreCountedAndRedacted(t *testing.T) {
	t.Parallel()
	h := guarded(t, nil)
	for range 3 {
		h.post("/api/v1/webhooks/open", "application/json", "{}")
	}
	h.post("/api/v1/webhooks/github", "application/json", `{"token":"abc","zen":"Speak."}`, "X-Forwarded-For", "198.51.100.7")
	list, err := h.Client.Webhooks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][2]int64{}
	for _, w := range list.Items {
		if w.Path == "open" || w.Path == "github" {
			got[w.Path] = [2]int64{w.Counts.Accepted, w.Counts.Rejected}
			if w.Counts.LastAt == nil {
				t.Errorf("%s has no time of its newest delivery", w.Path)
			}
		}
	}
	if diff := cmp.Diff(map[string][2]int64{"open": {3, 0}, "github": {0, 1}}, got); diff != "" {
		t.Error(diff)
	}
	kept := h.deliveries("github")
	if len(kept) != 1 || kept[0].Body != `{"token":"********","zen":"Speak."}` || !kept[0].Redacted || kept[0].Remote != "127.0.0.1" {
		t.Errorf("kept: %+v", kept)
	}
}

// Somebody who can only repeat deliveries must not push out the refused ones.
func TestEachOutcomeHasAnAllowanceOfItsOwn(t *testing.T) {
	t.Parallel()
	h := guarded(t, func(c *config.Config) {
		c.Webhooks["open"] = config.Webhook{Auth: "none", IdempotencyHeader: "X-Id"}
	})
	for range 40 {
		h.post("/api/v1/webhooks/open", "application/json", "{}", "X-Id", "1")
	}
	h.post("/api/v1/webhooks/open", "application/json", "{", "Content-Encoding", "br")
	d, err := h.Deliveries(t.Context(), client.DeliveryQuery{Webhook: "open", Outcomes: string(automation.DeliveryRejected)})
	if err != nil || len(d.Items) != 1 {
		t.Errorf("refused and kept: %+v, %v", d.Items, err)
	}
}

func (h *harness) adminToken() string {
	h.t.Helper()
	token, err := os.ReadFile(filepath.Join(h.dir, "data", "admin.token"))
	if err != nil {
		h.t.Fatal(err)
	}
	return strings.TrimSpace(string(token))
}

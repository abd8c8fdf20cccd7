package daemon

import (
	"net/http"
	"strings"
	"testing"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/config"
)

// A rate of one in an hour lets the first run and holds all others back.
func rated(t *testing.T, more map[string]string, change func(*config.Config)) *harness {
	t.Helper()
	dir := t.TempDir()
	files := behavePack(t)
	files["rules/open.yaml"] = hookRule("open")
	files["policies/rate.yaml"] = "name: rate\nresource_ref: behave.silent\npolicy_type: rate\nparameters: {limit: 1, window: 1h}\n"
	for name, text := range more {
		files[name] = text
	}
	writePack(t, dir, "behave", files)
	return serve(t, dir, change)
}

func TestSendersAreToldToComeBackWhenAQueueIsFull(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, code, metric string
		status             int
		more               map[string]string
		change             func(*config.Config)
	}{
		{name: "that of the server", code: "queue_full", status: http.StatusServiceUnavailable, metric: `squall_queue_refused_total{by="server"} 2`,
			change: func(c *config.Config) { c.Engine.MaxQueued = 2 }},
		{name: "that of an action", code: "action_queue_full", status: http.StatusTooManyRequests, metric: `squall_queue_refused_total{by="policy"} 2`,
			more: map[string]string{"policies/depth.yaml": "name: depth\nresource_ref: behave.silent\npolicy_type: queue\nparameters: {max_depth: 2}\n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := rated(t, tt.more, tt.change)
			for range 3 {
				if resp, answer := h.post("/api/v1/webhooks/open", "application/json", "{}"); resp.StatusCode != http.StatusAccepted {
					t.Fatalf("%d %s", resp.StatusCode, answer)
				}
			}
			for _, path := range []string{"/api/v1/webhooks/open", "/api/v1/executions"} {
				resp, answer := h.post(path, "application/json", `{"action":"behave.silent"}`, "Authorization", "Bearer "+h.adminToken())
				if resp.StatusCode != tt.status || resp.Header.Get("Retry-After") != "10" || !strings.Contains(answer, `"`+tt.code+`"`) {
					t.Errorf("%s: %d, Retry-After %q: %s", path, resp.StatusCode, resp.Header.Get("Retry-After"), answer)
				}
			}
			list, err := h.Executions(t.Context(), client.ExecutionQuery{})
			if err != nil || len(list.Items) != 3 || list.Counts[automation.Delayed] != 2 {
				t.Errorf("%+v, %v", list, err)
			}
			metrics := h.metrics()
			for _, want := range []string{tt.metric, "squall_executions_waiting 2", `squall_executions_delayed_total{why="rate"} 2`} {
				if !strings.Contains(metrics, want) {
					t.Errorf("the metrics lack %s", want)
				}
			}
		})
	}
}

func TestATraceparentNamesTheStory(t *testing.T) {
	t.Parallel()
	h := guarded(t, nil)
	const story = "0af7651916cd43dd8448eb211c80319c"
	for _, tt := range []struct{ header, tag, want string }{
		{"00-" + story + "-b7ad6b7169203331-01", "", story},
		{"00-" + story + "-b7ad6b7169203331-01", "story-7", "story-7"},
		{"42-" + story + "-b7ad6b7169203331-01-more", "", story},
		{"00-" + story + "-b7ad6b7169203331-01-more", "", ""},
		{"00-" + strings.Repeat("0", 32) + "-b7ad6b7169203331-01", "", ""},
		{"00-" + strings.ToUpper(story) + "-b7ad6b7169203331-01", "", ""},
		{"ff-" + story + "-b7ad6b7169203331-01", "", ""},
		{"nonsense", "", ""},
	} {
		_, answer := h.post("/api/v1/webhooks/open", "application/json", "{}", "Traceparent", tt.header, "St2-Trace-Tag", tt.tag)
		id := eventIn(t, answer)
		ev, err := h.Event(t.Context(), id)
		want := tt.want
		if want == "" {
			want = id
		}
		if err != nil || ev.Trace != tt.want || ev.TraceID != want || len(ev.Executions) != 1 || ev.Executions[0].TraceID != want {
			t.Errorf("%s, tag %q: trace %q, trace id %q of event %s with %+v, %v", tt.header, tt.tag, ev.Trace, ev.TraceID, id, ev.Executions, err)
		}
	}
	list, err := h.Executions(t.Context(), client.ExecutionQuery{TraceID: story})
	if err != nil || len(list.Items) != 2 {
		t.Errorf("of the story: %+v, %v", list.Items, err)
	}
}

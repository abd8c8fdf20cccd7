package daemon

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
)

// A budget, the switch and a release, over a restart.
func TestChangesAreHeldBackAndReleased(t *testing.T) {
	t.Parallel()
	var hits atomic.Int64
	world := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(world.Close)
	dir := t.TempDir()
	writePack(t, dir, "relay", relayPack(world.URL))
	limited := func(c *config.Config) {
		c.Budgets = []config.Budget{{Name: "posts", Verbs: []string{"POST"}, Hosts: []string{"127.0.0.1"}, By: "host", Limit: 2, Per: time.Hour}}
	}
	h := serve(t, dir, limited)
	send := func() automation.HostCall {
		t.Helper()
		x, err := h.Run(t.Context(), "relay.relay", map[string]any{"url": world.URL, "body": ""})
		if err != nil {
			t.Fatal(err)
		}
		return h.final(x.ID).AttemptList[0].HostCalls[0]
	}
	if one := send(); one.Error != "" || one.Held {
		t.Fatalf("the first: %+v", one)
	}
	h.stop()
	h = serve(t, dir, limited)
	send()
	if third := send(); third.Error != "denied" || !third.Held || !strings.Contains(third.Message, `the budget "posts" allows 2 changes in 1h0m0s for host 127.0.0.1`) || hits.Load() != 2 {
		t.Fatalf("the third, after a restart: %+v, %d hits", third, hits.Load())
	}

	g, err := h.Changes(t.Context())
	if err != nil || len(g.Held) != 1 || g.Held[0].By != "budget posts" || g.Budgets[0].Used["127.0.0.1"] != 2 {
		t.Fatalf("%+v, %v", g, err)
	}
	again, err := h.ReleaseChange(t.Context(), g.Held[0].ID)
	if err != nil || again.Parent != g.Held[0].Execution {
		t.Fatalf("%+v, %v", again, err)
	}
	if x := h.final(again.ID); x.AttemptList[0].HostCalls[0].Error != "" || hits.Load() != 3 {
		t.Errorf("released: %+v, %d hits", x.AttemptList[0].HostCalls[0], hits.Load())
	}
	if fourth := send(); !fourth.Held {
		t.Errorf("after the release: %+v", fourth)
	}

	if g, err = h.StopChanges(t.Context(), "a drill"); err != nil || g.Stop == nil || g.Stop.Reason != "a drill" || g.Stop.By == "" {
		t.Fatalf("%+v, %v", g, err)
	}
	h.stop()
	h = serve(t, dir, nil) // without the budget
	if stopped := send(); !stopped.Held || !strings.Contains(stopped.Message, "a drill") {
		t.Errorf("stopped, after a restart: %+v", stopped)
	}
	if g, err = h.ResumeChanges(t.Context()); err != nil || g.Stop != nil {
		t.Fatalf("%+v, %v", g, err)
	}
	if last := send(); last.Held || hits.Load() != 4 {
		t.Errorf("resumed: %+v, %d hits", last, hits.Load())
	}
}

func TestWrongBudgetsStopTheStart(t *testing.T) {
	t.Parallel()
	c := testConfig(t.TempDir())
	c.Budgets = []config.Budget{{Name: "x", Limit: 1}}
	if _, err := New(t.Context(), Options{Config: c}); err == nil || !strings.Contains(err.Error(), "per is missing") {
		t.Errorf("err = %v", err)
	}
}

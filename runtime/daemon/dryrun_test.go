package daemon

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// A dry run sends what only reads, and says of the rest what it would have done.
func TestDryRunReadsTheWorldAndChangesNothing(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var seen []string
	world := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r.Method)
	}))
	t.Cleanup(world.Close)
	dir := t.TempDir()
	files := relayPack(world.URL)
	files["pack.yaml"] = strings.Replace(files["pack.yaml"], "methods: [POST]", "methods: [GET, POST]", 1)
	files["rules/after.yaml"] = "name: after\nenabled: true\ntrigger: {type: core.st2.generic.actiontrigger}\naction: {ref: relay.spin}\n"
	writePack(t, dir, "relay", files)
	h := serve(t, dir, nil)

	run := func(method string) automation.Execution {
		x, err := h.DryRun(t.Context(), "relay.relay", map[string]any{"url": world.URL + "/hit", "method": method, "body": ""})
		if err != nil {
			t.Fatal(err)
		}
		if x = h.final(x.ID); x.Status != automation.Succeeded || !x.DryRun || len(x.AttemptList) != 1 || len(x.AttemptList[0].HostCalls) != 1 {
			t.Fatalf("%+v", x)
		}
		return x
	}
	if call := run("GET").AttemptList[0].HostCalls[0]; call.WouldDo || call.Change != nil {
		t.Errorf("a call that reads: %+v", call)
	}
	posted := run("POST")
	call := posted.AttemptList[0].HostCalls[0]
	host := world.Listener.Addr().String()
	want := &automation.HostChange{Verb: "POST", Target: host, Host: "127.0.0.1"}
	if diff := cmp.Diff(want, call.Change); diff != "" || !call.WouldDo {
		t.Errorf("a call that changes, would do %v: %s", call.WouldDo, diff)
	}
	mu.Lock()
	if diff := cmp.Diff([]string{"GET"}, seen); diff != "" {
		t.Errorf("what the world saw: %s", diff)
	}
	mu.Unlock()
	if r, err := h.Replay(t.Context(), posted.ID, 0, nil); err != nil || !r.Same {
		t.Errorf("its replay: %+v, %v", r, err)
	}

	again, err := h.DryRerun(t.Context(), posted.ID, nil)
	if err != nil || !again.DryRun || again.Parent != posted.ID {
		t.Errorf("again: %+v, %v", again, err)
	}
	h.final(again.ID)
	list, err := h.Events(t.Context(), client.EventQuery{})
	if err != nil || len(list.Items) != 0 {
		t.Errorf("a dry run had consequences: %+v, %v", list.Items, err)
	}
}

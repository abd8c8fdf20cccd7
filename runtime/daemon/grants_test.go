package daemon

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
)

// The operator narrows a pack at once, over restarts, and lets it go again.
func TestGrantsNarrowAPack(t *testing.T) {
	t.Parallel()
	var hits atomic.Int64
	world := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(world.Close)
	host := strings.TrimPrefix(world.URL, "http://")
	dir := t.TempDir()
	writePack(t, dir, "relay", relayPack(world.URL))
	h := serve(t, dir, nil)
	refused := func() string {
		t.Helper()
		x, err := h.Run(t.Context(), "relay.relay", map[string]any{"url": world.URL, "body": ""})
		if err != nil {
			t.Fatal(err)
		}
		call := h.final(x.ID).AttemptList[0].HostCalls[0]
		if call.Error != "" && call.Error != "denied" {
			t.Fatalf("%+v", call)
		}
		return call.Message
	}
	if text := refused(); text != "" {
		t.Errorf("what it asks for: %s", text)
	}
	g, err := h.Grants(t.Context(), "relay")
	if err != nil || g.Source != automation.GrantAsked || g.Granted != nil || len(g.Requested.HTTP) != 1 {
		t.Errorf("%+v, %v", g, err)
	}

	usage, err := h.Usage(t.Context(), "relay", "1h")
	if err != nil || len(usage.Used) != 1 || usage.Used[0].Name != "http_send" || usage.Used[0].Host != host || usage.Used[0].Calls != 1 {
		t.Errorf("used: %+v, %v", usage, err)
	}
	if diff := cmp.Diff(g.Requested.HTTP, usage.Narrowed.HTTP); diff != "" || len(usage.Narrowed.Kubernetes) != 0 {
		t.Errorf("without what was not used: %s, %+v", diff, usage.Narrowed)
	}

	other := automation.Capabilities{HTTP: []automation.HTTPCapability{{Hosts: []string{"example.com"}, Methods: []string{"POST"}}}}
	if g, err = h.Grant(t.Context(), "relay", other); err != nil || g.Source != automation.GrantStored {
		t.Fatalf("%+v, %v", g, err)
	}
	if text := refused(); !strings.Contains(text, "the operator does not grant it") {
		t.Errorf("narrowed to another host: %q", text)
	}
	h.stop()
	h = serve(t, dir, nil)
	if text := refused(); !strings.Contains(text, "the operator does not grant it") {
		t.Errorf("after a restart: %q", text)
	}
	outside := automation.Capabilities{HTTP: []automation.HTTPCapability{{Hosts: []string{host}, Methods: []string{"POST"}}}}
	if _, err = h.Grant(t.Context(), "relay", outside); err != nil {
		t.Fatal(err)
	}
	if text := refused(); !strings.Contains(text, "not a public one") {
		t.Errorf("granted without addresses inside: %q", text)
	}
	if _, err = h.Ungrant(t.Context(), "relay"); err != nil {
		t.Fatal(err)
	}
	if text := refused(); text != "" || hits.Load() != 2 {
		t.Errorf("let go: %s, %d hits", text, hits.Load())
	}
	if _, err := h.Grants(t.Context(), "nothing"); automation.KindOf(err) != "not_found" {
		t.Errorf("a pack that is not there: %v", err)
	}

	h.stop()
	h = serve(t, dir, func(c *config.Config) { c.Grants = map[string]automation.Capabilities{"relay": other} })
	if text := refused(); !strings.Contains(text, "the operator does not grant it") {
		t.Errorf("narrowed by the configuration: %q", text)
	}
	if _, err := h.Ungrant(t.Context(), "relay"); automation.KindOf(err) != "conflict" {
		t.Errorf("against the configuration: %v", err)
	}
}

func TestNarrowLeavesOutWhatWasNotUsed(t *testing.T) {
	t.Parallel()
	asked := automation.Capabilities{
		Kubernetes: []automation.KubernetesCapability{{Verbs: []string{"exec", "delete"}}, {Verbs: []string{"proxy"}}, {Verbs: []string{"cordon"}}},
		HTTP:       []automation.HTTPCapability{{Hosts: []string{"*.example.com", "other.org"}}, {FromConfig: []string{"url"}}, {Hosts: []string{"b.example.com:8443"}}},
		KV:         []automation.KVCapability{{Scope: "pack"}}, Triggers: []string{"a.*"},
		Actions: []string{"core.*"}, Artifacts: []automation.ArtifactCapability{{}},
	}
	used := []automation.UsedFunction{{Name: "kube_exec", Calls: 1}, {Name: "kube_delete", Calls: 2, Refused: 2}, {Name: "kube_uncordon", Calls: 1},
		{Name: "http_send", Host: "A.example.com", Calls: 1}, {Name: "kv_list", Calls: 1}, {Name: "action_run", Calls: 1}, {Name: "artifact_read", Calls: 1}}
	want := automation.Capabilities{
		Kubernetes: []automation.KubernetesCapability{{Verbs: []string{"exec"}}, {Verbs: []string{"cordon"}}},
		HTTP:       []automation.HTTPCapability{{Hosts: []string{"*.example.com"}}, {FromConfig: []string{"url"}, Hosts: []string{}}},
		KV:         []automation.KVCapability{{Scope: "pack"}},
		Actions:    []string{"core.*"}, Artifacts: []automation.ArtifactCapability{{}},
	}
	if diff := cmp.Diff(want, narrow(asked, used), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(automation.Capabilities{}, narrow(asked, nil), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("nothing used: %s", diff)
	}
}

// What only a sensor calls is used, also for a server that was started again: dropping
// the unused must not stop it.
func TestWhatASensorCallsIsUsed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := askPack(t)
	files["sensors/kv_get.yaml"] = "class_name: kv_get\nexport: kv_get\npoll_interval: 3600\ntrigger_types: [{name: asked, payload_schema: {type: object}}]\n"
	writePack(t, dir, "ask", files)
	usage := func(h *harness) automation.PackUsage {
		u, err := h.Usage(t.Context(), "ask", "1h")
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	h := serve(t, dir, nil)
	eventually(t, "the sensor was asked", func() bool { return len(usage(h).Used) > 0 })
	h.stop()
	again := serve(t, dir, nil)
	u := usage(again)
	if len(u.Used) == 0 || u.Used[0].Name != "kv_get" || u.Used[0].Calls == 0 || len(u.Narrowed.KV) != 1 || len(u.Narrowed.Triggers) != 0 {
		t.Errorf("after a restart: %+v", u)
	}
}

func TestSensorUsageIsBoundedAndKnowsRefusals(t *testing.T) {
	t.Parallel()
	p := &packUsage{}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	denied := automation.HostCall{Name: "emit", Error: "denied", StartedAt: at}
	sent := automation.HostCall{Name: "http_send", Detail: "GET example.com", StartedAt: at}
	for _, tt := range []struct {
		name  string
		call  automation.HostCall
		fresh bool
	}{{"a refusal", denied, false}, {"a request", sent, true}, {"the same again", sent, false}, {"what was refused at first", automation.HostCall{Name: "emit", StartedAt: at}, true}} {
		if got := p.count(tt.call); got != tt.fresh {
			t.Errorf("%s: new %v, want %v", tt.name, got, tt.fresh)
		}
	}
	for i := range 2 * mostUsed {
		p.count(automation.HostCall{Name: "http_send", Detail: fmt.Sprintf("GET host-%d", i), StartedAt: at})
	}
	if len(p.used) != mostUsed {
		t.Errorf("%d are told apart", len(p.used))
	}
	sum := together([]automation.UsedFunction{{Name: "http_send", Host: "example.com", Calls: 1, LastAt: at.Add(time.Hour)}}, p.used[:2])
	if len(sum) != 2 || sum[1].Calls != 3 || !sum[1].LastAt.Equal(at.Add(time.Hour)) {
		t.Errorf("together: %+v", sum)
	}
}

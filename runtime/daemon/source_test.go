package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/config"
)

// A timer and a watch raise events in a whole server; a watch that its pack is not
// granted says so.
func TestSourcesRaiseEvents(t *testing.T) {
	t.Parallel()
	cluster := kubetest.New(t)
	dir := t.TempDir()
	rule := func(name, trigger string) string {
		return "name: " + name + "\nenabled: true\ntrigger: " + trigger + "\naction: {ref: core.noop}\n"
	}
	grant := "capabilities: {kubernetes: [{verbs: [list], resources: [pods], namespaces: [shop], reason: to see Pods}]}\n"
	for path, text := range map[string]string{
		"tick/pack.yaml":        "name: tick\nversion: 1.0.0\ndescription: x\nauthor: x\n" + grant,
		"tick/rules/timer.yaml": rule("timer", "{type: core.st2.IntervalTimer, parameters: {unit: seconds, delta: 1}}"),
		"tick/rules/watch.yaml": rule("watch", "{type: core.kubernetes.watch, parameters: {kind: Pod, namespaces: [shop]}}"),
		"tick/rules/nosy.yaml":  rule("nosy", "{type: core.kubernetes.watch, parameters: {kind: Pod, namespaces: [bank]}}"),
	} {
		file := filepath.Join(dir, "packs", path)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := serve(t, dir, func(c *config.Config) { c.Kubernetes.Kubeconfig = cluster.Kubeconfig })
	if p := h.pack("tick"); p.Error != "" {
		t.Fatal(p.Error)
	}
	eventually(t, "the watch is open", func() bool { return cluster.Count("GET /api/v1/namespaces/shop/pods") >= 2 })
	cluster.Change("pods", "ADDED", kubetest.Pod("shop", "leaky", nil))
	for _, trigger := range []string{"core.st2.IntervalTimer", "core.kubernetes.watch"} {
		eventually(t, trigger, func() bool {
			list, err := h.Events(t.Context(), client.EventQuery{Trigger: trigger})
			return err == nil && len(list.Items) > 0 && list.Items[0].Matched == 1
		})
	}
	eventually(t, "the watch that is not granted says so", func() bool {
		list, err := h.Sources(t.Context(), "watch")
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range list.Items {
			if strings.Contains(s.Description, "bank") {
				return s.State == automation.SourceFailing && s.Error != "" && s.Events == 0
			}
		}
		return false
	})
}

package daemon

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/config"
	"github.com/squall-dev/squall/runtime/flame"
)

// The main job: Alertmanager's own body arrives, a StackStorm rule matches, a
// sandboxed action reaches into the Pod, and the heap dump is there to be looked
// at. The API server is ours, the wire (TLS, WebSocket, SPDY) is the real one.
func TestAWebhookBecomesAHeapDump(t *testing.T) {
	t.Parallel()
	pack := buildPack(t, "labs_sre")
	heap := heapProfile(t)
	tests := []struct {
		name    string
		prepare func(*kubetest.Server)
		via     string
	}{
		{"by exec over WebSocket", func(s *kubetest.Server) { s.Exec = printing(heap) }, "exec"},
		{"by exec over SPDY, when the server lacks WebSockets", func(s *kubetest.Server) { s.Exec, s.NoWebSockets = printing(heap), true }, "exec"},
		{"by the API server's proxy, when the image has no shell", func(s *kubetest.Server) {
			s.Exec = func(*kubetest.Command) (int, error) { return 127, nil }
			s.Proxy = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(heap) })
		}, "proxy"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cluster := kubetest.New(t)
			tt.prepare(cluster)
			dir := t.TempDir()
			if err := os.CopyFS(filepath.Join(dir, "packs", "labs_sre"), os.DirFS(pack)); err != nil {
				t.Fatal(err)
			}
			h := serve(t, dir, func(c *config.Config) { c.Kubernetes.Kubeconfig = cluster.Kubeconfig })
			x := h.alert()
			if x.Status != automation.Succeeded || !strings.Contains(string(x.Output), `"via":"`+tt.via+`"`) {
				t.Fatalf("%s: %s %q", x.Status, x.Output, x.Message)
			}
			if string(x.Parameters) != `{"namespace":"dm-demo-app","path":"/debug/pprof/heap","pod":"leaky","port":6060}` {
				t.Errorf("parameters = %s", x.Parameters)
			}
			h.checkDump(x.Artifacts, heap)
		})
	}
}

// alert posts the body that Alertmanager really sent and follows what it starts.
func (h *harness) alert() automation.Execution {
	h.t.Helper()
	body, err := os.ReadFile("testdata/alertmanager-webhook.json")
	if err != nil {
		h.t.Fatal(err)
	}
	a, err := h.Webhook(h.t.Context(), "pprof", "application/json", bytes.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	if a.Matched != 1 || len(a.Executions) != 1 {
		h.t.Fatalf("accepted = %+v", a)
	}
	ev, err := h.Event(h.t.Context(), a.Event)
	if err != nil {
		h.t.Fatal(err)
	}
	v := ev.Verdicts[0]
	if v.Rule != "labs_sre.generate_pprof_with_webhook" || v.Criteria[0].Actual != "Pod Memory Limit Near" || v.Execution != a.Executions[0] {
		h.t.Errorf("verdict = %+v", v)
	}
	return h.final(a.Executions[0])
}

// checkDump: what was kept is what the Pod sent, and it can be drawn.
func (h *harness) checkDump(artifacts []automation.Artifact, heap []byte) {
	h.t.Helper()
	if len(artifacts) != 1 || artifacts[0].MediaType != automation.MediaTypePprof {
		h.t.Fatalf("artifacts = %+v", artifacts)
	}
	content, err := h.ArtifactContent(h.t.Context(), artifacts[0].ID)
	if err != nil {
		h.t.Fatal(err)
	}
	defer content.Close()
	kept, err := io.ReadAll(content)
	if err != nil || !bytes.Equal(kept, heap) {
		h.t.Errorf("%d bytes kept of %d, %v", len(kept), len(heap), err)
	}
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.URL+"/api/v1/artifacts/"+artifacts[0].ID+"/flame", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.AdminToken)
	resp, body := h.do(req)
	var f flame.Flame
	if err := json.Unmarshal([]byte(body), &f); err != nil || resp.StatusCode != http.StatusOK {
		h.t.Fatalf("flame: %d %v", resp.StatusCode, err)
	}
	if f.Sample != "inuse_space" || len(f.Frames) == 0 || !strings.Contains(body, "leakForTheStory") {
		h.t.Errorf("flame graph of %s with %d frames does not show the leak", f.Sample, len(f.Frames))
	}
}

func TestPodsAreListedAsATable(t *testing.T) {
	t.Parallel()
	pack := buildPack(t, "labs_sre")
	cluster := kubetest.New(t)
	cluster.Objects = map[string][]map[string]any{"pods": {{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "leaky", "namespace": "dm-demo-app",
			"creationTimestamp": time.Now().UTC().Format(time.RFC3339)},
		"spec": map[string]any{"nodeName": "node1"}, "status": map[string]any{"phase": "Running"},
	}}}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "packs", "labs_sre"), os.DirFS(pack)); err != nil {
		t.Fatal(err)
	}
	h := serve(t, dir, func(c *config.Config) { c.Kubernetes.Kubeconfig = cluster.Kubeconfig })
	x := h.run("labs_sre.list_pods")
	var out struct {
		Table string
		Count int
	}
	if err := json.Unmarshal(x.Output, &out); err != nil || out.Count != 1 {
		t.Fatalf("%s %q %s, %v", x.Status, x.Message, x.Output, err)
	}
	for _, word := range []string{"NAMESPACE", "dm-demo-app", "leaky", "Running", "node1"} {
		if !strings.Contains(out.Table, word) {
			t.Errorf("table lacks %q:\n%s", word, out.Table)
		}
	}
}

// Without a cluster the action fails and says what to configure.
func TestWithoutAClusterTheFailureSaysWhatToConfigure(t *testing.T) {
	t.Parallel()
	pack := buildPack(t, "labs_sre")
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "packs", "labs_sre"), os.DirFS(pack)); err != nil {
		t.Fatal(err)
	}
	h := serve(t, dir, func(c *config.Config) { c.Kubernetes.Kubeconfig = filepath.Join(dir, "none") })
	x := h.alert()
	if x.Status != automation.Failed || !strings.Contains(x.Message+x.Hint, "kubeconfig") {
		t.Errorf("%s: %q, hint %q", x.Status, x.Message, x.Hint)
	}
}

func printing(heap []byte) func(*kubetest.Command) (int, error) {
	return func(c *kubetest.Command) (int, error) {
		_, err := c.Stdout.Write(heap)
		return 0, err
	}
}

// buildPack builds an example's guest and returns the pack's folder.
func buildPack(t *testing.T, name string) string {
	t.Helper()
	return buildPackFrom(t, filepath.Join("..", "..", "examples", "packs", name))
}

// buildPackFrom does so for the pack whose sources are in a folder.
func buildPackFrom(t testing.TB, source string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("compiling a Go guest under the race detector takes a minute")
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	module := filepath.Join(dir, "pack.wasm")
	if err := os.RemoveAll(filepath.Join(dir, "src")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-buildmode=c-shared", "-o", module, ".")
	cmd.Dir = filepath.Join(source, "src")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the guest: %v\n%s", err, out)
	}
	return dir
}

// heapProfile is a real profile of this process with a leak in it.
func heapProfile(t *testing.T) []byte {
	t.Helper()
	leak := leakForTheStory()
	defer func() { clear(leak) }()
	var b bytes.Buffer
	if err := pprof.Lookup("heap").WriteTo(&b, 0); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

//go:noinline
func leakForTheStory() [][]byte {
	var kept [][]byte
	for range 64 {
		kept = append(kept, make([]byte, 1<<20))
	}
	runtime.GC() // the profile shows what was there at the last collection
	return kept
}

// A rule that was tricked into naming another Pod than its alert reaches none.
func TestOnlyThePodOfTheAlertIsReached(t *testing.T) {
	t.Parallel()
	pack := buildPack(t, "labs_sre")
	cluster := kubetest.New(t)
	var reached atomic.Int64
	cluster.Exec = func(*kubetest.Command) (int, error) {
		reached.Add(1)
		return 0, nil
	}
	dir := t.TempDir()
	to := filepath.Join(dir, "packs", "labs_sre")
	if err := os.CopyFS(to, os.DirFS(pack)); err != nil {
		t.Fatal(err)
	}
	rules, err := filepath.Glob(filepath.Join(to, "rules", "*.yaml"))
	if err != nil || len(rules) != 1 {
		t.Fatal(rules, err)
	}
	text, err := os.ReadFile(rules[0])
	if err != nil {
		t.Fatal(err)
	}
	tricked := strings.Replace(string(text), `"{{trigger.body.alerts[0].labels.pod}}"`, `"database-0"`, 1)
	if err := os.WriteFile(rules[0], []byte(tricked), 0o600); err != nil {
		t.Fatal(err)
	}
	h := serve(t, dir, func(c *config.Config) { c.Kubernetes.Kubeconfig = cluster.Kubeconfig })
	x := h.alert()
	calls := x.AttemptList[0].HostCalls
	at := slices.IndexFunc(calls, func(c automation.HostCall) bool { return c.Name == "kube_exec" })
	if at < 0 {
		t.Fatalf("%s: %+v", x.Status, calls)
	}
	if call := calls[at]; call.Error != "denied" || !strings.Contains(call.Message, "database-0") || reached.Load() != 0 {
		t.Errorf("%s: %+v, %d reached", x.Status, call, reached.Load())
	}
}

package daemon

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/squall-dev/squall/hostfuncs/kube/kubetest"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// leakingPod is a Pod whose memory grows on a clock that stands still until the test
// moves it. From the moment at which it reaches its limit nobody answers any more.
type leakingPod struct {
	began time.Time
	late  atomic.Int64 // nanoseconds since it began
	dumps [2][]byte
	taken atomic.Int64
}

const (
	podLimit  = 500 << 20
	podStart  = 200 << 20
	podGrowth = 8 << 20 // a second: 37.5 s until the limit
)

func (p *leakingPod) now() time.Time { return p.began.Add(time.Duration(p.late.Load())) }

func (p *leakingPod) used(at time.Duration) int64 {
	return podStart + int64(at.Seconds()*podGrowth)
}

func (p *leakingPod) dead() bool { return p.used(time.Duration(p.late.Load())) >= podLimit }

func (p *leakingPod) cluster(t testing.TB) *kubetest.Server {
	s := kubetest.New(t)
	s.Objects = map[string][]map[string]any{
		"nodes": {kubetest.Node("node-1")},
		"pods":  {kubetest.Using("shop", "cart-0", "node-1", "500Mi", nil)},
	}
	s.Usage = func(string, string, string) (int64, time.Time, bool) {
		return p.used(time.Duration(p.late.Load())), p.now(), !p.dead()
	}
	s.Proxy = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case p.dead():
			http.Error(w, "it has been killed", http.StatusBadGateway)
		case strings.HasSuffix(r.URL.Path, "/goroutine"):
			fmt.Fprint(w, "goroutine profile: total 7\n7 @ 0x1\n")
		default:
			_, _ = w.Write(p.dumps[min(p.taken.Add(1), 2)-1])
		}
	})
	return s
}

// pressed serves the shipped pack, watching the Pod's namespace.
func pressed(t testing.TB, p *leakingPod) *harness {
	t.Helper()
	return watchingPods(t, p.cluster(t).Kubeconfig, p.now)
}

func watchingPods(t testing.TB, kubeconfig string, now func() time.Time) *harness {
	t.Helper()
	dir := t.TempDir()
	pack := filepath.Join(dir, "packs", "pprof")
	if err := os.CopyFS(pack, os.DirFS(buildPackFrom(t, filepath.Join("..", "..", "packs", "std", "pprof")))); err != nil {
		t.Fatal(err)
	}
	soon(t, filepath.Join(pack, "rules", "capture_under_pressure.yaml"))
	c := testConfig(dir)
	c.Kubernetes.Kubeconfig = kubeconfig
	c.PackConfig = map[string]map[string]any{"pprof": {"namespaces": []any{"shop"}, "interval_seconds": 60}} // the test asks
	return serveOptions(t, dir, Options{Config: c, Logger: slog.New(slog.DiscardHandler), Now: now})
}

// soon makes the rule take its second profile at once: the Pod's clock stands still.
func soon(t testing.TB, rule string) {
	t.Helper()
	text, err := os.ReadFile(rule)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(rule, append(text, "    second_after_seconds: 0.01\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
}

// The race: memory grows from 200 to 500 MiB within 37.5 seconds. The pack has its
// evidence when more than half of them are left. An alert at 90 % would be true after
// 31 s, wait another 30 s in Prometheus and Alertmanager, and find nobody.
func TestTheProfilesAreThereBeforeTheLimitIsReached(t *testing.T) {
	t.Parallel()
	p := &leakingPod{began: time.Now(), dumps: [2][]byte{heapProfile(t), grownHeapProfile(t)}}
	h := pressed(t, p)
	look := func() []automation.ExecutionSummary {
		t.Helper()
		if _, err := h.TellSensor(t.Context(), "pprof.memory", "poll"); err != nil {
			t.Fatal(err)
		}
		list, err := h.Executions(t.Context(), client.ExecutionQuery{Action: "pprof.capture"})
		if err != nil {
			t.Fatal(err)
		}
		return list.Items
	}
	started := look()
	for len(started) == 0 && !p.dead() {
		p.late.Add(int64(2 * time.Second))
		started = look()
	}
	if len(started) != 1 {
		t.Fatalf("%d captures when the Pod is gone, after %s", len(started), time.Duration(p.late.Load()))
	}
	x := h.final(started[0].ID)
	reached := time.Duration(p.late.Load())
	if x.Status != automation.Succeeded || x.Rule != "pprof.capture_under_pressure" || reached > 18*time.Second {
		t.Fatalf("%s after %s: %s %s", x.Status, reached, x.Message, x.Output)
	}
	h.checkGrowth(x)
	if metrics := h.metrics(); strings.Contains(metrics, "squall_payload_misfits_total{") {
		t.Errorf("the event does not fit its schema:\n%s", metrics)
	}
	t.Logf("captured after %s of 37.5s", reached)

	alarm := time.Duration(float64(podLimit*9/10-podStart)/podGrowth*float64(time.Second)) + 30*time.Second
	p.late.Store(int64(alarm))
	late, err := h.Run(t.Context(), "pprof.capture", map[string]any{"namespace": "shop", "pod": "cart-0"})
	if err != nil {
		t.Fatal(err)
	}
	if late = h.final(late.ID); late.Status != automation.Failed || !strings.Contains(late.Message, "it has been killed") {
		t.Errorf("the alert's capture after %s: %s %s", alarm, late.Status, late.Message)
	}
}

// checkGrowth: both profiles are there, named by Pod and time, and their difference
// shows what leaks.
func (h *harness) checkGrowth(x automation.Execution) {
	h.t.Helper()
	byKind := map[string]automation.Artifact{}
	for _, a := range x.Artifacts {
		for _, kind := range []string{"goroutines", "1-base", "2-second"} {
			if strings.Contains(a.Name, kind) && strings.Contains(a.Name, "-cart-0-main-2") {
				byKind[kind] = a
			}
		}
	}
	if len(x.Artifacts) != 3 || len(byKind) != 3 {
		h.t.Fatalf("artifacts = %+v", x.Artifacts)
	}
	f, err := h.Flame(h.t.Context(), byKind["2-second"].ID, client.FlameQuery{Base: byKind["1-base"].ID})
	if err != nil {
		h.t.Fatal(err)
	}
	top := f.Top[0]
	if name := f.Strings[f.Functions[top.Function].Name]; !strings.Contains(name, "leakMoreForTheStory") || top.SelfDelta < 16<<20 || len(f.Deltas) != len(f.Frames) {
		h.t.Errorf("what grew most is %s by %d", name, top.SelfDelta)
	}
	for _, bad := range []struct{ base, kind string }{{"nonsense", "invalid"}, {"65f0c0de00000000000000ff", "not_found"}, {byKind["goroutines"].ID, "invalid"}} {
		if _, err := h.Flame(h.t.Context(), byKind["2-second"].ID, client.FlameQuery{Base: bad.base}); automation.KindOf(err) != bad.kind {
			h.t.Errorf("base %s: %v, want %s", bad.base, err, bad.kind)
		}
	}
}

func grownHeapProfile(t *testing.T) []byte {
	t.Helper()
	kept := leakMoreForTheStory()
	defer func() { clear(kept) }()
	return heapProfile(t)
}

//go:noinline
func leakMoreForTheStory() [][]byte {
	var kept [][]byte
	for range 32 {
		kept = append(kept, make([]byte, 1<<20))
	}
	return kept
}

// One time of pressure is one capture, however often one looks and whether the server
// was started anew in between.
func TestARestartDoesNotRaiseAnEpisodeAgain(t *testing.T) {
	t.Parallel()
	p := &leakingPod{began: time.Now(), dumps: [2][]byte{{}, {}}}
	p.late.Store(int64(32 * time.Second)) // 91 %
	h := pressed(t, p)
	raised := func() int {
		list, err := h.Events(t.Context(), client.EventQuery{Trigger: "pprof.memory_pressure"})
		if err != nil {
			t.Fatal(err)
		}
		return len(list.Items)
	}
	eventually(t, "the first look", func() bool { return raised() == 1 })
	h.stop()
	c := testConfig(h.dir)
	c.Kubernetes.Kubeconfig = p.cluster(t).Kubeconfig
	c.PackConfig = map[string]map[string]any{"pprof": {"namespaces": []any{"shop"}, "interval_seconds": 60}}
	p.late.Add(int64(500 * time.Millisecond))
	h = serveOptions(t, h.dir, Options{Config: c, Logger: slog.New(slog.DiscardHandler), Now: p.now})
	d, err := h.TellSensor(t.Context(), "pprof.memory", "poll")
	if err != nil || !strings.Contains(string(d.Cursor), `"shop/cart-0/main"`) {
		t.Fatalf("cursor %s, %v", d.Cursor, err)
	}
	if n := raised(); n != 1 {
		t.Errorf("%d events", n)
	}
}

// BenchmarkPressurePoll is one look at 100 Pods on five nodes, of which every figure is
// new: six requests to the API server, the guest, and a transaction for the cursor.
func BenchmarkPressurePoll(b *testing.B) {
	began := time.Now()
	var late atomic.Int64
	now := func() time.Time { return began.Add(time.Duration(late.Load())) }
	s := kubetest.New(b)
	s.Objects = map[string][]map[string]any{}
	for i := range 100 {
		if i%20 == 0 {
			s.Objects["nodes"] = append(s.Objects["nodes"], kubetest.Node(fmt.Sprintf("node-%d", i/20)))
		}
		s.Objects["pods"] = append(s.Objects["pods"], kubetest.Using("shop", fmt.Sprintf("a-web-server-5d9c8b7f6-%05d", i), fmt.Sprintf("node-%d", i/20), "500Mi", nil))
	}
	s.Usage = func(_, pod, _ string) (int64, time.Time, bool) {
		return 200<<20 + int64(len(pod))<<16 + late.Load()>>20%(8<<20), now(), true
	}
	h := watchingPods(b, s.Kubeconfig, now)
	poll := func() automation.SensorDetail {
		late.Add(int64(2 * time.Second))
		d, err := h.TellSensor(b.Context(), "pprof.memory", "poll")
		if err != nil {
			b.Fatal(err)
		}
		return d
	}
	for range 30 { // until windows are full
		poll()
	}
	for b.Loop() {
		b.ReportMetric(float64(len(poll().Cursor)), "cursor_bytes")
	}
}

package daemon

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
)

// BenchmarkWebhook is the whole path in one process: HTTP, rules, the durable
// transaction (with fsync) and the sandbox. `make bench` measures it from outside.
func BenchmarkWebhook(b *testing.B) {
	dir := b.TempDir()
	writePack(b, dir, "behave", behavePack(b))
	h := serve(b, dir, nil)
	transport := &http.Transport{MaxIdleConnsPerHost: 128}
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport}
	b.SetParallelism(32)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			resp, err := c.Post(h.URL+"/api/v1/webhooks/behave", "application/json", strings.NewReader("{}"))
			if err != nil {
				b.Error(err)
				return
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusAccepted {
				b.Errorf("status %d", resp.StatusCode)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkStart is a server that has twenty packs in Go and has seen them before.
// `make bench-engine` measures it from outside.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	module, err := os.ReadFile("../../examples/packs/hello/pack.wasm")
	if err != nil {
		b.Skip("the example packs are not built")
	}
	for i := range 20 {
		name := fmt.Sprintf("hello%02d", i)
		writePack(b, dir, name, map[string]string{
			"pack.wasm":          string(module),
			"pack.yaml":          "name: " + name + "\nversion: 1.0.0\ndescription: Greets.\nauthor: test\n",
			"actions/greet.yaml": "name: greet\nrunner_type: wasm\nparameters: {name: {type: string}}\n",
		})
	}
	serve(b, dir, nil).stop()
	for b.Loop() {
		h := serve(b, dir, nil)
		b.StopTimer()
		h.stop()
		b.StartTimer()
	}
}

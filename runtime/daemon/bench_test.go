package daemon

import (
	"net/http"
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

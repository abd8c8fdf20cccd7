package story

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"text/template"
	"time"

	"github.com/squall-dev/squall/examples/kubernetes-lab/cluster"
	"github.com/squall-dev/squall/examples/kubernetes-lab/node"
)

const (
	prometheus   = "http://127.0.0.1:9090"
	alertmanager = "http://127.0.0.1:9093"
)

// monitoring is Prometheus and Alertmanager, which run on the node beside the cluster.
type monitoring struct {
	dir, manifests string
	routed         string // Alertmanager's configuration as it is
}

// routing is what differs between variants: how Alertmanager groups alerts and whom it
// tells.
type routing struct{ GroupBy, GroupWait, Webhook string }

func monitor(ctx context.Context, c *cluster.Cluster, manifests string) (*monitoring, error) {
	m := &monitoring{dir: filepath.Join(c.Dir, "monitoring"), manifests: filepath.Join(manifests, "monitoring")}
	if err := os.MkdirAll(m.dir, 0o755); err != nil {
		return nil, fmt.Errorf("set up the monitoring: %w", err)
	}
	if err := m.write("prometheus.yml", map[string]string{"Dir": c.Dir, "Address": node.Address}); err != nil {
		return nil, err
	}
	rules, err := os.ReadFile(filepath.Join(m.manifests, "rules.yml"))
	if err != nil {
		return nil, fmt.Errorf("set up the monitoring: %w", err)
	}
	if err := os.WriteFile(filepath.Join(m.dir, "rules.yml"), rules, 0o644); err != nil {
		return nil, fmt.Errorf("set up the monitoring: %w", err)
	}
	if err := m.write("alertmanager.yml", variant{}.routing()); err != nil {
		return nil, err
	}
	if err := m.begin(c); err != nil {
		return nil, err
	}
	for _, address := range []string{prometheus, alertmanager} {
		if err := c.Until(ctx, time.Minute, address+" is ready", func(ctx context.Context) error { return ask(ctx, http.MethodGet, address+"/-/ready") }); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *monitoring) begin(c *cluster.Cluster) error {
	err := c.Begin("alertmanager", "prometheus-alertmanager", "--config.file="+filepath.Join(m.dir, "alertmanager.yml"),
		"--storage.path="+filepath.Join(m.dir, "alertmanager"), "--web.listen-address=127.0.0.1:9093",
		"--cluster.listen-address=") // alone, it has nobody to agree with
	if err != nil {
		return err
	}
	return c.Begin("prometheus", "prometheus", "--config.file="+filepath.Join(m.dir, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(m.dir, "prometheus"), "--web.listen-address=127.0.0.1:9090")
}

// route makes Alertmanager tell the variant's webhook.
func (m *monitoring) route(ctx context.Context, r routing) error {
	before := m.routed
	if err := m.write("alertmanager.yml", r); err != nil || m.routed == before {
		return err
	}
	return ask(ctx, http.MethodPost, alertmanager+"/-/reload")
}

func (m *monitoring) write(name string, values any) error {
	t, err := template.ParseFiles(filepath.Join(m.manifests, name))
	if err != nil {
		return fmt.Errorf("set up the monitoring: %w", err)
	}
	var text bytes.Buffer
	if err := t.Execute(&text, values); err != nil {
		return fmt.Errorf("set up the monitoring: %w", err)
	}
	if _, ok := values.(routing); ok {
		m.routed = text.String()
	}
	if err := os.WriteFile(filepath.Join(m.dir, name), text.Bytes(), 0o644); err != nil {
		return fmt.Errorf("set up the monitoring: %w", err)
	}
	return nil
}

func (v variant) routing() routing {
	r := routing{GroupBy: "alertname, namespace, pod", GroupWait: "0s", Webhook: "pprof"}
	if v.webhook != "" {
		r.Webhook = v.webhook
	}
	if v.alerts > 1 {
		r.GroupBy, r.GroupWait = "alertname, service", "7s" // until all of them fire
	}
	return r
}

func ask(ctx context.Context, method, address string) error {
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, address, resp.Status)
	}
	return nil
}

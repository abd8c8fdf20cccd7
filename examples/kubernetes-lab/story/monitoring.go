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
	fixed          map[string]string // what all variants have in common
	written        map[string]string // the files as they are
}

// pace is what differs between variants: how soon the monitoring hears and tells of
// what happens, how Alertmanager groups alerts and whom it tells.
type pace struct{ Scrape, Evaluate, For, GroupBy, GroupWait, GroupInterval, Webhook string }

func monitor(ctx context.Context, c *cluster.Cluster, manifests string) (*monitoring, error) {
	m := &monitoring{
		dir: filepath.Join(c.Dir, "monitoring"), manifests: filepath.Join(manifests, "monitoring"),
		fixed: map[string]string{"Dir": c.Dir, "Address": node.Address}, written: map[string]string{},
	}
	if err := os.MkdirAll(m.dir, 0o755); err != nil {
		return nil, fmt.Errorf("set up the monitoring: %w", err)
	}
	if _, err := m.write(variant{}.pace()); err != nil {
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
		"--storage.tsdb.path="+filepath.Join(m.dir, "prometheus"), "--web.listen-address=127.0.0.1:9090",
		"--web.enable-lifecycle") // so that it can be told to read its files again
}

// keep makes the monitoring keep a pace.
func (m *monitoring) keep(ctx context.Context, p pace) error {
	changed, err := m.write(p)
	if err != nil || !changed {
		return err
	}
	for _, address := range []string{prometheus, alertmanager} {
		if err := ask(ctx, http.MethodPost, address+"/-/reload"); err != nil {
			return err
		}
	}
	return nil
}

// write writes the files and tells whether one of them is another than before.
func (m *monitoring) write(p pace) (changed bool, err error) {
	for _, name := range []string{"prometheus.yml", "rules.yml", "alertmanager.yml"} {
		// The rules have templates of their own, in braces.
		t, err := template.New(name).Delims("<<", ">>").Option("missingkey=error").ParseFiles(filepath.Join(m.manifests, name))
		if err != nil {
			return false, fmt.Errorf("set up the monitoring: %w", err)
		}
		var text bytes.Buffer
		if err := t.Execute(&text, struct {
			pace
			Fixed map[string]string
		}{p, m.fixed}); err != nil {
			return false, fmt.Errorf("set up the monitoring: %w", err)
		}
		if m.written[name] == text.String() {
			continue
		}
		if err := os.WriteFile(filepath.Join(m.dir, name), text.Bytes(), 0o644); err != nil {
			return false, fmt.Errorf("set up the monitoring: %w", err)
		}
		m.written[name], changed = text.String(), true
	}
	return changed, nil
}

// pace is as quick as can be, unless the variant is about one that is not.
func (v variant) pace() pace {
	if v.slow {
		return pace{
			Scrape: "30s", Evaluate: "5s", For: "30s",
			GroupBy: "alertname, namespace, pod", GroupWait: "30s", GroupInterval: "1m", Webhook: "pprof",
		}
	}
	p := pace{Scrape: "1s", Evaluate: "1s", For: "0s", GroupBy: "alertname, namespace, pod", GroupWait: "0s", GroupInterval: "2s", Webhook: "pprof"}
	if v.webhook != "" {
		p.Webhook = v.webhook
	}
	if v.alerts > 1 {
		p.GroupBy, p.GroupWait = "alertname, service", "7s" // until all of them fire
	}
	return p
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

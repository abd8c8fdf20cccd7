// Package cluster starts a Kubernetes of one node: the real components, in the
// namespaces that package node made. There is no kube-proxy and no DNS: Pods reach the
// API server because its Service's address is one of the node's own.
package cluster

import (
	"context"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"text/template"
	"time"

	"github.com/squall-dev/squall/examples/kubernetes-lab/node"
	"github.com/squall-dev/squall/examples/kubernetes-lab/provision"
)

//go:embed config
var configFiles embed.FS

// Cluster is one that runs.
type Cluster struct {
	*API
	Dir    string // everything of it is in here; logs in log, kubectl in bin
	assets provision.Assets
	crew   *crew
	looks  time.Duration // see Housekeeping
}

// Kubeconfig is that of an administrator.
func (c *Cluster) Kubeconfig() string { return filepath.Join(c.Dir, "pki", "admin.kubeconfig") }

// Start starts everything and returns when the node can take Pods. What it started
// ends with the namespaces.
func Start(ctx context.Context, space node.Space, assets provision.Assets) (*Cluster, error) {
	c := &Cluster{Dir: space.Dir, assets: assets, crew: &crew{logs: filepath.Join(space.Dir, "log"), members: map[string]*member{}}}
	if err := c.layOut(space); err != nil {
		return nil, err
	}
	if err := issue(filepath.Join(c.Dir, "pki")); err != nil {
		return nil, err
	}
	var err error
	if c.API, err = newAPI(filepath.Join(c.Dir, "pki")); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{c.startServer, c.startRuntime, c.waitForServer, c.startRest, c.waitForNode} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("start the cluster: %w", err)
		}
	}
	return c, nil
}

// layOut makes the folders, the configuration files and the links by which the
// components are called.
func (c *Cluster) layOut(space node.Space) error {
	for _, dir := range []string{"bin", "cni", "config", "log"} {
		if err := os.MkdirAll(filepath.Join(c.Dir, dir), 0o755); err != nil {
			return fmt.Errorf("lay out the cluster's folder: %w", err)
		}
	}
	for _, name := range []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kubectl"} {
		if err := os.Symlink(c.assets.Kube, filepath.Join(c.Dir, "bin", name)); err != nil {
			return fmt.Errorf("lay out the cluster's folder: %w", err)
		}
	}
	all, err := template.ParseFS(configFiles, "config/*")
	if err != nil {
		return fmt.Errorf("read the cluster's configuration: %w", err)
	}
	values := map[string]string{
		"Dir": c.Dir, "Debian": c.assets.Debian, "Cgroup": space.Cgroup,
		"Address": node.Address, "PauseImage": provision.PauseImage,
	}
	for name, to := range map[string]string{
		"containerd.toml": "config", "kubelet.yaml": "config", "audit.yaml": "config", "cni.conflist": "cni",
	} {
		f, err := os.Create(filepath.Join(c.Dir, to, name))
		if err != nil {
			return fmt.Errorf("write the cluster's configuration: %w", err)
		}
		err = all.ExecuteTemplate(f, name, values)
		if closing := f.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return fmt.Errorf("write the cluster's configuration %s: %w", name, err)
		}
	}
	return nil
}

// Import makes the container runtime know an image.
func (c *Cluster) Import(ctx context.Context, archive string) error {
	return c.Run(ctx, "ctr", "-n", "k8s.io", "images", "import", archive)
}

// Begin starts a program beside the cluster; it may not end before it does.
func (c *Cluster) Begin(name, program string, args ...string) error {
	return c.crew.start(name, program, args...)
}

// Until waits, see crew.
func (c *Cluster) Until(ctx context.Context, limit time.Duration, what string, done func(context.Context) error) error {
	return c.crew.until(ctx, limit, what, done)
}

// Freeze stops the API server where it stands; Thaw lets it go on.
func (c *Cluster) Freeze() error { return c.crew.signal("kube-apiserver", syscall.SIGSTOP) }

// Thaw lets a frozen API server go on.
func (c *Cluster) Thaw() error { return c.crew.signal("kube-apiserver", syscall.SIGCONT) }

// Crash kills a component, such as kube-apiserver, as if it had crashed.
func (c *Cluster) Crash(component string) error { return c.crew.kill(component) }

// Revive starts a component again that crashed.
func (c *Cluster) Revive(component string) error { return c.crew.again(component) }

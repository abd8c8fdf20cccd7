package cluster

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/squall-dev/squall/examples/kubernetes-lab/node"
)

// patience is how long a step of the start may take: many times what it takes on a
// machine that is not busy.
const patience = 2 * time.Minute

func (c *Cluster) bin(name string) string { return filepath.Join(c.Dir, "bin", name) }
func (c *Cluster) pki(name string) string { return filepath.Join(c.Dir, "pki", name) }

// startServer starts etcd, which need not survive a crash, and the API server. That
// one asks again until etcd answers.
func (c *Cluster) startServer(context.Context) error {
	const store = "http://127.0.0.1:2379"
	err := c.Begin("etcd", c.bin("etcd"),
		"--data-dir="+filepath.Join(c.Dir, "etcd"), "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls="+store, "--advertise-client-urls="+store, "--listen-peer-urls=http://127.0.0.1:0")
	if err != nil {
		return err
	}
	return c.Begin("kube-apiserver", c.bin("kube-apiserver"),
		"--etcd-servers="+store, "--bind-address=0.0.0.0", "--secure-port=443", "--advertise-address="+node.Address,
		"--endpoint-reconciler-type=none", "--service-cluster-ip-range=10.96.0.0/24",
		"--authorization-mode=Node,RBAC", "--allow-privileged=true", "--profiling=false",
		"--client-ca-file="+c.pki("ca.crt"), "--tls-cert-file="+c.pki("apiserver.crt"), "--tls-private-key-file="+c.pki("apiserver.key"),
		"--kubelet-certificate-authority="+c.pki("ca.crt"), "--kubelet-preferred-address-types=InternalIP",
		"--kubelet-client-certificate="+c.pki("apiserver-kubelet.crt"), "--kubelet-client-key="+c.pki("apiserver-kubelet.key"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+c.pki("accounts.key"), "--service-account-signing-key-file="+c.pki("accounts.key"),
		"--audit-policy-file="+filepath.Join(c.Dir, "config", "audit.yaml"), "--audit-log-path="+c.auditLog(), "--audit-log-mode=blocking-strict")
}

// startRuntime starts containerd and gives it the images.
func (c *Cluster) startRuntime(ctx context.Context) error {
	if err := c.Begin("containerd", "containerd", "-c", filepath.Join(c.Dir, "config", "containerd.toml")); err != nil {
		return err
	}
	err := c.Until(ctx, patience, "containerd answers", func(ctx context.Context) error { return c.Run(ctx, "ctr", "version") })
	if err != nil {
		return err
	}
	for _, archive := range c.assets.Images {
		if err := c.Import(ctx, archive); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) waitForServer(ctx context.Context) error {
	return c.Until(ctx, patience, "the API server is ready", func(ctx context.Context) error {
		return c.Get(ctx, "/readyz", nil)
	})
}

// startRest starts what needs an API server.
func (c *Cluster) startRest(context.Context) error {
	as := func(who string) []string {
		k := c.pki(who + ".kubeconfig")
		return []string{
			"--kubeconfig=" + k, "--authentication-kubeconfig=" + k, "--authorization-kubeconfig=" + k,
			"--bind-address=127.0.0.1", "--leader-elect=false", "--profiling=false",
		}
	}
	err := c.Begin("kube-controller-manager", c.bin("kube-controller-manager"), append(as("controllers"),
		"--use-service-account-credentials=false", "--service-account-private-key-file="+c.pki("accounts.key"),
		"--root-ca-file="+c.pki("ca.crt"), "--flex-volume-plugin-dir="+filepath.Join(c.Dir, "volume-plugins"))...)
	if err != nil {
		return err
	}
	if err := c.Begin("kube-scheduler", c.bin("kube-scheduler"), as("scheduler")...); err != nil {
		return err
	}
	c.looks = Eager
	return c.Begin("kubelet", c.bin("kubelet"), "--housekeeping-interval="+c.looks.String(),
		"--config="+filepath.Join(c.Dir, "config", "kubelet.yaml"), "--kubeconfig="+c.pki("node.kubeconfig"),
		"--hostname-override="+node.Name, "--node-ip="+node.Address,
		"--root-dir="+filepath.Join(c.Dir, "kubelet"), "--cert-dir="+filepath.Join(c.Dir, "kubelet-pki"))
}

func (c *Cluster) waitForNode(ctx context.Context) error {
	return c.Until(ctx, patience, "the node takes Pods", func(ctx context.Context) error {
		var n struct {
			Spec   struct{ Taints []any }
			Status struct {
				Conditions []struct{ Type, Status string }
			}
		}
		if err := c.Get(ctx, "/api/v1/nodes/"+node.Name, &n); err != nil {
			return err
		}
		for _, condition := range n.Status.Conditions {
			if condition.Type == "Ready" && condition.Status == "True" && len(n.Spec.Taints) == 0 {
				// Without its ServiceAccount a namespace takes no Pods.
				return c.Get(ctx, "/api/v1/namespaces/default/serviceaccounts/default", nil)
			}
		}
		return errors.New("the node is not ready")
	})
}

// How often a kubelet looks at the memory of containers: Stock is its default, at which
// the figures come too late for a fast leak and a slow alert.
const (
	Eager = time.Second
	Stock = 10 * time.Second
)

// Housekeeping makes the kubelet look at the memory of containers so often. It is
// started anew for it; containers live on.
func (c *Cluster) Housekeeping(ctx context.Context, every time.Duration) error {
	if c.looks == every {
		return nil
	}
	if err := c.Crash("kubelet"); err != nil {
		return err
	}
	if err := c.crew.again("kubelet", "--housekeeping-interval="+every.String()); err != nil { // the last one counts
		return err
	}
	c.looks = every
	return c.Until(ctx, patience, "the kubelet is back", func(ctx context.Context) error {
		return c.Get(ctx, "/api/v1/nodes/"+node.Name+"/proxy/healthz/ping", nil)
	})
}

// Run runs a program to its end, and tells what it said when it fails.
func (c *Cluster) Run(ctx context.Context, program string, args ...string) error {
	_, err := c.Output(ctx, program, args...)
	return err
}

// Output is like Run and returns the program's standard output.
func (c *Cluster) Output(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	var out, told strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &told
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", filepath.Base(program), strings.Join(args, " "), err, strings.TrimSpace(told.String()+out.String()))
	}
	return out.String(), nil
}

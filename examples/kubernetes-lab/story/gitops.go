package story

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/squall-dev/squall/examples/kubernetes-lab/cluster"
)

// gitops lets Argo CD deploy Squall from a Git repository: it takes over what was
// applied by hand, brings a rule that is changed in Git into service and undoes what
// somebody changes in the cluster.
func (r *run) gitops() ([]row, error) {
	g := &gitops{argo: &argo{run: r, dir: filepath.Join(r.plan.Manifests, "..", "..", "deploy")}, rule: &swapping{run: r, says: "first"}}
	defer g.stop()
	if err := r.cluster.Get(r.ctx, g.rule.podPath(), &g.rule.pod); err != nil {
		return nil, err
	}
	for _, step := range []func() error{
		g.define, g.commitAll, g.start, g.takeOver,
		func() error { return g.rule.exchange("second", func() error { return g.commit("first", "second") }) },
		g.heal,
		func() error { return g.rule.exchange("first", func() error { return g.commit("second", "first") }) },
		g.rule.undisturbed,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return []row{{Run: r.number, Variant: r.name, Rate: r.rate, OK: true, Verdict: fmt.Sprintf(
		"ok, Argo CD has taken over after %.1f s; from commit until the kubelet had laid the rule down, and until it was in service: %s; drift undone after %.1f s; no restart",
		g.took.Seconds(), strings.Join(g.rule.took, ", "), g.healed.Seconds())}}, nil
}

type gitops struct {
	*argo
	rule         *swapping
	head         string // the newest commit
	took, healed time.Duration
}

func (g *gitops) repository() string { return filepath.Join(g.cluster.Dir, "repository") }

// overlay is where the lab's overlay lies in the repository.
const overlay = "examples/kubernetes-lab/manifests/squall"

// commitAll makes a repository of what is shipped and the lab's overlay.
func (g *gitops) commitAll() error {
	if err := os.RemoveAll(g.repository()); err != nil { // of a run before
		return fmt.Errorf("make a repository: %w", err)
	}
	for from, to := range map[string]string{g.dir: "examples/deploy", filepath.Join(g.plan.Manifests, "squall"): overlay} {
		if err := os.CopyFS(filepath.Join(g.repository(), to), os.DirFS(from)); err != nil {
			return fmt.Errorf("make a repository: %w", err)
		}
	}
	if err := g.cluster.Run(g.ctx, "git", "init", "-q", "-b", "main", g.repository()); err != nil {
		return err
	}
	return g.git("all")
}

func (g *gitops) git(message string) (err error) {
	if err := g.cluster.Run(g.ctx, "git", "-C", g.repository(), "add", "."); err != nil {
		return err
	}
	if err := g.cluster.Run(g.ctx, "git", "-C", g.repository(), "-c", "user.name=lab", "-c", "user.email=lab@localhost", "commit", "-q", "-m", message); err != nil {
		return err
	}
	g.head, err = g.cluster.Output(g.ctx, "git", "-C", g.repository(), "rev-parse", "HEAD")
	g.head = strings.TrimSpace(g.head)
	return err
}

// commit changes what the rule says, and tells Argo CD as a webhook of a Git server
// would: otherwise it looks every two minutes.
func (g *gitops) commit(from, to string) error {
	file := filepath.Join(g.repository(), overlay, "swap.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("change the rule: %w", err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), "message: "+from, "message: "+to, 1)), 0o644); err != nil {
		return fmt.Errorf("change the rule: %w", err)
	}
	if err := g.git(to); err != nil {
		return err
	}
	refresh := map[string]any{"argocd.argoproj.io/refresh": "normal"}
	return g.cluster.Patch(g.ctx, applicationPath, map[string]any{"metadata": map[string]any{"annotations": refresh}})
}

func programs() []string {
	return []string{"redis", "argocd-repo-server", "argocd-application-controller", "kustomize"}
}

// start starts the three programs that it takes, with the settings that they look for.
func (g *gitops) start() error {
	labels := map[string]any{"app.kubernetes.io/part-of": "argocd"}
	for resource, object := range map[string]map[string]any{
		"configmaps": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "argocd-cm", "labels": labels}},
		"secrets": {
			"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "argocd-secret", "labels": labels},
			"stringData": map[string]string{"server.secretkey": rand.Text()}, // of the API server that is not here
		},
	} {
		if err := g.cluster.Create(g.ctx, "/api/v1/namespaces/argocd/"+resource, object); err != nil && !strings.Contains(err.Error(), "AlreadyExists") {
			return err
		}
	}
	for _, name := range programs() {
		if err := os.Symlink(g.plan.ArgoCD.Programs, g.program(name)); err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("set up Argo CD: %w", err)
		}
	}
	const redis = "127.0.0.1:6379"
	dir := filepath.Join(g.cluster.Dir, "argocd")
	env := []string{"ARGOCD_FAKE_IN_CLUSTER=true", "ARGOCD_GPG_ENABLED=false", "ARGOCD_TLS_DATA_PATH=" + dir, "ARGOCD_SSH_DATA_PATH=" + dir, "ARGOCD_GPG_DATA_PATH=" + dir}
	return errors.Join(
		g.cluster.Begin("redis", g.program("redis"), redis),
		g.cluster.Begin("argocd-repo-server", "env", append(env, g.program("argocd-repo-server"),
			"--redis", redis, "--disable-tls", "--address", "127.0.0.1", "--metrics-address", "127.0.0.1")...),
		g.cluster.Begin("argocd-application-controller", "env", append(env, g.program("argocd-application-controller"),
			"--redis", redis, "--repo-server", "127.0.0.1:8081", "--repo-server-plaintext", "--namespace", "argocd", "--kubeconfig", g.cluster.Kubeconfig())...),
	)
}

func (g *gitops) program(name string) string { return filepath.Join(g.cluster.Dir, "bin", name) }

const applicationPath = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/squall"

// takeOver applies what is shipped, with the lab's repository, and two kinds that only
// the lab's overlay has.
func (g *gitops) takeOver() error {
	begin := time.Now()
	const shipped = "https://github.com/squall-dev/squall.git"
	replace := strings.NewReplacer(
		shipped, "file://"+g.repository(),
		"path: examples/deploy/kubernetes", "path: "+overlay,
		"squall=registry.example.com/squall:v1", "squall=localhost/squall:lab",
		`    - {group: "", kind: Namespace}`, `    - {group: "", kind: Namespace}
    - {group: rbac.authorization.k8s.io, kind: ClusterRole}
    - {group: rbac.authorization.k8s.io, kind: ClusterRoleBinding}`)
	for _, name := range []string{"project.yaml", "application.yaml"} {
		text, err := os.ReadFile(filepath.Join(g.dir, "argocd", name))
		if err != nil {
			return fmt.Errorf("read a manifest: %w", err)
		}
		file := filepath.Join(g.cluster.Dir, name)
		if err := os.WriteFile(file, []byte(replace.Replace(string(text))), 0o644); err != nil {
			return fmt.Errorf("write a manifest: %w", err)
		}
		if err := g.cluster.Run(g.ctx, "kubectl", "apply", "-f", file); err != nil {
			return err
		}
	}
	err := g.cluster.Until(g.ctx, 2*time.Minute, "Argo CD has synchronized", func(ctx context.Context) error {
		var app struct {
			Status struct {
				Sync       struct{ Status, Revision string }
				Health     struct{ Status string }
				Conditions json.RawMessage
			}
		}
		err := g.cluster.Get(ctx, applicationPath, &app)
		if s := app.Status; err == nil && (s.Sync.Status != "Synced" || s.Health.Status != "Healthy" || s.Sync.Revision != g.head) {
			err = fmt.Errorf("it is %s, %s at %s: %s", s.Sync.Status, s.Health.Status, s.Sync.Revision, s.Conditions)
		}
		return err
	})
	g.took = time.Since(begin)
	return err
}

// heal changes the rule in the cluster and waits until Argo CD has undone that.
func (g *gitops) heal() error {
	begin := time.Now()
	rule, err := g.rule.configMap("swap.yaml")
	if err != nil {
		return err
	}
	drifted := map[string]any{"swap.yaml": strings.Replace(rule, "message: second", "message: drifted", 1)}
	if err := g.cluster.Patch(g.ctx, configMapPath, map[string]any{"data": drifted}); err != nil {
		return err
	}
	err = g.cluster.Until(g.ctx, time.Minute, "Argo CD has undone the change", func(context.Context) error {
		now, err := g.rule.configMap("swap.yaml")
		if err == nil && now != rule {
			err = errors.New("the ConfigMap holds what was changed by hand")
		}
		return err
	})
	g.healed = time.Since(begin)
	return err
}

// stop leaves what is deployed as it is, and ends Argo CD.
func (g *gitops) stop() {
	if err := g.cluster.Delete(context.WithoutCancel(g.ctx), applicationPath); err != nil && !errors.Is(err, cluster.ErrNotFound) {
		g.say("delete the Application: %v", err)
	}
	for _, name := range programs()[:3] {
		if err := g.cluster.Crash(name); err != nil {
			g.say("end Argo CD: %v", err)
		}
	}
}

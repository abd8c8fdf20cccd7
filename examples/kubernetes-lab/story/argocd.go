package story

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// argoCD looks whether the shipped manifests for Argo CD are what its resource
// definitions allow, whether broken ones would be noticed, and whether the project
// lets through what the Application deploys. Argo CD itself does not run.
func (r *run) argoCD() ([]row, error) {
	a := &argo{run: r, dir: filepath.Join(r.plan.Manifests, "..", "..", "deploy")}
	for _, step := range []func() error{a.define, a.accepted, a.refused, a.permitted} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return []row{{Run: r.number, Variant: r.name, Rate: r.rate, OK: true, Verdict: fmt.Sprintf(
		"ok, the definitions accept Application and AppProject and refuse %d broken ones; the project permits all %d objects of the base", len(breakages()), a.objects)}}, nil
}

type argo struct {
	*run
	dir     string // of what is shipped to be deployed
	objects int
}

// define installs the definitions.
func (a *argo) define() error {
	for _, name := range []string{"application", "appproject"} {
		if err := a.cluster.Run(a.ctx, "kubectl", "apply", "--server-side", "-f", filepath.Join(a.plan.ArgoCD.Definitions, name+"-crd.yaml")); err != nil {
			return err
		}
	}
	if err := a.cluster.Run(a.ctx, "kubectl", "wait", "--for=condition=Established", "--timeout=60s", "crd/applications.argoproj.io", "crd/appprojects.argoproj.io"); err != nil {
		return err
	}
	err := a.cluster.Create(a.ctx, "/api/v1/namespaces", map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "argocd"}})
	if err != nil && !strings.Contains(err.Error(), "AlreadyExists") { // of a run before
		return err
	}
	return nil
}

// accepted applies what is shipped, and looks whether all of it was kept.
func (a *argo) accepted() error {
	if err := a.cluster.Run(a.ctx, "kubectl", "apply", "--validate=strict", "-k", filepath.Join(a.dir, "argocd")); err != nil {
		return fmt.Errorf("%w: %w", errStory, err)
	}
	return a.cluster.Until(a.ctx, 10*time.Second, "the Application is there", func(ctx context.Context) error {
		var app struct {
			Spec struct {
				Project string
				Source  struct{ Kustomize struct{ Patches []any } }
			}
		}
		if err := a.cluster.Get(ctx, "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/squall", &app); err != nil {
			return err
		}
		if app.Spec.Project != "squall" || len(app.Spec.Source.Kustomize.Patches) != 1 {
			return fmt.Errorf("it is %+v", app)
		}
		return nil
	})
}

// breakage is a mistake in a shipped manifest, and what the API server must say of it.
type breakage struct{ file, old, new, says string }

func breakages() []breakage {
	return []breakage{
		{"application.yaml", "  project: squall\n", "", "spec.project: Required value"},
		{"application.yaml", "targetRevision:", "targetRevison:", `unknown field "spec.source.targetRevison"`},
		{"application.yaml", "prune: true", "prune: always", "spec.syncPolicy.automated.prune"},
		{"project.yaml", "{group: apps, kind: Deployment}", "{group: apps}", "kind: Required value"},
	}
}

// refused applies broken manifests, as a trial.
func (a *argo) refused() error {
	for i, b := range breakages() {
		text, err := os.ReadFile(filepath.Join(a.dir, "argocd", b.file))
		if err != nil {
			return fmt.Errorf("read a manifest: %w", err)
		}
		broken := strings.Replace(string(text), b.old, b.new, 1)
		if broken == string(text) {
			return fmt.Errorf("%w: there is no %q in %s to break", errStory, b.old, b.file)
		}
		file := filepath.Join(a.cluster.Dir, fmt.Sprintf("broken-%d.yaml", i))
		if err := os.WriteFile(file, []byte(broken), 0o644); err != nil {
			return fmt.Errorf("write a manifest: %w", err)
		}
		err = a.cluster.Run(a.ctx, "kubectl", "create", "--dry-run=server", "--validate=strict", "-f", file)
		if err == nil || !strings.Contains(err.Error(), b.says) {
			return fmt.Errorf("%w: %s with %q should be refused by %q: %w", errStory, b.file, b.new, b.says, errors.Join(err, errNotRefused))
		}
	}
	return nil
}

var errNotRefused = errors.New("it was not, or for another reason")

// permitted compares what the base consists of with what the project lets through,
// which Argo CD does when it synchronizes.
func (a *argo) permitted() error {
	type kind struct{ Group, Kind string }
	var project struct {
		Spec struct {
			Destinations               []struct{ Namespace string }
			ClusterResourceWhitelist   []kind
			NamespaceResourceWhitelist []kind
		}
	}
	if err := a.cluster.Get(a.ctx, "/apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects/squall", &project); err != nil {
		return err
	}
	base, err := a.cluster.Output(a.ctx, "kubectl", "create", "--dry-run=client", "-o", "json", "-k", filepath.Join(a.dir, "kubernetes"))
	if err != nil {
		return err
	}
	for objects := json.NewDecoder(strings.NewReader(base)); objects.More(); a.objects++ {
		var o struct {
			APIVersion, Kind string
			Metadata         struct{ Name, Namespace string }
		}
		if err := objects.Decode(&o); err != nil {
			return fmt.Errorf("read the base: %w", err)
		}
		group, _, found := strings.Cut(o.APIVersion, "/")
		if !found {
			group = ""
		}
		allowed, place := project.Spec.ClusterResourceWhitelist, true
		if o.Metadata.Namespace != "" {
			allowed = project.Spec.NamespaceResourceWhitelist
			place = slices.ContainsFunc(project.Spec.Destinations, func(d struct{ Namespace string }) bool { return d.Namespace == o.Metadata.Namespace })
		}
		if !place || !slices.Contains(allowed, kind{group, o.Kind}) {
			return fmt.Errorf("%w: the project does not permit %s %s/%s", errStory, o.Kind, o.Metadata.Namespace, o.Metadata.Name)
		}
	}
	return nil
}

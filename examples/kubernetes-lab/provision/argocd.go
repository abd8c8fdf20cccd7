package provision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// argoVersion is the Argo CD that the module in folder argocd asks for; a test holds the
// two together.
const argoVersion = "v3.2.6"

// ArgoCD is what the lab has of it.
type ArgoCD struct {
	Definitions string // folder of the resource definitions
	Programs    string // one binary of all programs; empty unless they were asked for
}

// ArgoCD gets the resource definitions out of Argo CD's Go module, and builds its
// programs if they are wanted. That takes some ten minutes, once.
func (s Source) ArgoCD(ctx context.Context, programs bool) (a ArgoCD, err error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", "github.com/argoproj/argo-cd/v3@"+argoVersion)
	cmd.Dir = os.TempDir() // in a module, it would become a part of that
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return a, fmt.Errorf("download Argo CD's module: %w: %s", err, out)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return a, fmt.Errorf("download Argo CD's module: %w", err)
	}
	a.Definitions = filepath.Join(module.Dir, "manifests", "crds")
	if programs {
		a.Programs, err = s.argoPrograms(ctx)
	}
	return a, err
}

func (s Source) argoPrograms(ctx context.Context) (string, error) {
	sum, err := s.sum("argocd/go.mod", "argocd/go.sum", "argocd/main.go")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(s.Cache, "argocd-"+argoVersion+"-"+sum)
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	unlock, err := s.lock()
	if err != nil {
		return "", err
	}
	defer unlock()
	s.say("building Argo CD %s, once: about 10 minutes on two cores", argoVersion)
	cmd := s.goCommand(ctx, "build", "-ldflags", "-s -w", "-o", binary+".new", ".")
	cmd.Dir = filepath.Join(s.module(), "argocd")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("build Argo CD: %w", err), fmt.Errorf("%s", out))
	}
	if err := os.Rename(binary+".new", binary); err != nil {
		return "", fmt.Errorf("keep the Argo CD binary: %w", err)
	}
	return binary, nil
}

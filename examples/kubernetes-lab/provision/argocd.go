package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// argoVersion is the Argo CD whose resource definitions the lab uses.
const argoVersion = "v3.5.7"

// ArgoCD gets the folder with Argo CD's resource definitions, out of its Go module. That
// is no dependency of the lab: nothing of it is compiled.
func (s Source) ArgoCD(ctx context.Context) (definitions string, err error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", "github.com/argoproj/argo-cd/v3@"+argoVersion)
	cmd.Dir = os.TempDir() // in a module, it would become a part of that
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("download Argo CD's module: %w: %s", err, out)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return "", fmt.Errorf("download Argo CD's module: %w", err)
	}
	return filepath.Join(module.Dir, "manifests", "crds"), nil
}

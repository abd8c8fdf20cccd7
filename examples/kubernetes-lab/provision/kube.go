package provision

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// kubernetesVersion is what go.mod asks for; a test holds the two together. The
// components would call themselves v0.0.0 if the linker did not tell them.
const kubernetesVersion = "v1.37.2"

// kube builds the binary of all components, unless the cache has one that was built
// from the same sources by the same compiler.
func (s Source) kube(ctx context.Context) (string, error) {
	sum, err := s.sum("go.mod", "go.sum", "kube/main.go")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(s.Cache, "kube-"+kubernetesVersion+"-"+sum)
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	s.say("building Kubernetes %s, once: 10 to 20 minutes on two cores, 5 GB of build cache", kubernetesVersion)
	start := time.Now()
	if err := s.buildKube(ctx, binary+".new"); err != nil {
		return "", err
	}
	if err := os.Rename(binary+".new", binary); err != nil {
		return "", fmt.Errorf("keep the Kubernetes binary: %w", err)
	}
	s.say("Kubernetes is built, in %s: %s", time.Since(start).Round(time.Second), binary)
	return binary, nil
}

// sum names a binary by its sources and its compiler.
func (s Source) sum(files ...string) (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, runtime.Version())
	for _, name := range files {
		content, err := os.ReadFile(filepath.Join(s.module(), name))
		if err != nil {
			return "", fmt.Errorf("read the lab's sources: %w", err)
		}
		fmt.Fprintln(h, name, len(content))
		_, _ = h.Write(content) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil))[:12], nil
}

func (s Source) buildKube(ctx context.Context, to string) error {
	const pkg = "k8s.io/component-base/version."
	number := strings.Split(strings.TrimPrefix(kubernetesVersion, "v"), ".")
	flags := fmt.Sprintf("-s -w -X %sgitVersion=%s -X %sgitMajor=%s -X %sgitMinor=%s",
		pkg, kubernetesVersion, pkg, number[0], pkg, number[1])
	cmd := s.goCommand(ctx, "build", "-v", "-ldflags", flags, "-o", to, "./kube")
	told, err := cmd.StderrPipe()
	if err != nil {
		return fmt.Errorf("build Kubernetes: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("build Kubernetes: %w", err)
	}
	other := s.progress(told)
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("build Kubernetes: %w\n%s", err, other)
	}
	return nil
}

// progress counts the packages that the compiler names, and returns what else it
// says.
func (s Source) progress(from io.Reader) (other string) {
	var rest strings.Builder
	count, start, said := 0, time.Now(), time.Now()
	for lines := bufio.NewScanner(from); lines.Scan(); {
		line := lines.Text()
		if strings.ContainsAny(line, " \t#") { // a package's path holds none of these
			fmt.Fprintln(&rest, line)
			continue
		}
		count++
		if time.Since(said) > 20*time.Second {
			said = time.Now()
			s.say("  %d packages after %s, at most about 2,000", count, time.Since(start).Round(time.Second))
		}
	}
	return rest.String()
}

// goCommand runs Go in the lab's module, without cgo everywhere: else client-go and
// all that hangs on it would be compiled twice.
func (s Source) goCommand(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = s.module()
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false", "GOWORK=off")
	return cmd
}

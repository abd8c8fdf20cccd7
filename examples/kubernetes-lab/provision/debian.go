package provision

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// packages are what the lab takes from Debian.
func packages() []string {
	return []string{"containerd", "runc", "containernetworking-plugins", "prometheus", "prometheus-alertmanager", "busybox-static"}
}

// debian downloads the packages and unpacks them into a folder. They are not
// installed: no service of theirs starts, and the machine stays as it is.
func (s Source) debian(ctx context.Context) (string, error) {
	list := sha256.Sum256([]byte(strings.Join(packages(), " "))) // another list is another folder
	root := filepath.Join(s.Cache, "debian-"+hex.EncodeToString(list[:4]))
	if _, err := os.Stat(root); err == nil {
		return root, nil
	}
	s.say("fetching Debian packages: %v", packages())
	fresh, err := os.MkdirTemp(s.Cache, "fetching-")
	if err != nil {
		return "", fmt.Errorf("fetch Debian packages: %w", err)
	}
	defer os.RemoveAll(fresh)
	archives := filepath.Join(fresh, "archives")
	if err := os.Mkdir(archives, 0o755); err != nil {
		return "", fmt.Errorf("fetch Debian packages: %w", err)
	}
	if err := s.download(ctx, archives); err != nil {
		return "", err
	}
	if err := unpack(ctx, archives, filepath.Join(fresh, "root")); err != nil {
		return "", err
	}
	if err := os.Rename(filepath.Join(fresh, "root"), root); err != nil {
		return "", fmt.Errorf("keep the Debian packages: %w", err)
	}
	return root, nil
}

// download asks for the lists of packages only when there are none, or none that
// still holds.
func (s Source) download(ctx context.Context, to string) error {
	get := append([]string{"download", "-q"}, packages()...)
	if run(ctx, to, "apt-get", get...) == nil {
		return nil
	}
	if err := run(ctx, to, "apt-get", "update", "-q"); err != nil {
		return fmt.Errorf("fetch Debian packages: %w", err)
	}
	if err := run(ctx, to, "apt-get", get...); err != nil {
		return fmt.Errorf("fetch Debian packages: %w", err)
	}
	return nil
}

func unpack(ctx context.Context, archives, root string) error {
	all, err := filepath.Glob(filepath.Join(archives, "*.deb"))
	if err != nil {
		return fmt.Errorf("find the Debian packages: %w", err)
	}
	for _, archive := range all {
		if err := run(ctx, archives, "dpkg", "-x", archive, root); err != nil {
			return fmt.Errorf("unpack a Debian package: %w", err)
		}
	}
	return nil
}

// run runs a program, and tells what it said when it fails.
func run(ctx context.Context, dir, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", program, args[0], err, out)
	}
	return nil
}

// Package provision gets what the lab is made of: Kubernetes from the Go module
// proxy, containerd and Prometheus from Debian, images from this repository. What
// takes long is done once and kept in a cache; nothing is installed on the machine.
package provision

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// Source says where things come from and where they are kept.
type Source struct {
	Repository string    // the root of this repository
	Cache      string    // see [DefaultCache]
	Out        io.Writer // progress, for people
}

// Assets are the files that a lab runs from.
type Assets struct {
	Kube    string   // the binary of all Kubernetes components
	Debian  string   // root of the unpacked Debian packages
	Images  []string // archives to import
	Squall  string   // the program under test
	Version string   // of Kubernetes
}

// DefaultCache is where assets are kept unless the user says otherwise.
func DefaultCache() (string, error) {
	base, err := os.UserCacheDir() // honours XDG_CACHE_HOME
	if err != nil {
		return "", fmt.Errorf("find a place for the lab's cache: %w (set XDG_CACHE_HOME)", err)
	}
	return filepath.Join(base, "squall-lab"), nil
}

// Prepare gets everything that is not there yet.
func (s Source) Prepare(ctx context.Context) (Assets, error) {
	if err := os.MkdirAll(s.Cache, 0o755); err != nil {
		return Assets{}, fmt.Errorf("make the lab's cache: %w", err)
	}
	unlock, err := s.lock()
	if err != nil {
		return Assets{}, err
	}
	defer unlock()
	a := Assets{Version: kubernetesVersion, Squall: filepath.Join(s.Repository, "bin", "squall")}
	if a.Debian, err = s.debian(ctx); err != nil {
		return Assets{}, err
	}
	if a.Kube, err = s.kube(ctx); err != nil {
		return Assets{}, err
	}
	a.Images, err = s.images(ctx, a)
	return a, err
}

// lock keeps two labs that start at the same time from building the same thing.
func (s Source) lock() (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(s.Cache, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock the lab's cache: %w", err)
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		s.say("another lab prepares itself in %s; waiting for it", s.Cache)
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
			return nil, fmt.Errorf("lock the lab's cache: %w", err)
		}
	}
	return func() { _ = f.Close() }, nil // closing gives the lock back
}

func (s Source) say(format string, args ...any) { fmt.Fprintf(s.Out, format+"\n", args...) }

// module is the folder of the lab's own Go module.
func (s Source) module() string { return filepath.Join(s.Repository, "examples", "kubernetes-lab") }

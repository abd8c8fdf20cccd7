package node

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Furnish turns the namespaces that the process lives in into a node: a name,
// addresses, and folders that may be written to without the machine noticing.
// debian is the root of unpacked packages, whose data is shown where their programs
// look for it.
func (s Space) Furnish(ctx context.Context, debian string) error {
	if err := syscall.Sethostname([]byte(Name)); err != nil {
		return fmt.Errorf("name the node: %w", err)
	}
	for _, line := range []string{
		"link set lo up",
		"link add lab0 type bridge",
		"addr add " + Address + "/24 dev lab0",
		"addr add " + ServiceAddress + "/32 dev lab0",
		"link set lab0 up",
	} {
		if out, err := exec.CommandContext(ctx, "ip", strings.Fields(line)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w\n%s", line, err, out)
		}
	}
	if err := s.cover(debian); err != nil {
		return err
	}
	if err := s.pretend(); err != nil {
		return err
	}
	// The kubelet hands mounts on to containers.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_SHARED, ""); err != nil {
		return fmt.Errorf("share the mounts with containers: %w", err)
	}
	return nil
}

// cover lays writable folders over those of the machine. Sockets lie in /run, so it
// is a fresh one.
func (s Space) cover(debian string) error {
	if err := syscall.Mount("tmpfs", "/run", "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("cover /run: %w", err)
	}
	if err := os.MkdirAll("/run/containerd", 0o755); err != nil {
		return fmt.Errorf("cover /run: %w", err)
	}
	for _, dir := range []string{"/var/lib", "/var/log", "/etc"} {
		name := strings.ReplaceAll(dir[1:], "/", "-")
		upper, work := filepath.Join(s.Dir, "over", name), filepath.Join(s.Dir, "over", name+".work")
		for _, d := range []string{upper, work} {
			if err := os.MkdirAll(d, 0o755); err != nil {
				return fmt.Errorf("cover %s: %w", dir, err)
			}
		}
		if err := syscall.Mount("overlay", dir, "overlay", 0, "lowerdir="+dir+",upperdir="+upper+",workdir="+work); err != nil {
			return fmt.Errorf("cover %s: %w (the lab's folder must lie on a disk, not on an overlay or in memory; see --dir)", dir, err)
		}
	}
	share := filepath.Join(debian, "usr", "share")
	if err := syscall.Mount("overlay", "/usr/share", "overlay", 0, "lowerdir="+share+":/usr/share"); err != nil {
		return fmt.Errorf("show the data of Debian's packages: %w", err)
	}
	return nil
}

// settings are those of the kernel that a kubelet changes for the whole machine,
// unless they are like this already.
func settings() map[string]string {
	return map[string]string{"vm/overcommit_memory": "1", "kernel/panic": "10", "kernel/panic_on_oops": "1"}
}

// pretend lays files over those settings, so that the kubelet finds what it wants
// and the machine keeps what it has.
func (s Space) pretend() error {
	dir := filepath.Join(s.Dir, "settings")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("cover the kernel's settings: %w", err)
	}
	for name, value := range settings() {
		file := filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(file, []byte(value+"\n"), 0o644); err != nil {
			return fmt.Errorf("cover the kernel's settings: %w", err)
		}
		if err := syscall.Mount(file, "/proc/sys/"+name, "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("cover the kernel's setting %s: %w", name, err)
		}
	}
	return nil
}

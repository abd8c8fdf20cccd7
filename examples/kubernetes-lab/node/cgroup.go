package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// hierarchies are the places where cgroups are made: one for each controller in
// version 1, one for all in version 2.
func hierarchies() ([]string, error) {
	const root = "/sys/fs/cgroup"
	inside, err := filepath.Glob(root + "/*/cgroup.procs")
	if err != nil {
		return nil, fmt.Errorf("find the cgroups: %w", err)
	}
	if _, err := os.Stat(root + "/cgroup.procs"); err == nil { // version 2 alone
		return []string{root}, nil
	}
	var found []string
	for _, file := range inside {
		dir, err := filepath.EvalSymlinks(filepath.Dir(file)) // "cpu" may lead to "cpu,cpuacct"
		if err != nil {
			return nil, fmt.Errorf("find the cgroups: %w", err)
		}
		if !slices.Contains(found, dir) {
			found = append(found, dir)
		}
	}
	return found, nil
}

// Enter makes the space's cgroups. Kubelets that shared one would take each other's
// containers for leftovers and kill them.
func (s Space) Enter() error {
	dirs, err := hierarchies()
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		fresh := filepath.Join(dir, s.Cgroup)
		if err := os.Mkdir(fresh, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make cgroup %s: %w", fresh, err)
		}
		for _, name := range []string{"cpuset.cpus", "cpuset.mems"} { // version 1 leaves them empty
			if err := inherit(dir, fresh, name); err != nil {
				return fmt.Errorf("make cgroup %s: %w", fresh, err)
			}
		}
	}
	return nil
}

func inherit(from, to, name string) error {
	if set, err := os.ReadFile(filepath.Join(to, name)); err != nil || len(strings.TrimSpace(string(set))) > 0 {
		return nil // no cpuset here, or a set that needs nothing
	}
	value, err := os.ReadFile(filepath.Join(from, name))
	if err != nil {
		return nil // the root of version 2 has none
	}
	return os.WriteFile(filepath.Join(to, name), value, 0o644)
}

// Leave removes the space's cgroups, once the processes in them are dead, which the
// kernel may tell a little late.
func (s Space) Leave() error {
	dirs, err := hierarchies()
	if err != nil {
		return err
	}
	var left []string
	for attempt := range 50 {
		left = nil
		for _, dir := range dirs {
			if err := removeTree(filepath.Join(dir, s.Cgroup)); err != nil {
				left = append(left, err.Error())
			}
		}
		if left == nil {
			return nil
		}
		time.Sleep(time.Duration(min(attempt+1, 10)) * 10 * time.Millisecond)
	}
	return fmt.Errorf("remove the lab's cgroups: %s", strings.Join(left, "; "))
}

// removeTree removes a cgroup and those in it. Their files are the kernel's.
func removeTree(top string) error {
	var dirs []string
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			dirs = append(dirs, path)
		}
		return nil // what can not be listed is gone or will not go below
	})
	slices.Reverse(dirs)
	for _, dir := range dirs {
		if gone := os.Remove(dir); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/squall-dev/squall/examples/kubernetes-lab/node"
	"github.com/squall-dev/squall/examples/kubernetes-lab/provision"
	"github.com/squall-dev/squall/examples/kubernetes-lab/story"
)

// The commands by which the lab calls itself: as first process of the namespaces, and
// as what runs in them.
const (
	commandInit = "init-of-the-lab"
	commandNode = "node-of-the-lab"
)

// session is one life of a cluster, as those inside are told of it.
type session struct {
	Dir    string
	Cgroup string
	Assets provision.Assets
	// One of these says what to do once the cluster is there; neither means: stay.
	Command []string
	Story   *story.Plan
}

func (o options) source() (provision.Source, error) {
	cache, err := provision.DefaultCache()
	return provision.Source{Repository: o.repository, Cache: cache, Out: os.Stderr}, err
}

func (o options) prepare(ctx context.Context) (provision.Assets, error) {
	source, err := o.source()
	if err != nil {
		return provision.Assets{}, err
	}
	return source.Prepare(ctx)
}

// open prepares a session in a folder.
func (o options) open(ctx context.Context, dir string) (session, error) {
	assets, err := o.prepare(ctx)
	return session{Dir: dir, Cgroup: "squall-lab-" + filepath.Base(dir), Assets: assets}, err
}

func readSession(file string) (s session, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return s, fmt.Errorf("read the session: %w", err)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("read the session: %w", err)
	}
	return s, nil
}

func (s session) file() string { return filepath.Join(s.Dir, "session.json") }

func (s session) space() node.Space {
	return node.Space{Dir: s.Dir, Cgroup: s.Cgroup, Out: os.Stdout}
}

// start makes the cgroups and starts the first process.
func (s session) start(ctx context.Context, space node.Space) (*exec.Cmd, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("write down the session: %w", err)
	}
	if err := os.WriteFile(s.file(), text, 0o600); err != nil {
		return nil, fmt.Errorf("write down the session: %w", err)
	}
	if err := space.Enter(); err != nil {
		return nil, err
	}
	cmd, err := space.Command(ctx, commandInit, s.file())
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the node: %w", err)
	}
	return cmd, nil
}

// once runs a session to its end and takes everything away. Of one that failed the
// logs stay.
func (o options) once(ctx context.Context, fill func(*session)) (exitCode int, err error) {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return 1, fmt.Errorf("make a place for the cluster: %w", err)
	}
	o.sweep()
	dir, err := os.MkdirTemp(o.dir, "run-")
	if err != nil {
		return 1, fmt.Errorf("make a place for the cluster: %w", err)
	}
	failed := true
	defer func() { err = errors.Join(err, cleanUp(dir, failed)) }()
	s, err := o.open(ctx, dir)
	if err != nil {
		return 1, err
	}
	fill(&s)
	cmd, err := s.start(ctx, s.space())
	if err != nil {
		return 1, err
	}
	err = cmd.Wait()
	failed = err != nil && ctx.Err() == nil
	switch exit := (*exec.ExitError)(nil); {
	case ctx.Err() != nil:
		return 130, errors.New("interrupted; nothing stays")
	case errors.As(err, &exit):
		return exit.ExitCode(), nil
	}
	return 0, err
}

// cleanUp removes a session's cgroups and folder, but for the logs of one that failed.
func cleanUp(dir string, failed bool) error {
	err := node.Space{Dir: dir, Cgroup: "squall-lab-" + filepath.Base(dir)}.Leave()
	entries, reading := os.ReadDir(dir)
	err = errors.Join(err, reading)
	kept := false
	for _, entry := range entries {
		if failed && entry.Name() == "log" {
			kept = true
			continue
		}
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, entry.Name())))
	}
	if kept {
		fmt.Fprintln(os.Stderr, "lab: the logs stay in", filepath.Join(dir, "log"))
		return err
	}
	return errors.Join(err, os.Remove(dir))
}

// keepLogs is for how long the logs of a session that failed stay.
const keepLogs = 7 * 24 * time.Hour

// sweep removes what sessions have left whose program was killed in the middle, and
// logs that nobody will read any more.
func (o options) sweep() {
	all, _ := filepath.Glob(filepath.Join(o.dir, "*", "session.json")) // the pattern is sound
	for _, file := range all {
		if running(file) == 0 && !fresh(file) {
			if err := cleanUp(filepath.Dir(file), false); err != nil {
				fmt.Fprintln(os.Stderr, "lab: clean up after a session that was killed:", err)
			}
		}
	}
	logs, _ := filepath.Glob(filepath.Join(o.dir, "run-*", "log")) // the pattern is sound
	for _, dir := range logs {
		info, err := os.Stat(dir)
		if _, live := os.Stat(filepath.Join(filepath.Dir(dir), "session.json")); err == nil && live != nil && time.Since(info.ModTime()) > keepLogs {
			_ = os.RemoveAll(filepath.Dir(dir)) // the next session tries again
		}
	}
}

// running returns the first process of a session, or 0.
func running(file string) (pid int) {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is sound
	for _, name := range all {
		line, err := os.ReadFile(name)
		if err != nil {
			continue // it has just ended
		}
		if words := strings.Split(strings.TrimRight(string(line), "\x00"), "\x00"); len(words) == 3 && words[1] == commandInit && words[2] == file {
			_, _ = fmt.Sscanf(name, "/proc/%d/", &pid) // by the pattern
			return pid
		}
	}
	return 0
}

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/squall-dev/squall/examples/kubernetes-lab/story"
)

// fresh reports whether a session has only begun: its process may not be there yet.
func fresh(file string) bool {
	info, err := os.Stat(file)
	return err == nil && time.Since(info.ModTime()) < time.Minute
}

func (o options) home() string { return filepath.Join(o.dir, o.name) }

// up starts a cluster that outlives this program.
func (o options) up(ctx context.Context) error {
	file := filepath.Join(o.home(), "session.json")
	if running(file) != 0 {
		return fmt.Errorf("a cluster called %q is up already; lab run uses it, lab down ends it", o.name)
	}
	if err := os.RemoveAll(o.home()); err != nil {
		return fmt.Errorf("make a place for the cluster: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(o.home(), "log"), 0o755); err != nil {
		return fmt.Errorf("make a place for the cluster: %w", err)
	}
	s, err := o.open(ctx, o.home())
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(s.Dir, "log", "lab.log"))
	if err != nil {
		return fmt.Errorf("make a place for the cluster: %w", err)
	}
	defer log.Close() // the node has its own
	space := s.space()
	space.Outlive, space.Out = true, log
	cmd, err := s.start(context.WithoutCancel(ctx), space)
	if err == nil {
		err = settled(ctx, cmd, s)
	}
	if err != nil {
		return errors.Join(err, cleanUp(s.Dir, true))
	}
	fmt.Printf("a cluster is up. Try: lab run kubectl get nodes; lab shell; lab down\nlogs: %s\n", filepath.Join(s.Dir, "log"))
	return nil
}

// settled waits until a cluster that is to stay is ready, or has failed.
func settled(ctx context.Context, cmd *exec.Cmd, s session) error {
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(s.ready()); err == nil {
			return nil
		}
		select {
		case err := <-ended:
			text, _ := os.ReadFile(filepath.Join(s.Dir, "log", "lab.log")) // best effort: an error is told anyway
			return fmt.Errorf("the cluster did not start: %w\n%s", err, text)
		case <-ctx.Done():
			_ = cmd.Process.Kill()
			<-ended
			return fmt.Errorf("the cluster did not start: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// ready is a file that is there once the cluster is.
func (s session) ready() string { return filepath.Join(s.Dir, "ready") }

// down ends a cluster that is up.
func (o options) down() error {
	pid := running(filepath.Join(o.home(), "session.json"))
	if _, err := os.Stat(o.home()); err != nil && pid == 0 {
		return fmt.Errorf("no cluster called %q is up", o.name)
	}
	if pid != 0 {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			return fmt.Errorf("end the cluster: %w", err)
		}
	}
	return cleanUp(o.home(), false)
}

// run runs a command in the cluster that is up, or in one of its own.
func (o options) run(ctx context.Context, command []string) (exitCode int, err error) {
	pid := running(filepath.Join(o.home(), "session.json"))
	if pid == 0 {
		return o.once(ctx, func(s *session) { s.Command = command })
	}
	cmd := exec.CommandContext(ctx, "nsenter", append([]string{
		"--target", strconv.Itoa(pid), "--mount", "--net", "--pid", "--uts", "--ipc", "--wdns=" + workingDir(), "--",
	}, command...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	s, err := readSession(filepath.Join(o.home(), "session.json"))
	if err != nil {
		return 1, err
	}
	cmd.Env = s.environment()
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

func workingDir() string {
	dir, err := os.Getwd()
	if err != nil {
		return "/"
	}
	return dir
}

// story tells the story in a cluster of its own.
func (o options) story(ctx context.Context, args []string) (exitCode int, err error) {
	f := flag.NewFlagSet("lab story", flag.ExitOnError)
	plan := story.Flags(f)
	if err := f.Parse(args); err != nil {
		return 2, err
	}
	if f.NArg() > 0 {
		return 2, fmt.Errorf("lab story takes no %q; lab story -h lists its flags", f.Arg(0))
	}
	if err := plan.Check(); err != nil {
		return 2, err
	}
	plan.Manifests = filepath.Join(o.repository, "examples", "kubernetes-lab", "manifests")
	if plan.Wants("argocd") || plan.Wants("gitops") { // in the node there is no way to a proxy
		source, err := o.source()
		if err != nil {
			return 1, err
		}
		if plan.ArgoCD, err = source.ArgoCD(ctx, plan.Wants("gitops")); err != nil {
			return 1, err
		}
	}
	return o.once(ctx, func(s *session) { s.Story = plan })
}

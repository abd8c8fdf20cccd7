package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/squall-dev/squall/examples/kubernetes-lab/cluster"
	"github.com/squall-dev/squall/examples/kubernetes-lab/story"
)

// insideNode is what runs in the namespaces: it starts the cluster and does what the
// session asks for.
func insideNode(file string) (exitCode int, err error) {
	s, err := readSession(file)
	if err != nil {
		return 1, err
	}
	ctx, start := context.Background(), time.Now()
	if err := s.space().Furnish(ctx, s.Assets.Debian); err != nil {
		return 1, err
	}
	for _, pair := range s.environment() { // programs are looked up in our own PATH
		for i := range pair {
			if pair[i] == '=' {
				_ = os.Setenv(pair[:i], pair[i+1:]) // a name without = or NUL is always taken
				break
			}
		}
	}
	c, err := cluster.Start(ctx, s.space(), s.Assets)
	if err != nil {
		return 1, err
	}
	fmt.Fprintf(os.Stderr, "Kubernetes %s is ready after %.1f s\n", s.Assets.Version, time.Since(start).Seconds())
	switch {
	case s.Story != nil:
		return 0, story.Tell(ctx, c, *s.Story)
	case len(s.Command) > 0:
		return command(s.Command)
	}
	if err := os.WriteFile(s.ready(), nil, 0o644); err != nil {
		return 1, fmt.Errorf("tell that the cluster is ready: %w", err)
	}
	select {} // until lab down kills the namespaces
}

// command runs what people ask for. A Ctrl-C is meant for it, not for us.
func command(words []string) (exitCode int, err error) {
	signal.Notify(make(chan os.Signal, 1), os.Interrupt) // not ignored: it would inherit that
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// environment is ours with the cluster's programs and credentials.
func (s session) environment() []string {
	bin := filepath.Join(s.Assets.Debian, "usr", "bin") + ":" + filepath.Join(s.Assets.Debian, "usr", "sbin")
	kubeconfig := filepath.Join(s.Dir, "pki", "admin.kubeconfig")
	return append(os.Environ(),
		"PATH="+filepath.Join(s.Dir, "bin")+":"+bin+":"+os.Getenv("PATH"),
		"KUBECONFIG="+kubeconfig, "SQUALL_LAB_KUBECONFIG="+kubeconfig)
}

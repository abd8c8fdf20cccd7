// Command lab starts a real Kubernetes in namespaces of its own, runs something in it
// and takes all of it away again. See the README of the folder above.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/squall-dev/squall/examples/kubernetes-lab/node"
)

const usage = `usage: lab COMMAND

  build             get what the lab needs: Kubernetes, Debian packages, images
  run CMD [ARG...]  run a command with KUBECONFIG, in a fresh cluster or in the one that is up
  shell             the same, with your shell
  story [FLAGS]     catch leaks before the OOM killer; lab story -h lists the flags
  up | down         start a cluster that stays; end it

Flags before the command:
`

func main() {
	// The node dies with the thread that started it.
	runtime.LockOSThread()
	code, err := dispatch(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// dispatch tells the commands of people from those by which the lab calls itself.
func dispatch(args []string) (exitCode int, err error) {
	if len(args) == 2 {
		switch args[0] {
		case commandInit:
			return node.Init([]string{commandNode, args[1]})
		case commandNode:
			return insideNode(args[1])
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	o, rest, err := parse(args)
	if err != nil {
		return 2, err
	}
	if len(rest) == 0 {
		return 2, errors.New("which command? lab -h lists them")
	}
	if rest[0] == "down" {
		return 0, o.down()
	}
	if err := node.Check(); err != nil {
		return 1, err
	}
	return o.perform(ctx, rest[0], rest[1:])
}

func (o options) perform(ctx context.Context, command string, args []string) (exitCode int, err error) {
	switch command {
	case "build":
		_, err := o.prepare(ctx)
		return 0, err
	case "up":
		return 0, o.up(ctx)
	case "shell":
		shell := os.Getenv("SHELL")
		if shell == "" {
			shell = "/bin/sh"
		}
		return o.run(ctx, []string{shell})
	case "run":
		if len(args) == 0 {
			return 2, errors.New("run what? lab run kubectl get nodes")
		}
		return o.run(ctx, args)
	case "story":
		return o.story(ctx, args)
	}
	return 2, fmt.Errorf("there is no command %q; lab -h lists them", command)
}

// options are the flags before the command.
type options struct {
	name       string
	dir        string
	repository string
}

func parse(args []string) (o options, rest []string, err error) {
	f := flag.NewFlagSet("lab", flag.ExitOnError)
	f.Usage = func() {
		fmt.Fprint(f.Output(), usage)
		f.PrintDefaults()
	}
	f.StringVar(&o.name, "name", "lab", "of the cluster that is up: several may be")
	f.StringVar(&o.dir, "dir", "/var/tmp/squall-lab", "where clusters write; on a disk, not in memory")
	f.StringVar(&o.repository, "repository", os.Getenv("SQUALL_REPOSITORY"), "root of the sources")
	if err := f.Parse(args); err != nil {
		return o, nil, err
	}
	if o.repository == "" {
		return o, nil, errors.New("where are the sources? Call examples/kubernetes-lab/lab, or give --repository")
	}
	return o, f.Args(), nil
}

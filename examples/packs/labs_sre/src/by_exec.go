package main

import (
	"errors"
	"fmt"

	squall "github.com/squall-dev/squall/sdk/go"
)

// Exit codes by which shells and container runtimes say that a program is not
// there, or is none.
const (
	notExecutable   = 126
	programNotFound = 127
)

// byExec runs a command in the Pod and keeps what it prints.
func (t target) byExec(command []string) way {
	return way{via: "exec", name: "exec " + command[0], try: func() (*squall.Artifact, error) {
		reply, err := squall.KubeExec(squall.KubeExecRequest{
			Namespace:      t.Namespace,
			Pod:            t.Pod,
			Container:      t.Container,
			Command:        command,
			StdoutArtifact: t.keep(),
			TimeoutSeconds: t.patience(),
		})
		if err != nil {
			return nil, err
		}
		if reply.ExitCode != 0 {
			return nil, t.exited(command[0], reply)
		}
		return kept(reply.Artifact)
	}}
}

// patience is how long to wait for a command; the caller's own may take all the
// time that the execution has.
func (t target) patience() float64 {
	if len(t.Command) > 0 {
		return 0
	}
	return guessSeconds + 1 // the program gives up first, and says why
}

// exited makes an error of an exit code. Another way is worth trying when the
// image lacks the program, or when the program was our guess.
func (t target) exited(program string, reply squall.KubeExecReply) error {
	missing := reply.ExitCode == notExecutable || reply.ExitCode == programNotFound
	switch {
	case missing:
		return fmt.Errorf("the container has no %s (exit code %d)", program, reply.ExitCode)
	case len(t.Command) > 0:
		return fmt.Errorf("%w %s", errCommand, saying(fmt.Sprintf("with exit code %d", reply.ExitCode), reply.Stderr))
	default:
		return errors.New(saying(fmt.Sprintf("exit code %d", reply.ExitCode), reply.Stderr))
	}
}

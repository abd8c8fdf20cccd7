package main

import (
	"errors"
	"fmt"
	"strconv"

	squall "github.com/squall-dev/squall/sdk/go"
)

// Exit codes by which shells and container runtimes say that a program is not
// there, or is none.
const (
	notExecutable   = 126
	programNotFound = 127
)

// fetchScript fetches $2 within $1 seconds with whichever program the image has. It
// is one command and not two, because each costs the time of a stream into the Pod.
// wget is not told the time: BusyBox linked statically with glibc, as Debian ships it,
// crashes on -T. The host call ends without it.
const fetchScript = `if command -v curl >/dev/null; then exec curl -sSf -m "$1" "$2"; fi; exec wget -q -O - "$2"`

// command is what to run in the Pod, and what people call it.
type command struct {
	name string
	argv []string
}

// command is the caller's, else our guess: that the image has a shell and curl or
// wget.
func (t target) command() command {
	if len(t.Command) > 0 {
		return command{t.Command[0], t.Command}
	}
	address := fmt.Sprintf("http://127.0.0.1:%d%s", t.Port, t.Path)
	return command{"curl or wget", []string{"sh", "-c", fetchScript, "sh", strconv.Itoa(guessSeconds), address}}
}

// byExec runs a command in the Pod and keeps what it prints.
func (t target) byExec() way {
	command := t.command()
	return way{via: "exec", name: "exec " + command.name, try: func() (*squall.Artifact, error) {
		reply, err := squall.KubeExec(squall.KubeExecRequest{
			Namespace:      t.Namespace,
			Pod:            t.Pod,
			Container:      t.Container,
			Command:        command.argv,
			StdoutArtifact: t.keep(),
			TimeoutSeconds: t.patience(),
		})
		if err != nil {
			return nil, err
		}
		if reply.ExitCode != 0 {
			return nil, t.exited(command.name, reply)
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

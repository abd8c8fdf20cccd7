// Package node makes a machine within the machine: namespaces and cgroups of its own,
// in which a kubelet finds nothing of the real one to disturb, and which end with the
// process that they were made for. Two nodes do not see each other.
package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// Address is the node's own address, ServiceAddress the one at which Pods expect the
// API server.
const (
	Name           = "lab-node"
	Address        = "10.77.0.1"
	ServiceAddress = "10.96.0.1"
)

// Check says what keeps this machine, a Linux, from being host to a node.
func Check() error {
	var problems []error
	if os.Geteuid() != 0 {
		problems = append(problems, errors.New("it needs root, for namespaces and cgroups: try sudo"))
	}
	for _, program := range []string{"ip", "nsenter", "apt-get", "dpkg", "go"} {
		if _, err := exec.LookPath(program); err != nil {
			problems = append(problems, fmt.Errorf("there is no program %s (of iproute2, util-linux, apt, dpkg, Go)", program))
		}
	}
	if _, err := os.Stat("/sys/fs/cgroup"); err != nil {
		problems = append(problems, errors.New("there are no cgroups at /sys/fs/cgroup"))
	}
	if len(problems) == 0 {
		problems = append(problems, checkNamespaces())
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("the lab can not run on this machine:\n%w", err)
	}
	return nil
}

func checkNamespaces() error {
	cmd := exec.Command("true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("it may not make namespaces: %w (in a container, it must be a privileged one)", err)
	}
	return nil
}

const namespaces = syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC

// Space is a place for one node.
type Space struct {
	Dir    string // everything the node writes is in here
	Cgroup string // name of its cgroup, in every hierarchy
	// Outlive lets the node go on after the process that started it.
	Outlive bool
	Out     io.Writer
}

// Command is a process of this program, with the arguments, that lives in namespaces
// of its own as their first process: when it ends, all that it started is killed. The
// caller must not let its thread end before (runtime.LockOSThread).
func (s Space) Command(ctx context.Context, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the lab's own program: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, args...) // ends it with SIGKILL, as a first process must be
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, s.Out, s.Out
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces}
	if s.Outlive {
		cmd.SysProcAttr.Setsid = true
	} else {
		cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	}
	return cmd, nil
}

// Init is what the first process of the namespaces does: it starts this program again
// with the arguments, waits for it, and buries whoever has lost his parents.
func Init(args []string) (exitCode int, err error) {
	if err := private(); err != nil {
		return 0, err
	}
	self, err := os.Executable()
	if err != nil {
		return 0, fmt.Errorf("find the lab's own program: %w", err)
	}
	child, err := os.StartProcess(self, append([]string{self}, args...), &os.ProcAttr{Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}})
	if err != nil {
		return 0, fmt.Errorf("start %s: %w", strings.Join(args, " "), err)
	}
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 0, fmt.Errorf("wait for %s: %w", args[0], err)
		case pid == child.Pid && status.Signaled():
			return 128 + int(status.Signal()), nil
		case pid == child.Pid && status.Exited():
			return status.ExitStatus(), nil
		}
	}
}

// private keeps mounts in here from being seen outside, and shows the processes of
// these namespaces in /proc.
func private() error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("set the mounts apart: %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	return nil
}

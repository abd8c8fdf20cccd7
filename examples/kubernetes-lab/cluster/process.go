package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// crew starts programs that are to run as long as the node does.
type crew struct {
	logs string // folder of their logs

	mu    sync.Mutex // guards below
	ended []string   // what ended although it should not have
	pids  map[string]int
}

// start runs a program beside us, its output into a log of its own. It gets a process
// group of its own too, so that a Ctrl-C in a shell of the lab does not reach it.
func (c *crew) start(name, program string, args ...string) error {
	log, err := os.Create(filepath.Join(c.logs, name+".log"))
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	defer log.Close() // the program has its own
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	c.mu.Lock()
	c.pids[name] = cmd.Process.Pid
	c.mu.Unlock()
	go func() { // ends with the node
		err := cmd.Wait()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.ended = append(c.ended, fmt.Sprintf("%s: %v", name, err))
	}()
	return nil
}

// signal sends a program of the crew a signal.
func (c *crew) signal(name string, s syscall.Signal) error {
	c.mu.Lock()
	pid, ok := c.pids[name]
	c.mu.Unlock()
	if !ok {
		return fmt.Errorf("send %s a signal: there is no such program", name)
	}
	if err := syscall.Kill(pid, s); err != nil {
		return fmt.Errorf("send %s a signal: %w", name, err)
	}
	return nil
}

// check is an error when something that should run does not.
func (c *crew) check() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.ended) == 0 {
		return nil
	}
	return fmt.Errorf("ended by itself: %s (see %s)", strings.Join(c.ended, ", "), c.logs)
}

// until asks again and again whether something has come about. It gives up after the
// limit, and at once when a program of the crew has ended.
func (c *crew) until(ctx context.Context, limit time.Duration, what string, done func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := done(ctx)
		if err == nil {
			return nil
		}
		if ended := c.check(); ended != nil {
			return fmt.Errorf("wait until %s: %w", what, ended)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w", what, errors.Join(context.Cause(ctx), err))
		case <-tick.C:
		}
	}
}

package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// crew starts programs that are to run as long as the node does.
type crew struct {
	logs string // folder of their logs

	mu      sync.Mutex // guards below
	ended   []string   // what ended although it should not have
	members map[string]*member
}

// member is a program of the crew.
type member struct {
	program   string
	args      []string
	pid       int
	dismissed bool          // it is to end
	gone      chan struct{} // closed when it has ended
}

// start runs a program beside us, its output into a log of its own, which goes on when
// it is started again. It gets a process group of its own too, so that a Ctrl-C in a
// shell of the lab does not reach it.
func (c *crew) start(name, program string, args ...string) error {
	log, err := os.OpenFile(filepath.Join(c.logs, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
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
	m := &member{program: program, args: args, pid: cmd.Process.Pid, gone: make(chan struct{})}
	c.mu.Lock()
	c.members[name] = m
	c.mu.Unlock()
	go func() { // ends with the node
		err := cmd.Wait()
		c.mu.Lock()
		defer c.mu.Unlock()
		close(m.gone)
		if !m.dismissed {
			c.ended = append(c.ended, fmt.Sprintf("%s: %v", name, err))
		}
	}()
	return nil
}

func (c *crew) member(name string) (*member, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m, ok := c.members[name]; ok {
		return m, nil
	}
	return nil, fmt.Errorf("there is no program %s", name)
}

// signal sends a program of the crew a signal.
func (c *crew) signal(name string, s syscall.Signal) error {
	m, err := c.member(name)
	if err != nil {
		return fmt.Errorf("send a signal: %w", err)
	}
	if err := syscall.Kill(m.pid, s); err != nil {
		return fmt.Errorf("send %s a signal: %w", name, err)
	}
	return nil
}

// kill ends a program as a crash would, and waits until it is gone.
func (c *crew) kill(name string) error {
	m, err := c.member(name)
	if err != nil {
		return fmt.Errorf("kill: %w", err)
	}
	c.mu.Lock()
	m.dismissed = true
	c.mu.Unlock()
	if err := syscall.Kill(m.pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill %s: %w", name, err)
	}
	<-m.gone
	return nil
}

// again starts a program that was killed, with the arguments that it had and more.
func (c *crew) again(name string, more ...string) error {
	m, err := c.member(name)
	if err != nil {
		return fmt.Errorf("start again: %w", err)
	}
	return c.start(name, m.program, append(slices.Clip(m.args), more...)...)
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
	var last error // that is not about the time which is up
	for {
		err := done(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		if ended := c.check(); ended != nil {
			return fmt.Errorf("wait until %s: %w", what, ended)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w", what, errors.Join(context.Cause(ctx), last))
		case <-tick.C:
		}
	}
}

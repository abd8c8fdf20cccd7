package torture

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/squall-dev/squall/runtime/client"
	"github.com/squall-dev/squall/runtime/daemon"
)

// server is a process of its own.
type server struct {
	cmd    *exec.Cmd
	url    string
	exited chan struct{} // closed when it is gone; then code is valid
	code   int
}

// startPatience is how long a server may take to come up.
const startPatience = time.Minute

// errEarly tells that a server ended before it was up.
var errEarly = errors.New("the server ended before it was up")

// start starts a server with a plan and waits until it answers. A server that dies
// as planned before it is up is returned together with errEarly.
func (b *bench) start(ctx context.Context, p plan) (*server, error) {
	p.Dir = b.dir
	text, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	s := &server{cmd: exec.Command(b.Command[0], b.Command[1:]...), exited: make(chan struct{})}
	s.cmd.Env = append(append(os.Environ(), b.Env...), PlanEnv+"="+string(text))
	s.cmd.Stderr = b.Logs
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a server: %w", err)
	}
	late := time.AfterFunc(startPatience, s.kill)
	line, readErr := bufio.NewReader(stdout).ReadBytes('\n')
	late.Stop()
	go func() { // ends with the process
		_ = s.cmd.Wait()
		s.code = s.cmd.ProcessState.ExitCode()
		close(s.exited)
	}()
	var started daemon.Started
	if readErr == nil {
		readErr = json.Unmarshal(line, &started)
	}
	if readErr != nil {
		s.kill()
		<-s.exited
		return s, fmt.Errorf("%w: exit code %d", errEarly, s.code)
	}
	s.url = started.URL
	context.AfterFunc(ctx, s.kill)
	return s, nil
}

// kill ends the process without a word.
func (s *server) kill() { _ = s.cmd.Process.Kill() }

// stop asks it to end, and waits.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop a server: %w", err)
	}
	late := time.AfterFunc(startPatience, s.kill)
	defer late.Stop()
	<-s.exited
	if s.code != 0 {
		return fmt.Errorf("a server that was asked to stop ended with exit code %d", s.code)
	}
	return nil
}

// client speaks to it with the token that lies in its data directory.
func (b *bench) client(url string) (*client.Client, error) {
	token, err := os.ReadFile(filepath.Join(b.dir, "data", "admin.token"))
	if err != nil {
		return nil, fmt.Errorf("read the admin token: %w", err)
	}
	return client.New(client.Options{BaseURL: url, Token: strings.TrimSpace(string(token))})
}

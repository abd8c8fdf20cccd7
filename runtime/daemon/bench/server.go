package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/squall-dev/squall/runtime/client"
)

// server is the program under test.
type server struct {
	cmd   *exec.Cmd
	url   string
	token string
	api   *client.Client
	ready time.Duration // from the start of the process
}

// withServer runs fn with a server of its own on a data directory.
func withServer(ctx context.Context, o options, dir, config string, fn func(*server) error) error {
	s, err := startServer(ctx, o, dir, config)
	if err != nil {
		return err
	}
	defer s.stop()
	return fn(s)
}

func startServer(ctx context.Context, o options, dir, config string) (*server, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "squall.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, o.binary, "server", "--config", file, "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"),
		"--packs", o.packs, "--log-format", "json")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", o.binary, err)
	}
	s := &server{cmd: cmd}
	lines := bufio.NewScanner(stderr)
	var last string
	for s.url == "" && lines.Scan() {
		var line struct{ Msg, URL string }
		if last = lines.Text(); json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "server ready" {
			s.url, s.ready = line.URL, time.Since(began)
		}
	}
	if s.url == "" {
		return nil, fmt.Errorf("the server did not become ready: %s", last)
	}
	go func() { // ends with the process
		for lines.Scan() {
		}
	}()
	token, err := os.ReadFile(filepath.Join(dir, "data", "admin.token"))
	if err != nil {
		return nil, err
	}
	s.token = strings.TrimSpace(string(token))
	s.api, err = client.New(client.Options{BaseURL: s.url, Token: s.token})
	return s, err
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
}

// resident is the process's memory in bytes, after it has come to rest.
func (s *server) resident() (float64, error) {
	time.Sleep(3 * time.Second)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, is := strings.CutPrefix(line, "VmRSS:"); is {
			kib, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			return kib * 1024, err
		}
	}
	return 0, errors.New("the process has no VmRSS")
}

// calm waits until the server has compiled its packs and has nothing to do.
func (s *server) calm() error {
	const look, most = 500 * time.Millisecond, 25 * time.Millisecond
	for range 120 {
		before, err := s.cpu()
		if err != nil {
			return err
		}
		time.Sleep(look)
		if after, err := s.cpu(); err != nil || after-before < most {
			return err
		}
	}
	return errors.New("the server did not come to rest within a minute")
}

// cpu is the CPU time that the process has used.
func (s *server) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const user, system, tick = 11, 12, 10 * time.Millisecond // as proc(5) counts, from the state on
	if len(fields) <= system {
		return 0, errors.New("the process has no times")
	}
	var ticks int64
	for _, field := range []string{fields[user], fields[system]} {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}

// watch opens readers of the live stream; stop closes them and returns how many
// messages they saw together.
func (s *server) watch(ctx context.Context, readers int) (stop func() int64, err error) {
	ctx, cancel := context.WithCancel(ctx)
	var seen atomic.Int64
	var open sync.WaitGroup
	c := newClient(readers)
	c.Timeout = 0
	stop = func() int64 {
		cancel()
		open.Wait()
		return seen.Load()
	}
	for range readers {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/v1/stream", nil)
		if err != nil {
			return stop, err
		}
		req.Header.Set("Authorization", "Bearer "+s.token)
		resp, err := c.Do(req)
		if err != nil {
			stop()
			return stop, err
		}
		if resp.StatusCode != http.StatusOK {
			stop()
			return stop, refusal(resp.StatusCode)
		}
		open.Go(func() {
			defer resp.Body.Close()
			buf := make([]byte, 64<<10)
			for {
				n, err := resp.Body.Read(buf)
				seen.Add(int64(bytes.Count(buf[:n], []byte("\nid: ")))) // a few at the seams are missed
				if err != nil {
					return
				}
			}
		})
	}
	return stop, nil
}

// firstInstructions asks when each execution's guest wrote its first log line,
// which is the first thing the action does.
func (s *server) firstInstructions(ctx context.Context, posted []post) ([]time.Duration, error) {
	if err := s.waitIdle(ctx); err != nil {
		return nil, err
	}
	var out []time.Duration
	for _, p := range posted {
		if p.execution == "" {
			return nil, errors.New("a webhook was not accepted in the latency test")
		}
		log, err := s.api.Log(ctx, p.execution, 1, 1)
		if err != nil {
			return nil, err
		}
		if len(log.Items) == 0 {
			return nil, fmt.Errorf("execution %s wrote no log", p.execution)
		}
		out = append(out, log.Items[0].At.Sub(p.scheduled))
	}
	return out, nil
}

func (s *server) waitIdle(ctx context.Context) error {
	for range 15_000 {
		l, err := s.api.Executions(ctx, client.ExecutionQuery{Page: client.Page{Limit: 1}})
		if err != nil {
			return err
		}
		if l.Counts["pending"]+l.Counts["running"] == 0 {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return errors.New("executions did not come to an end within five minutes")
}

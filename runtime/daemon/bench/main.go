// Command bench measures the whole path from outside: it starts the real server
// with fsync on, sends webhooks from this second process over loopback and prints
// one table, beside an HTTP handler that does nothing, for scale.
//
//	make bench
//
// Latency is open loop: requests leave at their scheduled time whether or not
// earlier ones were answered, and the schedule is the start of the measurement,
// so that a server that stalls cannot hide it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/squall-dev/squall/runtime/client"
)

// options of one run.
type options struct {
	binary, packs string
	rate          int           // events a second, for latency
	latencyFor    time.Duration // of the open loop
	throughFor    time.Duration // of the closed loop
	connections   int           // of the closed loop
}

func main() {
	var o options
	flag.StringVar(&o.binary, "binary", "bin/squall", "the server's binary")
	flag.StringVar(&o.packs, "packs", "examples/packs", "packs with the rule on the webhook hello")
	flag.IntVar(&o.rate, "rate", 200, "events a second in the latency test")
	flag.DurationVar(&o.latencyFor, "latency-for", 10*time.Second, "length of the latency test")
	flag.DurationVar(&o.throughFor, "throughput-for", 10*time.Second, "length of the throughput test")
	flag.IntVar(&o.connections, "connections", 128, "connections of the throughput test")
	flag.Parse()
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "squall-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := startServer(ctx, o, dir)
	if err != nil {
		return err
	}
	defer s.stop()
	url := s.url + "/api/v1/webhooks/hello"
	load(ctx, url, o.rate, 2*time.Second) // warm up: compile, fill pools

	posted := load(ctx, url, o.rate, o.latencyFor)
	started, err := s.firstInstructions(ctx, posted)
	if err != nil {
		return err
	}
	accepted := through(ctx, url, o.connections, o.throughFor)
	if err := s.waitIdle(ctx); err != nil {
		return err
	}
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	defer echo.Close()
	echoed := load(ctx, echo.URL, o.rate, o.latencyFor/2)
	echoes := through(ctx, echo.URL, o.connections, o.throughFor/2)

	fmt.Printf("%d CPUs, %s/%s, %s, fsync on, load from a second process over loopback\n\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	fmt.Printf("%-58s %10s %10s %10s\n", fmt.Sprintf("at %d events/s, open loop, %s", o.rate, o.latencyFor), "p50 ms", "p99 ms", "max ms")
	row("webhook sent -> 202 (event, verdicts, executions durable)", durations(posted))
	row("webhook sent -> action's first instruction (Go guest)", started)
	row("echo handler: request sent -> 202", durations(echoed))
	fmt.Printf("\n%-58s %10s\n", fmt.Sprintf("%d connections, closed loop, %s", o.connections, o.throughFor), "per second")
	fmt.Printf("%-58s %10.0f\n", "durable events with one execution each", accepted)
	fmt.Printf("%-58s %10.0f\n", "echo handler", echoes)
	fmt.Printf("%-58s %10.2f\n", "ratio", accepted/echoes)
	return nil
}

func row(name string, ds []time.Duration) {
	slices.Sort(ds)
	at := func(share float64) float64 { return float64(ds[int(share*float64(len(ds)-1))].Microseconds()) / 1000 }
	fmt.Printf("%-58s %10.2f %10.2f %10.2f\n", name, at(0.5), at(0.99), at(1))
}

// server is the program under test.
type server struct {
	cmd *exec.Cmd
	url string
	api *client.Client
}

func startServer(ctx context.Context, o options, dir string) (*server, error) {
	cmd := exec.CommandContext(ctx, o.binary, "server", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"),
		"--packs", o.packs, "--log-format", "json")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", o.binary, err)
	}
	s := &server{cmd: cmd}
	lines := bufio.NewScanner(stderr)
	for s.url == "" && lines.Scan() {
		var line struct{ Msg, URL string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "server ready" {
			s.url = line.URL
		}
	}
	if s.url == "" {
		return nil, errors.New("the server did not become ready")
	}
	go func() { // ends with the process
		for lines.Scan() {
		}
	}()
	token, err := os.ReadFile(filepath.Join(dir, "data", "admin.token"))
	if err != nil {
		return nil, err
	}
	s.api, err = client.New(client.Options{BaseURL: s.url, Token: string(token[:len(token)-1])})
	return s, err
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
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
	for range 600 {
		l, err := s.api.Executions(ctx, client.ExecutionQuery{Page: client.Page{Limit: 1}})
		if err != nil {
			return err
		}
		if l.Counts["pending"]+l.Counts["running"] == 0 {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("executions did not come to an end within a minute")
}
